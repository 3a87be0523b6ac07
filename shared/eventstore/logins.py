"""The names of PostgreSQL's logins, and the check of its login with which a service starts."""

from collections.abc import Mapping

import asyncpg

from shared.eventstore.database import connect
from shared.eventstore.errors import WrongLogin

SERVICES = ("offers", "guidance", "control", "notices", "reporting")
POWERFUL_LOGIN = "AFTALE_POWERFUL_LOGIN"
"""`allowed` lets a service start under a login that may do more than its work, for this release only."""
_TOO_MUCH = """
select case
  when r.rolsuper then 'a superuser'
  when r.rolcreaterole then 'a login that may make others'
  when exists (select from pg_namespace n where n.nspname = any($1) and pg_has_role(session_user, n.nspowner, 'member'))
    then 'the owner of a schema'
  when exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = any($1) and pg_has_role(session_user, c.relowner, 'member')) then 'the owner of tables'
  when exists (select from unnest($1) other(name) where other.name <> $2 and to_regnamespace(other.name) is not null
               and has_schema_privilege(session_user, other.name, 'usage')) then 'a login that reaches other schemas'
end from pg_roles r where r.rolname = session_user
"""


def login_of(schema: str) -> str:
    """Returns the login of the service that owns the schema; migrations, operators and analysts have other logins."""
    return f"aftale_{schema}"


def variable_of(service: str) -> str:
    """Returns the environment variable that holds the URL under which a service logs in."""
    return f"AFTALE_POSTGRES_{service.upper()}"


def urls_of_services(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the URL under which each service logs in, for services of which the environment names one."""
    named = {service: environment.get(variable_of(service)) for service in SERVICES}
    return {service: url for service, url in named.items() if url}


async def require_own_login(dsn: str, service: str) -> None:
    """Checks before a service starts that its login can do nothing outside its schema.

    Raises WrongLogin, or a DATABASE_AWAY.
    """
    if not dsn:
        raise WrongLogin(f"{variable_of(service)} is not set: it names PostgreSQL with the login of {service}.")
    try:
        connection = await connect(dsn, service)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError) as refused:
        raise WrongLogin(f"{variable_of(service)} does not open the schema of {service}: {refused}.") from None
    try:
        login = await connection.fetchval("select session_user")
        too_much = await connection.fetchval(_TOO_MUCH, list(SERVICES), service)
    finally:
        await connection.close(timeout=1)
    if too_much is not None:
        raise WrongLogin(
            f"{service} logs in as {login}, {too_much}, and could change what happened (R30): name its own login "
            f"{login_of(service)} in {variable_of(service)}; {POWERFUL_LOGIN}=allowed lets it start all the same, "
            "in this release only."
        )
