"""Put back a service or all of them from a backup: python -m deploy.local.restore FILE [SERVICE]."""

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
from deploy.local.backup import RECORDING, Place
from deploy.local.postgres_programs import Programs
from deploy.local.processes import Fault
from deploy.local.restore_report import Lost, Report, private_parts_lost, show
from migrations.revisions import CHAINS
from migrations.schemas import known_revisions, upgrade
from shared.eventstore.database import DATABASE_AWAY, open_database
from shared.eventstore.erasures import Erasure, Erasures
from shared.eventstore.events import EventTypes
from shared.messaging.recovery import Outcome
from shared.policy.policies import POLICY_FILES
from shared.private_folders import private_folder
from shared.service import EventSourced, Settings, recovery_of

REPLACED = "_replaced"
"""What the schema that was replaced is called until the restore has worked."""
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """A backup that may be put back here."""

    archive: Archive
    services: Sequence[str]
    programs: Programs


def restore(place: Place, file: Path, services: Sequence[str] | None = None) -> list[Report]:
    """Put services back, and let them take back from Kafka what they have recorded since. Raises Fault.

    Everything is checked before anything is changed. Each database is replaced in one transaction; the replaced one
    stays beside it until all of them have caught up with Kafka.
    """
    with archive.opened(file) as found:
        checked = _check(place, found, services)
        with tempfile.TemporaryDirectory(dir=place.state) as folder:
            _put_files(place, checked)
            for service in checked.services:
                _replace_database(place, checked, service, Path(folder))
    upgrade(place.postgres)
    return asyncio.run(_catch_up(place, checked.services))


def _check(place: Place, found: Archive, services: Sequence[str] | None) -> Checked:
    manifest = found.manifest
    wanted = list(services or manifest.services)
    if unknown := [service for service in wanted if service not in manifest.services]:
        raise Fault(f"The backup has no {', '.join(unknown)}; it has {', '.join(manifest.services)}.")
    for service in wanted:
        for chain, revision in manifest.services[service].revisions.items():
            if chain not in CHAINS[service] or revision not in known_revisions(chain):
                raise Fault(
                    f"The schema of {service} stands at {chain} {revision} in the backup, which this release does not "
                    "know: restore with the release that made it, or a newer one. Nothing was changed."
                )
    major = asyncio.run(_require_stopped(place, wanted))
    if manifest.postgres_major > major:
        raise Fault(
            f"The backup is of PostgreSQL {manifest.postgres_major}, and the server is {major}: restore into the same "
            "major version or a newer one. Nothing was changed."
        )
    _check_policies(place, found)
    found.check()
    newest = max(major, manifest.postgres_major)
    return Checked(found, wanted, Programs.fitting(place.postgres, newest, place.programs))


async def _require_stopped(place: Place, services: Sequence[str]) -> int:
    """Wherever a process of theirs runs, it has a connection. Returns the server's major version."""
    connection = await asyncpg.connect(place.postgres)
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
        raise Fault(f"{running} still runs: stop every process of it first (./aftale down). Nothing was changed.")
    return major


def _check_policies(place: Place, found: Archive) -> None:
    """A policy file that was in force is never changed: one that is missing here, or reads otherwise, is a mistake."""
    odd = []
    for name in found.under("policies"):
        file = place.policies / Path(name).name
        if not file.exists() or file.read_bytes() != found.open(name).read():
            odd.append(Path(name).name)
    if not odd or not any(place.policies.glob("*.toml")):
        return
    where = "that come with this release" if place.policies == POLICY_FILES else f"in {place.policies}"
    raise Fault(
        f"The policy files {where} are not those of the backup: {', '.join(odd)}. Facts were decided under these: take "
        f"them out of the archive (tar -xf FILE policies) and name their folder with AFTALE_POLICIES. "
        "Nothing was changed."
    )


def _put_files(place: Place, checked: Checked) -> None:
    """Attachments before the databases that name them. What lies there since stays: its facts may come back."""
    found = checked.archive
    for service in checked.services:
        for name in found.under(f"attachments/{service}"):
            _put(found, name, place.state / name)
        if (erasures := f"erasures/{service}.jsonl") in found.manifest.files:
            _add_erasures(Erasures.of_state(place.state, service), found.open(erasures).read())
    for name in found.under("secrets"):
        file = place.state / name
        # Those of all services together: where one alone is put back, the others go on with what they have.
        if not file.exists():
            _put(found, name, file)
        elif set(checked.services) == set(found.manifest.services) and file.read_bytes() != found.open(name).read():
            shutil.copy2(file, file.with_name(f"{file.name}{REPLACED}"))
            _put(found, name, file)
    for name in found.under("policies"):
        if not (place.policies / Path(name).name).exists():
            _put(found, name, place.policies / Path(name).name)


