"""The logins of the services and of the migrations, on a server whose administrator is known."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from migrations.logins import OWNER
from migrations.revisions import CHAINS
from shared.eventstore.logins import login_of, variable_of

MIGRATIONS = "AFTALE_POSTGRES_MIGRATIONS"
ADMINISTRATOR = "AFTALE_POSTGRES"
LOGIN_VARIABLES = (*map(variable_of, CHAINS), MIGRATIONS)
_ITERATIONS = 200_000


def login_urls(administrator: str, named: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """By variable of the environment: the URL of each login, as it is named or else made from the administrator's.

    A password that is made follows from the administrator's, which it does not betray: whoever knows that one may set
    all others anyway, and there is nothing to keep, to copy or to lose. Where the administrator needs no password,
    neither do they.
    """
    logins = (*map(login_of, CHAINS), OWNER)
    made = {variable: _url(administrator, login) for variable, login in zip(LOGIN_VARIABLES, logins, strict=True)}
    return made | {variable: url for variable, url in (named or {}).items() if url}


def _url(administrator: str, login: str) -> str:
    parts = urlsplit(administrator)
    address = parts.netloc.rpartition("@")[2]
    password = f":{quote(_password(unquote(parts.password), login))}" if parts.password else ""
    return urlunsplit(parts._replace(netloc=f"{login}{password}@{address}"))


def _password(of_administrator: str, login: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(_key(of_administrator), login.encode(), "sha256")).decode().rstrip("=")


@cache
def _key(of_administrator: str) -> bytes:
    """Slow on purpose: an administrator's password that is short must not be guessed from a service's."""
    return hashlib.pbkdf2_hmac("sha256", of_administrator.encode(), b"logins of aftale", _ITERATIONS)
