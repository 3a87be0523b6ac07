"""People of the company and of the authority are told by e-mail, each of what still stands, once (R4, R5, R18, R29)."""

import mailbox
from collections import Counter
from datetime import datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib import SMTP

from shared.deadlines.copenhagen import local_day, moment_of
from shared.http.tokens import Role, pseudonym
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, UNIT, control, documentation, offer
from tests.integration.system.running_system import RunningSystem, running_system
from tests.unit.notices.channels.reports import VACATION, delivery_report

pytestmark = pytest.mark.rule("R4", "R5", "R18", "R29")
ROLES = ("unit_manager", "legally_responsible", "safety_representative")
ANNA = "anna.vestergaard@tilsyn.example"


def mails(system: RunningSystem) -> list[Message]:
    """What the mail server took over, in the order in which the messages were made."""
    kept = mailbox.Maildir(system.state / "mail", create=False)
    return sorted(kept, key=lambda one: (str(one["Date"]), str(one["X-RcptTo"])))


def told(system: RunningSystem) -> "Counter[str]":
    """How many messages each address got."""
    return Counter(str(one["X-RcptTo"]) for one in mails(system))


def address(role: str) -> str:
    return f"{role}@company.example"


async def offered(system: RunningSystem) -> str:
    """An offer that can be read from now on, of a company with three contacts."""
    people = system.people
    anna = {"name": "Anna Vestergaard", "centre": "east", "roles": ["inspector"], "email": ANNA}
    await people.operator().put("control", f"/v1/people/{pseudonym(Role.INSPECTOR, 'anna')}", anna)
    sent = await people.inspector("anna").do("offers", "/v1/offers", offer())
    for role in ROLES:
        contact = {"role": role, "name": "Somebody", "email": address(role)}
        await people.company(CVR).do("offers", f"/v1/offers/{sent['id']}/contacts", contact)
    await people.portal().do("offers", f"/v1/offers/{sent['id']}/delivery", {"delivered": True})
    await system.time.settle()
    return str(sent["id"])


async def days_later(system: RunningSystem, days: int) -> None:
    """Waits until everybody has been told what was due at ten in the morning some days later."""
    day = local_day(system.time.clock.now()) + timedelta(days=days)
    await system.time.advance_to(moment_of(day, datetime.fromisoformat("2026-01-01T10:00").time()))