def _put(found: Archive, name: str, file: Path) -> None:
    """Whole or not at all."""
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
    """On a machine that has lost its own: none is ever taken away."""
    known = {(one.stream, one.about) for one in erasures.all()}
    found = []
    for line in lines.splitlines():
        with suppress(ValueError, KeyError, TypeError):  # one that was cut off
            found.append(Erasure.read(line))
    if missing := [one for one in found if (one.stream, one.about) not in known]:
        erasures.add(missing)


def _replace_database(place: Place, checked: Checked, service: str, folder: Path) -> None:
    """One transaction: the schema makes room, the copy takes its name, and the mark says that it is not yet checked."""
    dump = folder / f"{service}.dump"
    with checked.archive.open(f"databases/{service}.dump") as content, dump.open("wb") as target:
        shutil.copyfileobj(content, target, _PIECE)
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
        # Without the commit the end of the input rolls all of it back.
        into.stdin.write(f"\n{mark}\ncommit;\n".encode() if whole else b"\nrollback;\n")
    except BrokenPipeError:  # psql has met an error and ended; what it said follows
        pass
    finally:
        with suppress(BrokenPipeError):
            into.stdin.close()
        said = into.stderr.read().decode(errors="replace")
        into.wait()
    dump.unlink()
    if into.returncode or not whole:
        raise Fault(f"{service} was not restored; its database is as it was.\n{said}")


def _make_room(service: str) -> str:
    """The schema from before the first attempt is the one that is kept."""
    return f"""
        do $$ begin
          if to_regnamespace('{service}{REPLACED}') is not null then
            drop schema if exists {service} cascade;
          elsif to_regnamespace('{service}') is not null then
            alter schema {service} rename to {service}{REPLACED};
          end if;
        end $$;"""


def _write_out(programs: Programs, dump: Path, target: IO[bytes]) -> bool:
    """The dump as SQL; whether it could be read to its end."""
    command = [str(programs.folder / "pg_restore"), "--file=-", str(dump)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as out:
        assert out.stdout is not None
        shutil.copyfileobj(out.stdout, target, _PIECE)
    return out.returncode == 0


async def _catch_up(place: Place, services: Sequence[str]) -> list[Report]:
    """Every service erases again and takes back its own facts, before any of them starts and consumes."""
    reports = [await _caught_up(place, service) for service in services]
    if all(report.waits_for is None for report in reports):
        connection = await asyncpg.connect(place.postgres)
        try:
            for service in services:
                await connection.execute(f"drop schema if exists {service}{REPLACED} cascade")
        finally:
            await connection.close()
    return reports


async def _caught_up(place: Place, service: str) -> Report:
    if service not in RECORDING:
        return Report(service)
    kafka = replace(place.kafka, login=place.kafka_logins.get(service))
    put_together: EventSourced = import_module(f"services.{service}.service").SERVICE
    async with open_database(place.postgres, service, connections=2) as database:
        report = Report(service, erased=await Erasures.of_state(place.state, service).carry_out_again(database))
        try:
            outcome: Outcome = await recovery_of(put_together, kafka, database).run()
        except (KafkaError, *DATABASE_AWAY) as error:
            return replace(report, waits_for=repr(error))
        async with database.acquire() as connection:
            epoch = await connection.fetchval("select epoch from log")
        lost: list[Lost] = await private_parts_lost(database, EventTypes(put_together.facts), place.state)
        return replace(report, outcome=outcome, epoch=epoch, lost=lost)


def main() -> None:
    """The command behind `./aftale restore`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # the report says the rest
    file, services = Path(sys.argv[1]), sys.argv[2:] or None
    place = Place.of(Settings.from_environment())
    try:
        reports = restore(place, file, services)
    except Fault as fault:
        sys.exit(str(fault))
    except DATABASE_AWAY as error:
        sys.exit(f"PostgreSQL does not answer ({error!r}): ./aftale up --servers-only, then again.")
    for report in reports:
        show(report, place.state)


if __name__ == "__main__":
    main()
