"""Bring schemas and topics up to date (or, with `down`, back to nothing): python -m migrations [down]."""

import asyncio
import os
import sys

from migrations.schemas import downgrade, upgrade
from migrations.seed_positions import seed_positions
from migrations.topics import create_topics


def main() -> None:
    """Reads AFTALE_POSTGRES, AFTALE_KAFKA and AFTALE_TOPIC_PREFIX."""
    if sys.argv[1:] == ["down"]:
        downgrade(os.environ["AFTALE_POSTGRES"])
        return
    postgres, kafka = os.environ["AFTALE_POSTGRES"], os.environ["AFTALE_KAFKA"]
    prefix = os.environ.get("AFTALE_TOPIC_PREFIX", "")
    upgrade(postgres)
    asyncio.run(create_topics(kafka, prefix=prefix))
    asyncio.run(seed_positions(postgres, kafka, prefix=prefix))


main()
