"""Migrates logins, schemas and topics: python -m migrations [logins | schemas | down].

`logins` only creates logins and empty schemas, as an administrator; `schemas` leaves out the topics; `down` drops the
schemas with their data.
"""

import asyncio
import os
import sys

from migrations.kafka_rights import make_topics
from migrations.logins import make_logins_and_schemas, set_passwords
from migrations.schemas import downgrade, upgrade
from migrations.seed_positions import seed_positions
from shared.eventstore.logins import SERVICES, variable_of
from shared.messaging.kafka_login import OPERATOR, logins
from shared.watching.errors import WrongSchema


def main() -> None:
    """Migrates. Reads AFTALE_POSTGRES (an administrator's URL), AFTALE_POSTGRES_<LOGIN>, AFTALE_KAFKA and others.

    AFTALE_TOPIC_PREFIX, AFTALE_KAFKA_CA and AFTALE_KAFKA_PASSWORD_OPERATOR are read, too. Without an administrator the
    migrations run under their own login; then `logins` must have run before.
    """
    urls = [url for name in (*SERVICES, "migrations") if (url := os.environ.get(variable_of(name)))]
    administrator, prefix = os.environ.get("AFTALE_POSTGRES"), os.environ.get("AFTALE_TOPIC_PREFIX", "")
    postgres = administrator or os.environ[variable_of("migrations")]
    if sys.argv[1:] == ["down"]:
        downgrade(postgres)
        return
    try:
        if administrator:
            asyncio.run(make_logins_and_schemas(administrator))
            asyncio.run(set_passwords(administrator, urls))
        if sys.argv[1:] == ["logins"]:
            return
        old = upgrade(postgres)
    except WrongSchema as error:
        sys.exit(str(error))
    for service in old:
        print(
            f"A process of {service} from the previous release is still connected and keeps running. Until it has "
            f"stopped and you have run the migrations again, {service} can still update and delete recorded facts."
        )
    if sys.argv[1:] == ["schemas"]:
        return
    kafka = os.environ["AFTALE_KAFKA"]
    operator = logins(os.environ).get(OPERATOR)
    asyncio.run(make_topics(kafka, prefix=prefix, operator=operator))
    asyncio.run(seed_positions(postgres, kafka, prefix=prefix, login=operator))


main()
