"""The settings for pushing to the company portal, and the secrets with which that is signed."""

import os
import ssl
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.http.secret_files import keep_first

_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})
_LOCAL = "local"
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
"""What the scheme allows."""
_MOST_SECRETS = 2
_LARGEST_PORT = 65_535
_URL = "AFTALE_PORTAL_URL"
_FILE = "AFTALE_PORTAL_SECRET_FILE"


@dataclass(frozen=True)
class PortalSettings:
    """Where entries are pushed to, and how that is signed."""

    url: str = field(repr=False)
    """Its query may hold a secret of the portal's."""
    secrets: Sequence[str] = field(repr=False)
    """One secret; two while one is replaced, and then every push bears two signatures."""
    lets_in: frozenset[str] = frozenset()
    """Addresses that are taken although they are not public."""
    authority: Path | None = None
    """A file with the certificate to trust (PEM), instead of those that the machine trusts."""
    connect_seconds: float = 10.0
    answer_seconds: float = 20.0
    whole_seconds: float = 45.0
    """How long one push may last in all. These are times of the socket, never of the virtual clock."""

    @classmethod
    def from_environment(cls, state: Path, environment: Mapping[str, str] = os.environ) -> "PortalSettings | None":
        """Reads AFTALE_PORTAL_URL, _SECRET_FILE and _CA. Without a file the secret is kept in the state folder.

        Returns None if AFTALE_PORTAL_URL is not set: then nothing is pushed, and the feed can be read. Raises
        ValueError, which names the variable and the remedy.
        """
        url = environment.get(_URL)
        if not url:
            return None
        host = _host_of(url, environment.get("AFTALE_MODE"))
        file, authority = environment.get(_FILE), environment.get("AFTALE_PORTAL_CA")
        if authority and not Path(authority).is_file():
            raise ValueError(f"AFTALE_PORTAL_CA is {authority}, which is no file: it holds the certificate to trust")
        return cls(
            url=url,
            secrets=secrets_in(Path(file)) if file else secrets_of_state(state),
            lets_in=_THIS_MACHINE & {host} if environment.get("AFTALE_MODE") == _LOCAL else frozenset(),
            authority=Path(authority) if authority else None,
        )

    def trusted(self) -> ssl.SSLContext:
        """Returns what certificates of the portal are checked with: names and chains always are."""
        return ssl.create_default_context(cafile=None if self.authority is None else str(self.authority))


def secrets_in(file: Path) -> Sequence[str]:
    """Reads a file with one secret, or two while one is replaced, each on its own line. Raises ValueError."""
    try:
        found = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{_FILE} is {file}, which cannot be read ({type(error).__name__})") from error
    return _checked(found, f"{_FILE}: {file}")


def secrets_of_state(state: Path) -> Sequence[str]:
    """Returns the secrets of a state folder, the newest first; the first is made when needed. Raises ValueError.

    To replace the secret, rename the file `portal-webhook-secret` to `portal-webhook-secret-before`: the next start
    makes another, and signs with both until that file is removed.
    """
    file, before = state / "secrets" / "portal-webhook-secret", state / "secrets" / "portal-webhook-secret-before"
    if not file.exists():
        keep_first(file, f"{_PREFIX}{b64encode(AESGCM.generate_key(256)).decode()}\n".encode())
    files = [file, *([before] if before.exists() else [])]
    return _checked([one.read_text(encoding="utf-8").strip() for one in files], f"the folder {file.parent}")


def _checked(found: Sequence[str], where: str) -> Sequence[str]:
    """Raises ValueError that tells no secret."""
    if not 1 <= len(found) <= _MOST_SECRETS:
        raise ValueError(f"{where} holds {len(found)} secrets; it holds one, or two while one is replaced")
    for secret in found:
        if not secret.startswith(_PREFIX):
            raise ValueError(f"{where} holds a secret that does not begin with {_PREFIX}")
        try:
            size = len(b64decode(secret.removeprefix(_PREFIX), validate=True))
        except NotBase64 as error:
            raise ValueError(f"{where} holds a secret that is not base64 behind {_PREFIX}") from error
        if size not in _SECRET_BYTES:
            raise ValueError(f"{where} holds a secret of {size} bytes; it has from 24 to 64, in base64")
    return found


def _host_of(url: str, mode: str | None) -> str:
    """Returns the host of an address that may be called. Raises ValueError that does not repeat the address."""
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"{_URL} is no address; it is as https://portal.example/notices") from error
    if read.userinfo or read.fragment or not read.host:
        raise ValueError(f"{_URL} is as https://portal.example/notices, with a host and without user, password and #")
    if read.port is not None and not 1 <= read.port <= _LARGEST_PORT:
        raise ValueError(f"{_URL} has a port that is not from 1 to {_LARGEST_PORT}")
    if read.scheme == "http" and mode == _LOCAL and read.host in _THIS_MACHINE:
        return read.host
    if read.scheme != "https":
        raise ValueError(f"{_URL} begins with https://: plain http is taken to 127.0.0.1 or [::1] in mode local only")
    return read.host