async def matters(system: RunningSystem, case: str) -> list[dict[str, Any]]:
    answer = await Asker.of(system, Role.INSPECTOR).get(f"/v1/notices/agreements/{case}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["matters"]
    return found


async def test_who_is_concerned_is_told_once_and_of_nothing_that_is_settled(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        case = await offered(system)
        assert told(system) == {address(role): 1 for role in ROLES}
        shown = {one["recipient"]: one for one in await matters(system, case) if one["occasion"] == "offer-waiting"}
        assert {str(one["Message-ID"]).strip("<>") for one in mails(system)} == {
            one["message_id"] for one in shown.values()
        }
        company = system.people.company(CVR)
        await system.people.portal().do("offers", f"/v1/offers/{case}/opening", {})
        await days_later(system, 10)
        assert told(system) == {address(role): 1 for role in ROLES}, "R5: it was opened"
        await days_later(system, 5)
        assert told(system) - Counter({ANNA: 9}) == Counter(
            {address("unit_manager"): 2, address("legally_responsible"): 2, address("safety_representative"): 1}
        ), "R5: half of the time has passed, which concerns who decides"
        await company.do("offers", f"/v1/offers/{case}/questions", {"text": "Er det et påbud?"})
        await days_later(system, 1)
        (asked,) = [one for one in await matters(system, case) if one["occasion"] == "question-asked"]
        assert (asked["recipient"], asked["status"], asked["channel"]) == ("inspector", "sent", "digest")
        await company.do("offers", f"/v1/offers/{case}/acceptance", {"has_read": True})
        await days_later(system, 14)
        by_occasion = {one["occasion"]: one for one in await matters(system, case)}
        answered, ends_soon = by_occasion["offer-answered"], by_occasion["offer-ends-soon"]
        assert (answered["status"], answered["channel"]) == ("sent", "digest")
        assert (ends_soon["told_at"], ends_soon["why_not"]) == (None, "settled")
        by_id = Counter(str(one["Message-ID"]) for one in mails(system))
        assert set(by_id.values()) == {1}


async def test_what_somebody_chose_not_to_be_told_is_not_told_and_what_has_legal_effect_is(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        company, anna = Asker.of(system, Role.COMPANY, CVR), Asker.of(system, Role.INSPECTOR)
        case = await offered(system)
        of_case = f"/v1/notices/agreements/{case}/choices"
        of_manager, me = f"{of_case}/unit_manager", f"/v1/notices/readers/{pseudonym(Role.INSPECTOR, 'anna')}/choices"
        assert (await Asker.of(system, Role.COMPANY, "10000000").get(of_case)).status_code == 404
        refused = await company.put(of_manager, {"unwanted": ["result"]})
        assert (refused.status_code, refused.json()["rule"]) == (409, "R29"), refused.text
        assert (await company.put(of_manager, {"unwanted": ["offer-halfway"]})).is_success
        assert (await anna.put(of_manager, {"unwanted": []})).status_code == 403
        shown = {one["role"]: one["unwanted"] for one in (await company.get(of_case)).json()["roles"]}
        assert shown == {"unit_manager": ["offer-halfway"], "legally_responsible": [], "safety_representative": []}
        assert (await anna.put(me, {"rhythm": "weekly", "unwanted": ["offer-answered"]})).is_success
        assert (await anna.get(me)).json()["rhythm"] == "weekly"
        assert (await anna.get("/v1/notices/readers/inspector-1/choices")).status_code == 403
        await days_later(system, 15)
        await system.people.company(CVR).do("offers", f"/v1/offers/{case}/acceptance", {"has_read": True})
        await days_later(system, 1)
        why = {(one["occasion"], one["recipient"]): one["why_not"] for one in await matters(system, case)}
        assert why["offer-halfway", "unit_manager"] == "unwanted"
        assert why["offer-halfway", "legally_responsible"] is None
        assert why["offer-answered", "inspector"] == "unwanted"


async def test_a_report_that_a_message_came_back_counts_once_and_moves_no_date(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        case = await offered(system)
        inspector = Asker.of(system, Role.INSPECTOR)
        before = (await inspector.get(f"/v1/offers/{case}")).json()["response_deadline"]
        (to_manager,) = [one for one in mails(system) if one["X-RcptTo"] == address("unit_manager")]
        for raw in (VACATION, delivery_report("failed", "5.1.1"), delivery_report("failed", "5.1.1")):
            await report(system, raw, str(to_manager["X-MailFrom"]))
        await days_later(system, 1)
        by_status = Counter(one["status"] for one in await matters(system, case))
        assert by_status["returned"] == 1
        lacks = [one for one in await matters(system, case) if one["occasion"] == "contact-lacks-address"]
        assert [(one["recipient"], one["status"], one["why_not"]) for one in lacks] == [("inspector", "sent", None)]
        assert (await inspector.get(f"/v1/offers/{case}")).json()["response_deadline"] == before


async def test_after_downtime_people_are_told_what_still_helps_and_of_a_hidden_visit_nothing(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT)
        case = await offered(system)
        system.kill("notices")
        people = system.people
        await people.company(CVR).do("offers", f"/v1/offers/{case}/acceptance", {"has_read": True})
        system.time.clock.jump_to(system.time.clock.now() + timedelta(days=10))
        system.start("notices")
        await system.until_healthy("notices")
        await days_later(system, 3)
        documented = documentation()
        await people.company(CVR).do("control", f"/v1/agreements/{case}/documentation", documented)
        agreement = await people.inspector("anna").get("control", f"/v1/agreements/{case}")
        state = {(one["occasion"], one["recipient"]): one for one in await matters(system, case)}
        assert state["offer-not-opened", "unit_manager"]["why_not"] == "settled"
        assert state["offer-answered", "inspector"]["status"] == "sent"
        await _hold_hidden_control(system, case, agreement)
        about_controls = {one["occasion"] for one in await matters(system, case) if "control" in one["occasion"]}
        assert about_controls == {"control-soon"}, "R18: nobody at the company is told of a visit that is not announced"
        got_by_company = [one for one in mails(system) if str(one["X-RcptTo"]).endswith("@company.example")]
        assert got_by_company
        assert not [one for one in got_by_company if "kontrol" in str(one["Subject"]).lower()]


async def _hold_hidden_control(system: RunningSystem, case: str, agreement: dict[str, Any]) -> None:
    day = local_day(system.time.clock.now()) + timedelta(days=7)
    while not day.isoweekday() < 5:
        day += timedelta(days=1)
    inspector = system.people.inspector("anna")
    await inspector.do("control", f"/v1/agreements/{case}/bookings", {"day": day.isoformat(), "announced": False})
    await days_later(system, (day - local_day(system.time.clock.now())).days)
    await inspector.do("control", f"/v1/agreements/{case}/controls", control(agreement, "no_violation"))
    await system.time.settle()


async def report(system: RunningSystem, raw: bytes, to: str) -> None:
    """Sends a mail as another mail server does."""
    async with SMTP(hostname="127.0.0.1", port=system.reports_port, start_tls=False) as smtp:
        await smtp.mail("")
        await smtp.rcpt(to)
        await smtp.data(raw)
