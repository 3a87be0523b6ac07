"""Bring schemas and topics up to date: python -m migrations [schemas | down]; `down` takes the schemas away."""

import asyncio
import os
import sys

from migrations.schemas import downgrade, upgrade
from migrations.seed_positions import seed_positions
from migrations.topics import create_topics
from shared.watching.schema import WrongSchema


def main() -> None:
    """Reads AFTALE_POSTGRES, AFTALE_KAFKA and AFTALE_TOPIC_PREFIX."""
    if sys.argv[1:] == ["down"]:
        downgrade(os.environ["AFTALE_POSTGRES"])
        return
    postgres, prefix = os.environ["AFTALE_POSTGRES"], os.environ.get("AFTALE_TOPIC_PREFIX", "")
    try:
        upgrade(postgres)
    except WrongSchema as error:
        sys.exit(str(error))
    if sys.argv[1:] == ["schemas"]:
        return
    kafka = os.environ["AFTALE_KAFKA"]
    asyncio.run(create_topics(kafka, prefix=prefix))
    asyncio.run(seed_positions(postgres, kafka, prefix=prefix))


main()
