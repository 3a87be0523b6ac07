"""Copies one service or all of them into a file: python -m deploy.local.backup FILE [SERVICE]."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

import asyncpg

from deploy.local import archive
from deploy.local.archive import ArchiveWriter, Manifest, ServiceStand
from deploy.local.postgres import LocalPostgres
from deploy.local.postgres_programs import Programs
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.settings import SERVICES
from deploy.local.state import State
from migrations.schemas import revisions
from shared.eventstore.database import DATABASE_AWAY
from shared.messaging.bus import Kafka
from shared.messaging.kafka_login import KafkaLogin
from shared.service import Settings

RECORDING = ("offers", "guidance", "control", "notices")
"""The services that record facts of their own."""
NOT_COPIED = ("postgres-password",)
"""Secrets that belong to one server and are of no use to another."""
_HASH_LENGTH = 64


@dataclass(frozen=True)
class BackupTarget:
    """The system that is backed up, or to which a backup is restored."""

    postgres: str
    kafka: Kafka
    state: Path
    policies: Path
    programs: Path
    """The folder with pg_dump, pg_restore and psql."""
    kafka_logins: Mapping[str, KafkaLogin] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Returns the system to which these settings of the services point."""
        programs = LocalPostgres(State(settings.state)).programs()
        return cls(
            settings.postgres, settings.kafka, settings.state, settings.policies, programs, settings.kafka_logins
        )


@dataclass(frozen=True)
class _Instant:
    """A snapshot of all databases. It is valid while the transaction that exported it is open."""

    snapshot: str
    at: datetime
    major: int
    services: dict[str, ServiceStand]


def backup(target: BackupTarget, file: Path, services: Sequence[str] = SERVICES) -> Manifest:
    """Copies databases, attachments, erasures, secrets and policies while the services run. Raises UserError."""
    return asyncio.run(_backup(target, file, services))


async def _backup(target: BackupTarget, file: Path, services: Sequence[str]) -> Manifest:
    async with _instant(target, services) as instant:
        programs = Programs.fitting(target.postgres, instant.major, target.programs)
        with archive.write_archive(file) as writer, tempfile.TemporaryDirectory(dir=file.parent) as folder:
            for service in services:
                await asyncio.to_thread(_add_database, writer, programs, service, instant.snapshot, Path(folder))
            # Files are copied after the databases. A file is stored before the fact that names it is recorded, under
            # a key that is in the database by then, and no file is ever removed. So every file that the copied
            # database names is still there now. In the other order, a file stored between the two copies would be
            # missing. Newer files are copied, too: they are needed once their facts have come back.
            for service in services:
                _add_files(target, writer, service)
            _add_settings(target, writer)
            manifest = Manifest(
                format=archive.FORMAT,
                made_at=instant.at,
                postgres_major=instant.major,
                services=instant.services,
                files=writer.files,
            )
            writer.finish(manifest)
    return manifest


@asynccontextmanager
async def _instant(target: BackupTarget, services: Sequence[str]) -> AsyncIterator[_Instant]:
    connection = await asyncpg.connect(target.postgres)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("set local idle_in_transaction_session_timeout = 0")
            yield _Instant(
                snapshot=await connection.fetchval("select pg_export_snapshot()"),
                at=await connection.fetchval("select now()"),
                major=await connection.fetchval("select current_setting('server_version_num')::int / 10000"),
                services={service: await _stand(connection, service) for service in services},
            )
    finally:
        await connection.close()


async def _stand(connection: "asyncpg.Connection[asyncpg.Record]", service: str) -> ServiceStand:
    try:
        stand = ServiceStand(revisions=await revisions(connection, service))
    except asyncpg.UndefinedTableError as error:
        raise UserError(f"{service} has no database here: there is nothing to back up.") from error
    if service not in RECORDING:
        return stand
    row = await connection.fetchrow(
        f"""select (select epoch from {service}.log) as epoch, (select checkpoint from {service}.relay) as checkpoint,
                   coalesce((select max(position) from {service}.events), 0) as position"""
    )
    assert row is not None
    found = {"epoch": row["epoch"], "position": row["position"], "relay_checkpoint": row["checkpoint"]}
    return stand.model_copy(update=found)


def _add_database(writer: ArchiveWriter, programs: Programs, service: str, snapshot: str, folder: Path) -> None:
    file = folder / f"{service}.dump"
    command = programs.command(
        "pg_dump", "--format=custom", f"--schema={service}", f"--snapshot={snapshot}", f"--file={file}"
    )
    made = subprocess.run(command, env=programs.environment(), capture_output=True, text=True, check=False)
    if made.returncode:
        raise UserError(f"pg_dump could not copy {service}:\n{made.stderr}")
    _add(writer, f"databases/{service}.dump", file)
    file.unlink()


def _add_files(target: BackupTarget, writer: ArchiveWriter, service: str) -> None:
    folder = target.state / "attachments" / service
    for file in sorted(folder.glob("*/*")):
        if len(file.name) == _HASH_LENGTH:  # others are still being written
            _add(writer, f"attachments/{service}/{file.parent.name}/{file.name}", file)
    erasures = target.state / "erasures" / f"{service}.jsonl"
    if erasures.exists():
        _add(writer, f"erasures/{erasures.name}", erasures)


def _add_settings(target: BackupTarget, writer: ArchiveWriter) -> None:
    for file in sorted((target.state / "secrets").glob("*")):
        if file.is_file() and file.name not in NOT_COPIED:
            _add(writer, f"secrets/{file.name}", file)
    for file in sorted(target.policies.glob("*.toml")):
        _add(writer, f"policies/{file.name}", file)


def _add(writer: ArchiveWriter, name: str, file: Path) -> None:
    with file.open("rb") as source:
        writer.add(name, source)


def main() -> None:
    """Runs the command `./aftale backup`."""
    file, services = Path(sys.argv[1]), sys.argv[2:] or SERVICES
    try:
        manifest = backup(BackupTarget.from_settings(Settings.from_environment()), file, services)
    except UserError as fault:
        sys.exit(str(fault))
    except DATABASE_AWAY as error:
        sys.exit(f"PostgreSQL does not answer ({error}); no backup was made.")
    for service, stand in manifest.services.items():
        stands = "" if stand.position is None else f"position {stand.position}, epoch {stand.epoch}, "
        schema = ", ".join(f"{chain} {revision}" for chain, revision in stand.revisions.items())
        files = sum(name.startswith(f"attachments/{service}/") for name in manifest.files)
        print(f"  {service:<10} {stands}schema {schema}, {quantity(files, 'attachment')}")
    print(f"As of {manifest.made_at.astimezone():%Y-%m-%d %H:%M:%S %Z}: {file}, {file.stat().st_size / 1e6:,.1f} MB")
    print(
        "It holds keys and secrets: keep it where only operators can read it, and on another disk than state/erasures."
    )


if __name__ == "__main__":
    main()
