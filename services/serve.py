"""Run any subset of the services in one process: python -m services.serve SERVICE..."""

import argparse
import os
from collections.abc import Mapping

import structlog
import uvicorn
from fastapi import FastAPI

from services.control.service import SERVICE as CONTROL
from services.guidance.service import SERVICE as GUIDANCE
from services.offers.service import SERVICE as OFFERS
from services.reporting.service import PREFIXES as REPORTING_PREFIXES
from services.reporting.service import make_reporting_app
from shared.http.one_address import OneAddress
from shared.service import EventSourced, Settings, make_app
from shared.telemetry import setup
from shared.telemetry.http import instrument

DEFAULT_PORTS = {"offers": 8101, "guidance": 8102, "control": 8103, "reporting": 8104}
_EVENT_SOURCED: Mapping[str, EventSourced] = {service.name: service for service in (OFFERS, GUIDANCE, CONTROL)}


def app_of(name: str, settings: Settings) -> FastAPI:
    """The application of a service."""
    return make_reporting_app(settings) if name == "reporting" else make_app(_EVENT_SOURCED[name], settings)


def prefixes_of(name: str) -> tuple[str, ...]:
    """The paths that a service answers."""
    return tuple(REPORTING_PREFIXES if name == "reporting" else _EVENT_SOURCED[name].prefixes)


def main() -> None:
    """One process, one address: the port of the first service that is named."""
    parser = argparse.ArgumentParser(prog="aftale serve")
    parser.add_argument("services", nargs="+", choices=sorted(DEFAULT_PORTS), metavar="SERVICE")
    names: list[str] = list(dict.fromkeys(parser.parse_args().services))
    settings = Settings.from_environment()
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ]
    )
    tracing = setup.start("-".join(names), settings.state / "spans")
    apps = {name: app_of(name, settings) for name in names}
    for name, app in apps.items():
        instrument(app, service=name)
    port = int(os.environ.get(f"AFTALE_PORT_{names[0].upper()}", DEFAULT_PORTS[names[0]]))
    one = OneAddress({name: (prefixes_of(name), app) for name, app in apps.items()})
    try:
        uvicorn.run(
            one, host="127.0.0.1", port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False
        )
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
