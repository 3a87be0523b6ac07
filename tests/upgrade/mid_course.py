"""Plays what a kept release stores: the demo to its middle, and beside it a case into every standing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg

from deploy.demo import courses as demo
from deploy.demo.companies import breaching, declining, everybody, lapsing, studied
from deploy.demo.courses import Course, DemoContext
from deploy.demo.play import interleave
from deploy.local.foreign_facts import order_system
from shared.http.tokens import LocalIssuer, Role
from tests.integration.system.running_system import RunningSystem
from tests.upgrade import other_system
from tests.upgrade.case import STANDS_ON, Case, day
from tests.upgrade.courses import COURSES, cases_of, until
from tests.upgrade.manifest import KeptAttachment, KeptCommand
from tests.upgrade.streams import parked_messages

BEGINS = date(2022, 7, 4)
"""Of the demo: on the day of the dump some agreements are asked about again, some are kept, and some run."""
CLOCK = day(0, hour=12)
_BETWEEN_COURSES = timedelta(weeks=4)
_WITH_PHOTO = {"offer delivered": ("offers", "offers"), "course documented in part": ("control", "agreements")}
"""Standings whose case names a file, with the service that keeps its bytes and the first word of its path."""
_KEY = "given before the upgrade"
_PARKED = 6
"""Three messages, with control and with reporting."""
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Played:
    """What the manifest says that no stream does."""

    cases: Mapping[str, Case]
    command: KeptCommand
    open_inspection: UUID


async def play_to_mid_course(system: RunningSystem) -> Played:
    """Leaves the clock at CLOCK, with everything taken by everyone."""
    async with order_system(system) as orders:
        stage = DemoContext(system.people, orders, system.time.settle, lambda _: None)
        cases = cases_of(stage)
        await _register_units(system, cases)
        courses = [*_courses_of_the_demo(stage), *(COURSES[name](case) for name, case in cases.items())]
        await interleave([until(course, CLOCK) for course in courses], system.time.advance_to)
        await system.time.advance_to(CLOCK)
        case = cases["offer opened"]
        await _put_photos(system, cases)
        open_inspection = await _open_inspection(stage, case)
        command = await _give_with_known_key(system, case)
        await other_system.send(system.kafka, other_system.to_be_parked(case))
        await _until_parked(system)
        await system.time.settle()
        await orders.until_taken("control")
        await orders.until_taken("reporting")
    return Played(cases, command, open_inspection)


async def _register_units(system: RunningSystem, cases: Mapping[str, Case]) -> None:
    units = [company.unit() for company in everybody()]
    units += [unit for case in cases.values() for unit in case.registered()]
    await system.register(*units)


def _courses_of_the_demo(stage: DemoContext) -> list[Course]:
    first_days = [BEGINS + _BETWEEN_COURSES * number for number in range(len(studied()))]
    return [
        *(demo.fulfilled(stage, one, first) for one, first in zip(studied(), first_days, strict=True)),
        demo.lapses(stage, lapsing(), first_days[2]),
        demo.declines(stage, declining(), first_days[5]),
        demo.breaches(stage, breaching(), first_days[1]),
        demo.offered_again(stage, breaching(), STANDS_ON - timedelta(weeks=8)),
        *(demo.other_cases(stage, one, first_days[one.number - 1], left_open=False) for one in studied()[::6]),
    ]


async def _put_photos(system: RunningSystem, cases: Mapping[str, Case]) -> None:
    for name, (service, first) in _WITH_PHOTO.items():
        case = cases[name]
        named, content = case.photo()
        path = f"/v1/{first}/{case.agreement}/attachments/{named['sha256']}"
        put = await system.client.put(
            f"http://127.0.0.1:{system.ports[service]}{path}", content=content, headers=identity(system, case)
        )
        put.raise_for_status()
        case.attachments.append(
            KeptAttachment(inspector=case.inspector_name, service=service, path=path, sha256=named["sha256"])
        )


async def _open_inspection(stage: DemoContext, case: Case) -> UUID:
    case_id = uuid5(NAMESPACE_OID, f"inspection at {case.cvr}")
    opened = other_system.inspection(case_id, case.cvr, case.units[0])
    await stage.orders.publish([(case_id, opened, day(0))])
    return case_id


async def _give_with_known_key(system: RunningSystem, case: Case) -> KeptCommand:
    path = f"/v1/offers/{case.agreement}/time"
    body = {"phase": "offer", "minutes": 30, "on_day": STANDS_ON.isoformat()}
    headers = {**identity(system, case), "If-Match": "*", "Idempotency-Key": _KEY}
    given = await system.client.post(f"http://127.0.0.1:{system.ports['offers']}{path}", json=body, headers=headers)
    given.raise_for_status()
    return KeptCommand(
        inspector=case.inspector_name, service="offers", path=path, key=_KEY, body=body, answer=given.json()
    )


def identity(system: RunningSystem, case: Case) -> Mapping[str, str]:
    """The header by which the inspector of a case is known."""
    return {"Authorization": f"Bearer {LocalIssuer(system.state).token(Role.INSPECTOR, case.inspector_name)}"}


async def _until_parked(system: RunningSystem) -> None:
    connection = await asyncpg.connect(system.postgres)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(await parked_messages(connection)) < _PARKED:
                await asyncio.sleep(0.05)
    finally:
        await connection.close()
