"""Bring schemas and topics up to date (or, with `down`, back to nothing): python -m migrations [down]."""

import asyncio
import os
import sys

from migrations.schemas import downgrade, upgrade
from migrations.topics import create_topics


def main() -> None:
    """Reads AFTALE_POSTGRES, AFTALE_KAFKA and AFTALE_TOPIC_PREFIX."""
    if sys.argv[1:] == ["down"]:
        downgrade(os.environ["AFTALE_POSTGRES"])
        return
    upgrade(os.environ["AFTALE_POSTGRES"])
    asyncio.run(create_topics(os.environ["AFTALE_KAFKA"], prefix=os.environ.get("AFTALE_TOPIC_PREFIX", "")))


main()
