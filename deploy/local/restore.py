"""Restores one service or all of them from a backup: python -m deploy.local.restore FILE [SERVICE]."""

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import IO

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from deploy.local import archive
from deploy.local.archive import Archive
from deploy.local.backup import RECORDING, BackupTarget
from deploy.local.postgres_programs import Programs
from deploy.local.processes import UserError
from deploy.local.restore_report import Lost, Report, private_parts_lost, show
from migrations.revisions import CHAINS
from migrations.schemas import known_revisions, upgrade
from shared.eventstore.database import DATABASE_AWAY, open_database
from shared.eventstore.events import EventTypes
from shared.eventstore.personal_data_erasure import Erasure, Erasures
from shared.messaging.recovery_from_kafka import Outcome
from shared.policy.policies import POLICY_FILES
from shared.private_folders import private_folder
from shared.service import EventSourced, Settings, recovery_of

REPLACED = "_replaced"
"""The suffix of the replaced schema, which is kept until the restore has succeeded."""
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """A backup that passed all checks and can be restored here."""

    archive: Archive
    services: Sequence[str]
    programs: Programs


def restore(target: BackupTarget, file: Path, services: Sequence[str] | None = None) -> list[Report]:
    """Restores services, and reads back from Kafka the facts that they recorded after the backup. Raises UserError.

    Everything is checked before anything is changed. Each database is replaced in one transaction; the replaced schema
    is kept until all services have caught up with Kafka.
    """
    with archive.open_archive(file) as found:
        checked = _check(target, found, services)
        with tempfile.TemporaryDirectory(dir=target.state) as folder:
            _put_files(target, checked)
            for service in checked.services:
                _replace_database(target, checked, service, Path(folder))
    upgrade(target.postgres)
    return asyncio.run(_catch_up(target, checked.services))


def _check(target: BackupTarget, found: Archive, services: Sequence[str] | None) -> Checked:
    manifest = found.manifest
    wanted = list(services or manifest.services)
    if unknown := [service for service in wanted if service not in manifest.services]:
        raise UserError(f"The backup has no {', '.join(unknown)}; it has {', '.join(manifest.services)}.")
    for service in wanted:
        for chain, revision in manifest.services[service].revisions.items():
            if chain not in CHAINS[service] or revision not in known_revisions(chain):
                raise UserError(
                    f"The schema of {service} is at {chain} {revision} in the backup, which this release does not "
                    "know: restore with the release that made it, or a newer one. Nothing was changed."
                )
    major = asyncio.run(_require_stopped(target, wanted))
    if manifest.postgres_major > major:
        raise UserError(
            f"The backup is of PostgreSQL {manifest.postgres_major}, and the server is {major}: restore into the same "
            "major version or a newer one. Nothing was changed."
        )
    _check_policies(target, found)
    found.check()
    newest = max(major, manifest.postgres_major)
    return Checked(found, wanted, Programs.fitting(target.postgres, newest, target.programs))


async def _require_stopped(target: BackupTarget, services: Sequence[str]) -> int:
    """Raises UserError if a process of a service is connected, on any machine; returns the server's major version."""
    connection = await asyncpg.connect(target.postgres)
    try:
        rows = await connection.fetch(
            """select distinct service from unnest($1::text[]) as asked(service)
               join pg_stat_activity a on a.datname = current_database() and split_part(a.application_name, '/', 1)
                in ('aftale-' || service, 'aftale-' || service || '-relay')""",
            services,
        )
        major: int = await connection.fetchval("select current_setting('server_version_num')::int / 10000")
    finally:
        await connection.close()
    if rows:
        running = ", ".join(sorted(row["service"] for row in rows))
        raise UserError(f"{running} still runs: stop every process of it first (./aftale down). Nothing was changed.")
    return major


def _check_policies(target: BackupTarget, found: Archive) -> None:
    """Raises UserError if a policy file of the backup is missing here or differs: files in force never change."""
    odd = []
    for name in found.under("policies"):
        file = target.policies / Path(name).name
        if not file.exists() or file.read_bytes() != found.open(name).read():
            odd.append(Path(name).name)
    if not odd or not any(target.policies.glob("*.toml")):
        return
    where = "that come with this release" if target.policies == POLICY_FILES else f"in {target.policies}"
    raise UserError(
        f"The policy files {where} are not those of the backup: {', '.join(odd)}. Facts were decided under those: "
        "extract them from the archive (tar -xf FILE policies) and name their folder with AFTALE_POLICIES. "
        "Nothing was changed."
    )


def _put_files(target: BackupTarget, checked: Checked) -> None:
    """Copies attachments before the databases that name them. Newer files stay: their facts may come back."""
    found = checked.archive
    for service in checked.services:
        for name in found.under(f"attachments/{service}"):
            _put(found, name, target.state / name)
        if (erasures := f"erasures/{service}.jsonl") in found.manifest.files:
            _add_erasures(Erasures.of_state(target.state, service), found.open(erasures).read())
    for name in found.under("secrets"):
        file = target.state / name
        # Secrets belong to all services: if only one is restored, the others keep the present ones.
        if not file.exists():
            _put(found, name, file)
        elif set(checked.services) == set(found.manifest.services) and file.read_bytes() != found.open(name).read():
            shutil.copy2(file, file.with_name(f"{file.name}{REPLACED}"))
            _put(found, name, file)
    for name in found.under("policies"):
        if not (target.policies / Path(name).name).exists():
            _put(found, name, target.policies / Path(name).name)


