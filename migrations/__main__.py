"""Bring schemas and topics up to date: python -m migrations [schemas | down]; `down` takes the schemas away."""

import asyncio
import os
import sys

from migrations.schemas import downgrade, upgrade
from migrations.topics import create_topics
from shared.watching.schema import WrongSchema


def main() -> None:
    """Reads AFTALE_POSTGRES, AFTALE_KAFKA and AFTALE_TOPIC_PREFIX."""
    if sys.argv[1:] == ["down"]:
        downgrade(os.environ["AFTALE_POSTGRES"])
        return
    try:
        upgrade(os.environ["AFTALE_POSTGRES"])
    except WrongSchema as error:
        sys.exit(str(error))
    if sys.argv[1:] == ["schemas"]:
        return
    asyncio.run(create_topics(os.environ["AFTALE_KAFKA"], prefix=os.environ.get("AFTALE_TOPIC_PREFIX", "")))


main()
