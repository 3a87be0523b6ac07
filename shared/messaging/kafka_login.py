"""Who a process is to Kafka: a login and a password (SASL), over connections that nobody else can read (TLS)."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

CERTIFICATES = "AFTALE_KAFKA_CA"
"""Environment variable with the path of the certificate (PEM) that signed those of the brokers.

If it is set, Kafka is reached by SASL and TLS only.
"""
MECHANISM = "AFTALE_KAFKA_SASL"
_MECHANISMS: Mapping[str, type[SASLPlaintext] | type[SASLScram256] | type[SASLScram512]] = {
    "SCRAM-SHA-512": SASLScram512,
    "SCRAM-SHA-256": SASLScram256,
    "PLAIN": SASLPlaintext,
}
"""How the password is shown to the broker; the first is used where none is named."""
OPERATOR = "operator"
LOGINS = ("offers", "guidance", "control", "notices", "reporting", "order-system", "business-register", OPERATOR)
"""Who has a login: the services, the sources of orders and of the register, migrations and operators' commands."""


@dataclass(frozen=True)
class KafkaLogin:
    """A login and its password, and how connections that use it are secured."""

    name: str
    password: str = field(repr=False)
    certificates: Path
    """Path of the certificate (PEM) that signed those of the brokers."""
    mechanism: str = next(iter(_MECHANISMS))

    def client(self) -> dict[str, Any]:
        """Returns the login and TLS settings that every aiokafka client takes as keyword arguments."""
        return {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.name,
            "sasl_plain_password": self.password,
            "ssl_context": _trusting(self.certificates),
        }

    def security(self) -> BaseSecurity:
        """Returns the login and TLS settings in the form that FastStream takes."""
        made = _MECHANISMS[self.mechanism]
        return made(self.name, self.password, use_ssl=True, ssl_context=_trusting(self.certificates))


def login_of(who: str) -> str:
    """Returns the name under which Kafka knows a service or another system; Kafka grants rights to that name."""
    return f"aftale_{who.replace('-', '_')}"


def variable_of(who: str) -> str:
    """Returns the name of the environment variable that holds the password of a service or another system."""
    return f"AFTALE_KAFKA_PASSWORD_{who.replace('-', '_').upper()}"


def logins(environment: Mapping[str, str]) -> dict[str, KafkaLogin]:
    """Returns the logins whose passwords are in the environment; none if Kafka takes connections without a login.

    Raises ValueError if the mechanism is unknown or the file with the certificate does not exist.
    """
    certificates = environment.get(CERTIFICATES)
    if not certificates:
        return {}
    mechanism = environment.get(MECHANISM) or KafkaLogin.mechanism
    if mechanism not in _MECHANISMS:
        raise ValueError(f"{MECHANISM} is one of {', '.join(_MECHANISMS)}, not {mechanism}")
    if not Path(certificates).is_file():
        raise ValueError(f"{CERTIFICATES} names {certificates}, and there is no such file")
    passwords = {who: environment.get(variable_of(who)) for who in LOGINS}
    return {
        who: KafkaLogin(login_of(who), password, Path(certificates), mechanism)
        for who, password in passwords.items()
        if password
    }


@cache
def _trusting(certificates: Path) -> ssl.SSLContext:
    """Trusts nobody but who signed the brokers' certificates, and compares the names in them."""
    return ssl.create_default_context(cafile=str(certificates))
