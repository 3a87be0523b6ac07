"""Run any subset of the services in one process: python -m services.serve SERVICE..."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Protocol, cast

import uvicorn
from fastapi import FastAPI

from migrations.marks import shipped
from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.errors import WrongLogin
from shared.eventstore.logins import POWERFUL_LOGIN, require_own_login
from shared.garbage_collector import collect_rarely
from shared.http.connection_limits import limited_protocol
from shared.http.other_services import DEFAULT_PORTS
from shared.http.path_router import PathRouter
from shared.http.request_limits import InputLimits
from shared.policy.errors import PolicyError
from shared.policy.policies import load_policies
from shared.private_folders import close_folders
from shared.service import Settings
from shared.telemetry import setup
from shared.telemetry.http import instrument
from shared.telemetry.logs import configure_logs
from shared.watching.errors import WrongSchema
from shared.watching.schema import require_schema


class ServiceModule(Protocol):
    """The interface of services/<name>/service.py."""

    PREFIXES: Sequence[str]
    """Prefixes of the paths that the service answers."""

    def app(self, settings: Settings) -> FastAPI:
        """Builds the HTTP application of the service. Raises ValueError for settings with which it cannot run."""


def service_module(name: str) -> ServiceModule:
    """Imports a service only if it is to run, so that a process does not load the others."""
    return cast(ServiceModule, import_module(f"services.{name}.service"))


async def _require_schemas(settings: Settings) -> None:
    for name, revisions in settings.shipped.items():
        if os.environ.get(POWERFUL_LOGIN) != "allowed":
            await require_own_login(settings.postgres_of(name), name)
        await require_schema(settings.postgres_of(name), name, revisions)


def main() -> None:
    """Runs the named services in one process, at one address: on the port of the first one."""
    parser = argparse.ArgumentParser(prog="aftale serve")
    parser.add_argument("services", nargs="+", choices=sorted(DEFAULT_PORTS), metavar="SERVICE")
    names: list[str] = list(dict.fromkeys(parser.parse_args().services))
    try:
        settings = Settings.from_environment()
        for name in names:
            settings.kafka_of(name)
    except ValueError as wrong:
        sys.exit(str(wrong))
    try:
        load_policies(settings.policies)  # before anything is started that would have to be stopped again
    except PolicyError as error:
        sys.exit(f"The policies in {settings.policies} cannot be used. {error}")
    settings = replace(settings, shipped={name: shipped(name) for name in names})
    try:
        asyncio.run(_require_schemas(settings))
    except (WrongLogin, WrongSchema) as error:
        sys.exit(str(error))
    except DATABASE_AWAY as error:
        sys.exit(
            f"PostgreSQL does not answer ({type(error).__name__}), and {', '.join(names)} cannot start without it."
        )
    close_folders(settings.state)
    configure_logs()
    tracing = setup.start("-".join(names), settings.state / "spans", sample_ratio=settings.traces)
    modules = {name: service_module(name) for name in names}
    try:
        apps = {name: module.app(settings) for name, module in modules.items()}
    except ValueError as wrong:
        sys.exit(str(wrong))
    for name, app in apps.items():
        instrument(app, service=name)
    collect_rarely()
    port = int(os.environ.get(f"AFTALE_PORT_{names[0].upper()}", DEFAULT_PORTS[names[0]]))
    host = os.environ.get("AFTALE_HOST", "127.0.0.1")
    one = PathRouter(
        {name: (modules[name].PREFIXES, app) for name, app in apps.items()},
        at_end=tracing.shutdown,
    )
    protocol = limited_protocol(InputLimits(partial(load_policies, settings.policies), settings.clock).in_force())
    uvicorn.run(one, host=host, port=port, loop="uvloop", http=protocol, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
