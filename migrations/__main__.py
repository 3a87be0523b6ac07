"""Bring logins, schemas and topics up to date: python -m migrations [logins | schemas | down].

`logins` only prepares them for the login of the migrations; `schemas` leaves the topics alone; `down` takes the schemas
away.
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
    """Reads AFTALE_POSTGRES (an administrator's URL), AFTALE_POSTGRES_<LOGIN>, AFTALE_KAFKA, AFTALE_TOPIC_PREFIX and
    AFTALE_KAFKA_CA with AFTALE_KAFKA_PASSWORD_OPERATOR.

    Without an administrator the migrations run under their own login, on what `logins` has prepared.
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
            f"A process of {service} of the release before is connected, and goes on: until it has ended, and this has "
            f"run again, {service} may still change what it has recorded."
        )
    if sys.argv[1:] == ["schemas"]:
        return
    kafka = os.environ["AFTALE_KAFKA"]
    operator = logins(os.environ).get(OPERATOR)
    asyncio.run(make_topics(kafka, prefix=prefix, operator=operator))
    asyncio.run(seed_positions(postgres, kafka, prefix=prefix, login=operator))


main()
