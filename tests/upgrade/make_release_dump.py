"""Keep what the present release stores, as the starting point of the tests of later upgrades.

    python -m tests.upgrade.make_release_dump release-2026-11 COMMIT

Starts PostgreSQL, Kafka and the four services of this folder's code in a temporary folder, plays the courses of the
demo to their middle on a virtual clock, and beside them a case into every standing of standings.py. Stops all, and
writes dump, manifest and what of the state folder is needed to go on to tests/upgrade/<name>. Takes about two minutes.
Fails, and writes nothing, where a case does not stand where it should, or a phase of a decider has no stream.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from deploy.demo.courses import at
from deploy.local.servers import Servers, local_servers
from migrations.schemas import upgrade
from tests.integration.system.running_system import running_system
from tests.upgrade.kept_release import FOLDER, KeptRelease
from tests.upgrade.manifest import KeptCase, Manifest
from tests.upgrade.mid_course import BEGINS, CLOCK, Played, play_to_mid_course
from tests.upgrade.plain_dump import plain_dump
from tests.upgrade.standings import STANDINGS, SUBJECTS, phase_classes
from tests.upgrade.streams import Streams, armed_timers, by_phase, fold_streams, kind_of, parked_messages

_ROLES = "select rolname from pg_roles where starts_with(rolname, 'aftale_') order by rolname"


class NotAsItShouldStand(Exception):
    """Tests that rest on such a dump would miss something."""


def make(release: KeptRelease, commit: str) -> Manifest:
    """Play, check and keep. Raises NotAsItShouldStand."""
    with TemporaryDirectory(prefix="aftale release ") as temporary:
        state = Path(temporary) / "state"
        state.mkdir()
        with local_servers(Path(temporary) / "servers") as servers:
            upgrade(servers.postgres_dsn)
            manifest = asyncio.run(_play(servers, state, commit))
            release.keep(plain_dump(servers.postgres_dsn), state, manifest)
    return manifest


async def _play(servers: Servers, state: Path, commit: str) -> Manifest:
    begins = at(BEGINS - timedelta(days=1))
    async with running_system(servers.postgres_dsn, servers.kafka_bootstrap, state, begins=begins) as system:
        played = await play_to_mid_course(system)
    connection = await asyncpg.connect(servers.postgres_dsn)
    try:
        return await _manifest(connection, played, commit)
    finally:
        await connection.close()


async def _manifest(connection: "asyncpg.Connection[asyncpg.Record]", played: Played, commit: str) -> Manifest:
    streams = await fold_streams(connection)
    kept = list(_cases(streams, played))
    _require_every_phase(streams)
    return Manifest(
        release=commit,
        made_on=datetime.now(UTC).date(),
        clock=CLOCK.astimezone(UTC),
        roles=tuple(row["rolname"] for row in await connection.fetch(_ROLES)),
        streams_by_phase=by_phase(streams),
        timers=dict(sorted(Counter(kind_of(timer) for timer in await armed_timers(connection)).items())),
        cases=tuple(kept),
        texts=tuple(text for case in played.cases.values() for text in case.texts),
        attachments=tuple(file for case in played.cases.values() for file in case.attachments),
        parked=tuple(await parked_messages(connection)),
        command=played.command,
        open_inspection=played.open_inspection,
    )


def _cases(streams: Streams, played: Played) -> Iterator[KeptCase]:
    missing = {standing.name for standing in STANDINGS} ^ set(played.cases)
    if missing:
        raise NotAsItShouldStand(f"standings without a course, or courses without a standing: {sorted(missing)}")
    for standing in STANDINGS:
        case = played.cases[standing.name]
        kept = KeptCase(
            standing=standing.name,
            subject=standing.subject.name,
            phase=standing.phase.__name__,
            agreement_id=case.id,
            stream=case.id,
            cvr=case.cvr,
            units=case.units,
            inspector=case.inspector_name,
        )
        kept = kept.model_copy(update={"stream": standing.stream(kept)})
        state = streams[standing.subject.name].get(kept.stream)
        if not standing.holds(state):
            raise NotAsItShouldStand(f"the case of {standing.name!r} stands in {state}")
        yield kept


def _require_every_phase(streams: Streams) -> None:
    for subject in SUBJECTS:
        wanted = {phase.__name__ for phase in phase_classes(subject)}
        missing = wanted - set(by_phase(streams)[subject.name])
        if missing:
            raise NotAsItShouldStand(f"no stream of {subject.name} stands in {', '.join(sorted(missing))}")


def main() -> None:
    """Says what was kept, and how large it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade.make_release_dump")
    parser.add_argument("name", help="of the folder under tests/upgrade, for example release-2026-11")
    parser.add_argument("commit", help="of the release whose data this is")
    asked = parser.parse_args()
    release = KeptRelease(FOLDER / asked.name)
    try:
        manifest = make(release, asked.commit)
    except NotAsItShouldStand as wrong:
        sys.exit(f"Nothing was kept: {wrong}.")
    size = sum(file.stat().st_size for file in release.folder.rglob("*") if file.is_file())
    print(f"{len(manifest.cases)} cases in {release.folder.name}, {size / 1024:.0f} KB:")
    for subject, phases in manifest.streams_by_phase.items():
        print(f"  {subject:<11} {', '.join(f'{phase} {streams}' for phase, streams in phases.items())}")


if __name__ == "__main__":
    main()