def _put(found: Archive, name: str, file: Path) -> None:
    """Writes a file completely or not at all."""
    private_folder(file.parent)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as unfinished:
        try:
            with found.open(name) as content:
                shutil.copyfileobj(content, unfinished, _PIECE)
            unfinished.flush()
            os.fsync(unfinished.fileno())
            Path(unfinished.name).replace(file)
        finally:
            Path(unfinished.name).unlink(missing_ok=True)


def _add_erasures(erasures: Erasures, lines: bytes) -> None:
    """Adds the erasures of the backup that this machine does not have; none is removed."""
    known = {(one.stream, one.about) for one in erasures.all()}
    found = []
    for line in lines.splitlines():
        with suppress(ValueError, KeyError, TypeError):  # an incomplete line
            found.append(Erasure.read(line))
    if missing := [one for one in found if (one.stream, one.about) not in known]:
        erasures.add(missing)


def _replace_database(target: BackupTarget, checked: Checked, service: str, folder: Path) -> None:
    """In one transaction, renames the schema, restores the copy under its name, and marks it as not yet checked."""
    dump = folder / f"{service}.dump"
    with checked.archive.open(f"databases/{service}.dump") as content, dump.open("wb") as copy:
        shutil.copyfileobj(content, copy, _PIECE)
    programs = checked.programs
    made_at = checked.archive.manifest.made_at.isoformat()
    mark = f"insert into {service}.restores (backup_made_at) values ('{made_at}');" if service in RECORDING else ""
    into = subprocess.Popen(
        programs.command("psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1"),
        env=programs.environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert into.stdin is not None
    assert into.stderr is not None
    whole = False
    try:
        into.stdin.write(f"begin;\n{_make_room(service)}\n".encode())
        whole = _write_out(programs, dump, into.stdin)
        # Without the commit, the end of the input rolls everything back.
        into.stdin.write(f"\n{mark}\ncommit;\n".encode() if whole else b"\nrollback;\n")
    except BrokenPipeError:  # psql has ended with an error, which is read below
        pass
    finally:
        with suppress(BrokenPipeError):
            into.stdin.close()
        said = into.stderr.read().decode(errors="replace")
        into.wait()
    dump.unlink()
    if into.returncode or not whole:
        raise UserError(f"{service} was not restored; its database is as it was.\n{said}")


def _make_room(service: str) -> str:
    """Returns SQL that frees the schema's name.

    It renames the schema to `<service>_replaced`, or drops it if an earlier attempt has already renamed one.
    """
    return f"""
        do $$ begin
          if to_regnamespace('{service}{REPLACED}') is not null then
            drop schema if exists {service} cascade;
          elsif to_regnamespace('{service}') is not null then
            alter schema {service} rename to {service}{REPLACED};
          end if;
        end $$;"""


def _write_out(programs: Programs, dump: Path, target: IO[bytes]) -> bool:
    """Writes the dump as SQL; returns whether pg_restore could read it to its end."""
    command = [str(programs.folder / "pg_restore"), "--file=-", str(dump)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as out:
        assert out.stdout is not None
        shutil.copyfileobj(out.stdout, target, _PIECE)
    return out.returncode == 0


async def _catch_up(target: BackupTarget, services: Sequence[str]) -> list[Report]:
    """Makes every service repeat its erasures and read back its own facts, before any of them can start.

    Drops the replaced schemas if all of them succeeded.
    """
    reports = [await _caught_up(target, service) for service in services]
    if all(report.waits_for is None for report in reports):
        connection = await asyncpg.connect(target.postgres)
        try:
            for service in services:
                await connection.execute(f"drop schema if exists {service}{REPLACED} cascade")
        finally:
            await connection.close()
    return reports


async def _caught_up(target: BackupTarget, service: str) -> Report:
    if service not in RECORDING:
        return Report(service)
    kafka = replace(target.kafka, login=target.kafka_logins.get(service))
    put_together: EventSourced = import_module(f"services.{service}.service").SERVICE
    async with open_database(target.postgres, service, connections=2) as database:
        report = Report(service, erased=await Erasures.of_state(target.state, service).carry_out_again(database))
        try:
            outcome: Outcome = await recovery_of(put_together, kafka, database).run()
        except (KafkaError, *DATABASE_AWAY) as error:
            return replace(report, waits_for=repr(error))
        async with database.acquire() as connection:
            epoch = await connection.fetchval("select epoch from log")
        lost: list[Lost] = await private_parts_lost(database, EventTypes(put_together.facts), target.state)
        return replace(report, outcome=outcome, epoch=epoch, lost=lost)


def main() -> None:
    """Runs the command `./aftale restore`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # the report has the rest
    file, services = Path(sys.argv[1]), sys.argv[2:] or None
    target = BackupTarget.from_settings(Settings.from_environment())
    try:
        reports = restore(target, file, services)
    except UserError as fault:
        sys.exit(str(fault))
    except DATABASE_AWAY as error:
        sys.exit(f"PostgreSQL does not answer ({error!r}): ./aftale up --servers-only, then again.")
    for report in reports:
        show(report, target.state)


if __name__ == "__main__":
    main()
