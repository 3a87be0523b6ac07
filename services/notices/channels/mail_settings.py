"""The settings for sending e-mail, and the keys of the names that stand in it."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formataddr
from pathlib import Path
from typing import Literal, cast, get_args

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from email_validator import EmailNotValidError, validate_email

from shared.http.secret_files import keep_first

Tls = Literal["starttls", "implicit", "none"]
_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})
_USUAL_PORTS: Mapping[Tls, int] = {"starttls": 587, "implicit": 465, "none": 25}
_LOCAL = "local"


@dataclass(frozen=True)
class MailSettings:
    """Which server takes our mail over, and in whose name."""

    host: str
    port: int
    sender: str
    """The header From, as `Arbejdstilsynet <svar@example.dk>`."""
    reply_to: str
    """Where somebody reads what people answer. It receives no reports."""
    return_domain: str
    """The mail domain of return addresses: reports about undelivered messages go there, and nothing else."""
    tls: Tls = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: Path | None = None
    """A file with the certificate to trust (PEM), instead of those that the machine trusts."""
    connect_seconds: float = 10.0
    answer_seconds: float = 60.0
    """How long the server may take for one answer. These are times of the socket, never of the virtual clock."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "MailSettings | None":
        """Reads AFTALE_MAIL_HOST, _PORT, _TLS, _USER, _PASSWORD, _CA, _FROM, _REPLY_TO and _RETURN_DOMAIN.

        Returns None if AFTALE_MAIL_HOST is not set: then no e-mail is sent. Raises ValueError, which names the variable
        and the remedy, for settings that would send in clear text, in nobody's name, or without a way back.
        """
        if not environment.get("AFTALE_MAIL_HOST"):
            return None
        host = environment["AFTALE_MAIL_HOST"]
        tls = _tls(environment.get("AFTALE_MAIL_TLS") or "starttls", host, environment.get("AFTALE_MODE"))
        sender = _address(environment, "AFTALE_MAIL_FROM", None)
        authority = environment.get("AFTALE_MAIL_CA")
        return cls(
            host=host,
            port=port_in(environment, "AFTALE_MAIL_PORT") or _USUAL_PORTS[tls],
            sender=sender,
            reply_to=_address(environment, "AFTALE_MAIL_REPLY_TO", sender),
            return_domain=_domain(environment),
            tls=tls,
            user=environment.get("AFTALE_MAIL_USER") or None,
            password=environment.get("AFTALE_MAIL_PASSWORD") or None,
            authority=Path(authority) if authority else None,
        )

    def trusted(self) -> ssl.SSLContext:
        """Returns what certificates of the server are checked with: names and chains always are."""
        return ssl.create_default_context(cafile=None if self.authority is None else str(self.authority))


def return_keys(state: Path) -> tuple[bytes, ...]:
    """R4: returns the keys of return addresses of a state folder, the newest first; the first is made when needed.

    To replace the key, rename the file `return-address-key` to `return-address-key-before`: the next start makes
    another, and reports about messages that were sent with the former one still count until that file is removed.
    """
    file, before = state / "secrets" / "return-address-key", state / "secrets" / "return-address-key-before"
    if not file.exists():
        keep_first(file, AESGCM.generate_key(256))
    return (file.read_bytes(), *([before.read_bytes()] if before.exists() else []))


def message_key(state: Path) -> bytes:
    """R29: returns the key of Message-IDs of a state folder, made when needed. It never changes: ids would, too."""
    file = state / "secrets" / "message-id-key"
    if not file.exists():
        keep_first(file, AESGCM.generate_key(256))
    return file.read_bytes()


def as_header(header: str) -> str:
    """Returns a name and address such as `Arbejdstilsynet, Øst <svar@example.dk>` encoded. Raises ValueError."""
    before, _, after = header.rpartition("<")  # names with commas stand without quotes in settings
    name, address = before.strip(' "'), after.strip(" >")
    try:
        valid = validate_email(address, check_deliverability=False).ascii_email
    except EmailNotValidError as error:
        raise ValueError(f"{header} is not an e-mail address: {error}") from error
    if valid is None:
        raise ValueError(f"{header} needs another server than most: the part before @ may only have ASCII letters")
    return formataddr((name, valid))


def _tls(asked: str, host: str, mode: str | None) -> Tls:
    if asked not in get_args(Tls):
        raise ValueError(f"AFTALE_MAIL_TLS is {asked}; it is one of {', '.join(get_args(Tls))}")
    if asked == "none" and not (mode == _LOCAL and host in _THIS_MACHINE):
        raise ValueError(
            "AFTALE_MAIL_TLS=none sends names and addresses in clear text: it is taken to 127.0.0.1 in mode local "
            "only; set starttls or implicit"
        )
    return cast("Tls", asked)


def _address(environment: Mapping[str, str], variable: str, otherwise: str | None) -> str:
    told = environment.get(variable) or otherwise
    if not told:
        raise ValueError(f"{variable} is not set: it says in whose name e-mail is sent, as Name <address@example.dk>")
    try:
        as_header(told)
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from error
    return told


def _domain(environment: Mapping[str, str]) -> str:
    domain = environment.get("AFTALE_MAIL_RETURN_DOMAIN", "").lower()
    try:
        validate_email(f"retur@{domain}", check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(
            f"AFTALE_MAIL_RETURN_DOMAIN is {domain or 'not set'}: it is a mail domain of its own, for reports about "
            "messages that were not delivered"
        ) from error
    return domain


def port_in(environment: Mapping[str, str], variable: str) -> int | None:
    """Returns the port that a variable names, None if it names none. Raises ValueError."""
    told = environment.get(variable)
    if not told:
        return None
    if not (told.isascii() and told.isdigit() and 1 <= int(told) <= 65535):
        raise ValueError(f"{variable} is {told}; it is a port, from 1 to 65535")
    return int(told)
