"""What the user may set in the environment for a run on one machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.logins import ADMINISTRATOR, LOGIN_VARIABLES, login_urls
from deploy.local.state import State, project_state
from shared.eventstore.logins import variable_of
from shared.messaging import kafka_login

Port = Annotated[int, Field(ge=1, le=65535)]
EVENT_SOURCED = ("offers", "guidance", "control")
"""The services with a truth of their own: deciders, timers, private parts. The one view follows from theirs."""
SERVICES = (*EVENT_SOURCED, "reporting")
ROLES = ("inspector", "supporter", "company", "portal", "operator")
"""Those of shared/http/tokens.py, which a command must not load to tell its help; a test compares."""


class Settings(BaseSettings):
    """The variables AFTALE_...; what is not set is local, on the default ports."""

    model_config = SettingsConfigDict(env_prefix="AFTALE_", env_ignore_empty=True, frozen=True)

    postgres: str | None = None
    """A libpq URL of an administrator: that server is used, and no local one is started."""
    postgres_offers: str | None = None
    postgres_guidance: str | None = None
    postgres_control: str | None = None
    postgres_reporting: str | None = None
    postgres_migrations: str | None = None
    """Libpq URLs of the logins of services and migrations; what is not set follows from the administrator's."""
    kafka: str | None = None
    """host:port of a Kafka: that one is used, and no local one is started."""
    postgres_port: Port | None = None
    kafka_port: Port | None = None
    kafka_controller_port: Port | None = None
    clock: Literal["real", "virtual"] = "real"
    policies: Path | None = None
    """A folder of dated policy files, instead of those that come with the project."""
    people: Path | None = None
    """A file of inspectors, instead of the one that comes with the project."""
    traces: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The share of the traces that is kept."""
    chance_seed: str | None = None
    """Each run with this seed draws the same, for demos; whoever knows it can compute every draw."""
    port_offers: Port = 8101
    port_guidance: Port = 8102
    port_control: Port = 8103
    port_reporting: Port = 8104

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
        """The HTTP port of a service."""
        port: int = getattr(self, f"port_{service}")
        return port

    def environment(self, postgres: str, kafka: str) -> dict[str, str]:
        """What operators' commands read their place in the world from: with every login."""
        named = {variable: getattr(self, variable.removeprefix("AFTALE_").lower()) for variable in LOGIN_VARIABLES}
        return {
            ADMINISTRATOR: postgres,
            **login_urls(postgres, named),
            "AFTALE_KAFKA": kafka,
            "AFTALE_STATE": str(self.state.folder),
            "AFTALE_CLOCK": self.clock,
            "AFTALE_TRACES": str(self.traces),
            "AFTALE_MODE": "local",
            **({"AFTALE_CHANCE_SEED": self.chance_seed} if self.chance_seed else {}),
            **({"AFTALE_POLICIES": str(self.policies.absolute())} if self.policies else {}),
            **({"AFTALE_PEOPLE": str(self.people.absolute())} if self.people else {}),
            **{f"AFTALE_PORT_{service.upper()}": str(self.port(service)) for service in SERVICES},
        }

    def environment_of(self, services: Sequence[str], postgres: str, kafka: str) -> dict[str, str]:
        """The same for a process of services: with their own logins, and empty where others would stand."""
        own = {variable_of(service) for service in services}
        hidden = {variable: "" for variable in (ADMINISTRATOR, *LOGIN_VARIABLES) if variable not in own}
        hidden |= {kafka_login.variable_of(who): "" for who in kafka_login.LOGINS if who not in services}
        return self.environment(postgres, kafka) | hidden


def clock_file(folder: Path) -> Path:
    """Where the virtual clock of a state folder stands."""
    return folder / "clock"
