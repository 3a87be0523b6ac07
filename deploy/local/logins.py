"""Derives the logins of the services and of the migrations from the URL of a server's administrator."""

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
    """Returns the URL of each login by environment variable: the given one, else one derived from the administrator's.

    A derived password follows from the administrator's and does not reveal it. The administrator can set all passwords
    anyway, and nothing has to be kept, copied or lost. If the administrator needs no password, the logins need none.
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
    """Derives a key slowly on purpose, so that an administrator's short password cannot be guessed from a service's."""
    return hashlib.pbkdf2_hmac("sha256", of_administrator.encode(), b"logins of aftale", _ITERATIONS)
