"""What the user may set in the environment for a run on one machine."""

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.state import State, project_state

SERVICES = ("offers", "guidance", "control", "reporting")


class Settings(BaseSettings):
    """The variables AFTALE_...; what is not set is local, on the default ports."""

    model_config = SettingsConfigDict(env_prefix="AFTALE_", env_ignore_empty=True, frozen=True)

    postgres: str | None = None
    """A libpq URL: that server is used, and no local one is started."""
    kafka: str | None = None
    """host:port of a Kafka: that one is used, and no local one is started."""
    postgres_port: int | None = None
    kafka_port: int | None = None
    kafka_controller_port: int | None = None
    clock: Literal["real", "virtual"] = "real"
    port_offers: int = 8101
    port_guidance: int = 8102
    port_control: int = 8103
    port_reporting: int = 8104

    @property
    def state(self) -> State:
        return project_state()

    def port(self, service: str) -> int:
        """The HTTP port of a service."""
        port: int = getattr(self, f"port_{service}")
        return port

    def environment(self, postgres: str, kafka: str) -> dict[str, str]:
        """What every process of the project reads its place in the world from."""
        return {
            "AFTALE_POSTGRES": postgres,
            "AFTALE_KAFKA": kafka,
            "AFTALE_STATE": str(self.state.folder),
            "AFTALE_CLOCK": self.clock,
            **{f"AFTALE_PORT_{service.upper()}": str(self.port(service)) for service in SERVICES},
        }


def clock_file(folder: Path) -> Path:
    """Where the virtual clock of a state folder stands."""
    return folder / "clock"
