"""The settings that the user can make in the environment for a run on one machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.logins import ADMINISTRATOR, LOGIN_VARIABLES, login_urls
from deploy.local.ports import HOST
from deploy.local.state import State, project_state
from shared.eventstore.logins import variable_of
from shared.messaging import kafka_login

Port = Annotated[int, Field(ge=1, le=65535)]
COUNTS_DEADLINES = ("offers", "guidance", "control")
"""R27: the services with deadlines that hang on the calendar."""
EVENT_SOURCED = (*COUNTS_DEADLINES, "notices")
"""The services that record their own facts, with deciders, timers and private parts. Reporting only derives."""
SERVICES = (*EVENT_SOURCED, "reporting")
ROLES = ("inspector", "supporter", "company", "portal", "operator", "leader", "personnel_register", "notices")
"""The roles of shared/http/tokens.py, copied so that --help need not load that module; a test compares them."""


class Settings(BaseSettings):
    """The variables AFTALE_...; a server that is not set is local, on its default port."""

    model_config = SettingsConfigDict(env_prefix="AFTALE_", env_ignore_empty=True, frozen=True)

    postgres: str | None = None
    """A libpq URL of an administrator. If it is set, no local PostgreSQL is started."""
    postgres_offers: str | None = None
    postgres_guidance: str | None = None
    postgres_control: str | None = None
    postgres_notices: str | None = None
    postgres_reporting: str | None = None
    postgres_migrations: str | None = None
    """The libpq URLs of the logins of services and migrations; by default derived from the administrator's."""
    kafka: str | None = None
    """The `host:port` of a Kafka. If it is set, no local one is started."""
    postgres_port: Port | None = None
    kafka_port: Port | None = None
    kafka_controller_port: Port | None = None
    clock: Literal["real", "virtual"] = "real"
    policies: Path | None = None
    """A folder of dated policy files that replaces those of the project."""
    people: Path | None = None
    """A file of inspectors that replaces the project's."""
    traces: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The share of traces that is kept, from 0 to 1."""
    chance_seed: str | None = None
    """A seed that makes draws repeatable, for demos. Whoever knows it can compute every draw."""
    port_offers: Port = 8101
    port_guidance: Port = 8102
    port_control: Port = 8103
    port_reporting: Port = 8104
    port_notices: Port = 8105
    mail_host: str | None = None
    """The host of a mail server. If it is set, no local one is started."""
    mail_port: Port = 8125
    """The port of the local mail server."""

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        ports = [self.port(name) for name in SERVICES]
        if len(set(ports)) < len(ports):
            raise ValueError(f"two services would share a port: {dict(zip(SERVICES, ports, strict=True))}")
        return self

    @property
    def state(self) -> State:
        return project_state()

    def port(self, service: str) -> int:
        """Returns the HTTP port of a service."""
        port: int = getattr(self, f"port_{service}")
        return port

    def environment(self, postgres: str, kafka: str) -> dict[str, str]:
        """Returns the environment of operators' commands: addresses, settings and every login."""
        named = {variable: getattr(self, variable.removeprefix("AFTALE_").lower()) for variable in LOGIN_VARIABLES}
        return {
            ADMINISTRATOR: postgres,
            **login_urls(postgres, named),
            "AFTALE_KAFKA": kafka,
            "AFTALE_STATE": str(self.state.folder),
            "AFTALE_CLOCK": self.clock,
            "AFTALE_TRACES": str(self.traces),
            "AFTALE_MODE": "local",
            **({} if self.mail_host else local_mail(self.mail_port)),
            **({"AFTALE_CHANCE_SEED": self.chance_seed} if self.chance_seed else {}),
            **({"AFTALE_POLICIES": str(self.policies.absolute())} if self.policies else {}),
            **({"AFTALE_PEOPLE": str(self.people.absolute())} if self.people else {}),
            **{f"AFTALE_PORT_{service.upper()}": str(self.port(service)) for service in SERVICES},
        }

    def environment_of(self, services: Sequence[str], postgres: str, kafka: str) -> dict[str, str]:
        """Returns the environment of a process of services: as `environment`, but the logins of others are empty."""
        own = {variable_of(service) for service in services}
        hidden = {variable: "" for variable in (ADMINISTRATOR, *LOGIN_VARIABLES) if variable not in own}
        hidden |= {kafka_login.variable_of(who): "" for who in kafka_login.LOGINS if who not in services}
        return self.environment(postgres, kafka) | hidden


def clock_file(folder: Path) -> Path:
    """Returns the file of the virtual clock in a state folder."""
    return folder / "clock"


def local_mail(port: int) -> Mapping[str, str]:
    """Returns the variables with which notices sends to the server."""
    return {
        "AFTALE_MAIL_HOST": HOST,
        "AFTALE_MAIL_PORT": str(port),
        "AFTALE_MAIL_TLS": "none",
        "AFTALE_MAIL_FROM": "Arbejdstilsynet <svar@tilsyn.example>",
        "AFTALE_MAIL_RETURN_DOMAIN": "retur.tilsyn.example",
    }
