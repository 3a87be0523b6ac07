"""The guidance service on real servers: contacts, offer, answer, meetings, and what falls due by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.guidance import service
from shared.contracts.control import (
    Breached,
    ControlTurnedIntoGuidance,
    ExtensionGranted,
    Fulfilled,
    InspectorChanged,
    Terminated,
)
from shared.contracts.guidance import (
    GuidanceAccepted,
    GuidanceBecameOverdue,
    GuidanceDeclined,
    GuidanceFellDue,
    GuidanceHeld,
    GuidanceOffered,
    GuidanceOpened,
    GuidanceScheduled,
    MeetingCorrected,
)
from shared.contracts.offers import Declined, Lapsed, Withdrawn
from shared.contracts.vocabulary import ContactForm, Involvement, Participation, Side
from shared.deadlines.deadlines import booking_due_at, control_window, extended
from shared.http.tokens import Role, pseudonym
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.services.guidance_running import (
    CVR,
    DEADLINE,
    INSPECTOR,
    NOW,
    POLICY,
    STRANGER,
    UNIT,
    Guidance,
    guidance_running,
)

DUE_DAY = datetime.fromisoformat("2026-04-20T00:00+02:00")
OVERDUE = datetime.fromisoformat("2026-05-05T00:00+02:00")
EVERYBODY = {"safety_representative": "took_part", "safety_organisation": "informed", "employees": "consulted"}


@pytest.fixture
async def guidance(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Guidance]:
    async with guidance_running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as running:
        yield running


def meeting(**changes: Any) -> dict[str, Any]:
    return {
        "form": "visit",
        "purposes": ["how-to-approach", "safety-organisation"],
        "participants": ["manager", "safety_representative", "employees"],
        "involvement": EVERYBODY,
        "minutes_spent": 75,
        "summary": "A trial of the lift is agreed.",
        **changes,
    }


def understanding(**changes: Any) -> dict[str, Any]:
    return {"form": "phone", "reached": True, "received": True, "understood": True, "knows_dates": True, **changes}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["rule"]


@pytest.mark.rule("R5", "R12")
async def test_contacts_about_an_offer_come_from_either_side_and_say_whether_it_was_understood(
    guidance: Guidance,
) -> None:
    path = f"/v1/guidance/{await guidance.offered()}"
    await guidance.done(f"{path}/understanding", {"form": "phone", "reached": False, "minutes_spent": 5})
    told = understanding(understood=False, initiated_by="company", participants=["legally_responsible"])
    await guidance.done(f"{path}/understanding", told)
    assert refusal(await guidance.post(f"{path}/meetings", meeting())) == (409, "R12"), "informal before the answer"
    (recorded,) = await guidance.done(f"{path}/meetings", meeting(informal=True, initiated_by="company"))
    correction = f"{path}/meetings/{recorded['data']['meeting_id']}/correction"
    formal = meeting(held_at=NOW.isoformat(), reason="It was not informal.")
    assert refusal(await guidance.post(correction, formal)) == (409, "R12"), "nor by a correction"
    for role in (Role.INSPECTOR, Role.COMPANY):
        seen = await guidance.seen(path, role)
        asked = [
            (one["initiated_by"], one["reached"], one["received"], one["understood"], one["knows_dates"])
            for one in seen["asked_about_offer"]
        ]
        assert asked == [("authority", False, None, None, None), ("company", True, True, False, True)]
        assert [(one["informal"], one["initiated_by"]) for one in seen["meetings"]] == [(True, "company")]
        assert seen["status"] == "not offered"


@pytest.mark.rule("R5", "R30")
async def test_a_contact_about_the_offer_is_corrected_and_both_sides_see_how_it_was(guidance: Guidance) -> None:
    path = f"/v1/guidance/{await guidance.offered()}"
    (asked,) = await guidance.done(f"{path}/understanding", understanding(summary="They have it."))
    correction = f"{path}/understanding/{asked['data']['contact_id']}/correction"
    nobody = {"form": "phone", "reached": False, "held_at": NOW.isoformat(), "reason": "It was another company."}
    (corrected,) = await guidance.done(correction, nobody)
    assert (corrected["type"], "reason" in corrected["data"]) == ("OfferUnderstandingCorrected", False)
    for role in (Role.INSPECTOR, Role.COMPANY):
        (seen,) = (await guidance.seen(path, role))["asked_about_offer"]
        assert (seen["reached"], seen["understood"], seen["corrected"]) == (False, None, True)
        assert seen["summary"] == "They have it."
    unknown = f"{path}/understanding/{UUID(int=5)}/correction"
    assert refusal(await guidance.post(unknown, nobody)) == (409, "R30")


@pytest.mark.rule("R5")
async def test_who_was_not_reached_has_said_nothing_and_after_the_answer_nobody_asks(guidance: Guidance) -> None:
    path = f"/v1/guidance/{await guidance.offered()}/understanding"
    for told in (understanding(reached=False), understanding(understood=None)):
        assert refusal(await guidance.post(path, told)) == (409, "R5")
    answered = f"/v1/guidance/{await guidance.running()}/understanding"
    assert refusal(await guidance.post(answered, understanding())) == (409, "R5")
    tomorrow = (NOW + timedelta(days=1)).isoformat()
    assert refusal(await guidance.post(path, understanding(held_at=tomorrow))) == (409, "R12")


@pytest.mark.rule("R12", "R33", "R36")
@pytest.mark.parametrize(
    ("answer", "fact", "status"),
    [
        ({"accepted": True}, GuidanceAccepted, "accepted"),
        ({"accepted": False}, GuidanceDeclined, "declined"),
        ({"accepted": False, "reason": "has-own-adviser"}, GuidanceDeclined, "declined"),
    ],
    ids=["yes", "no", "no and why"],
)
async def test_the_inspector_offers_guidance_and_the_company_says_yes_or_no(
    guidance: Guidance, answer: dict[str, Any], fact: type[GuidanceAccepted | GuidanceDeclined], status: str
) -> None:
    agreement_id = await guidance.running()
    path = f"/v1/guidance/{agreement_id}"
    assert refusal(await guidance.post(f"{path}/answer", answer, Role.COMPANY)) == (409, "R12"), "nothing is offered"
    await guidance.done(f"{path}/offer", {"form": "virtual", "involvement": EVERYBODY})
    assert refusal(await guidance.post(f"{path}/offer", {"form": "visit"})) == (409, "R12"), "and not answered yet"
    (recorded,) = await guidance.done(f"{path}/answer", answer, Role.COMPANY)
    assert recorded["type"] == fact.__name__
    assert recorded["data"].get("reason") == answer.get("reason")
    for role in (Role.INSPECTOR, Role.COMPANY):
        seen = await guidance.seen(path, role)
        assert (seen["status"], seen["offered_form"]) == (status, "virtual")
    _, _, offered, answered = await guidance.facts(agreement_id)
    assert isinstance(offered, GuidanceOffered)
    assert offered.offered_by == pseudonym(Role.INSPECTOR, "anna")
    assert offered.involvement == Involvement.model_validate(EVERYBODY), "the call also asks who is involved"
    assert isinstance(answered, fact)
    assert await guidance.waiting_timers(agreement_id) == set()


@pytest.mark.rule("R12", "R33", "R37")
@pytest.mark.parametrize("form", ContactForm)
async def test_a_meeting_says_why_who_took_part_who_was_involved_and_how_useful_it_was(
    guidance: Guidance, form: ContactForm
) -> None:
    agreement_id, path = await guidance.guided()
    held_at = (NOW - timedelta(hours=2)).isoformat()
    (recorded,) = await guidance.done(f"{path}/meetings", meeting(form=form.value, held_at=held_at, usefulness=4))
    assert "summary" not in recorded["data"], "free text is published nowhere (R31)"
    for role in (Role.INSPECTOR, Role.COMPANY):
        seen = await guidance.seen(path, role)
        (shown,) = seen["meetings"]
        assert seen["status"] == "held"
        assert shown == {
            **{name: told for name, told in meeting(form=form.value).items() if name != "minutes_spent"},
            "meeting_id": recorded["data"]["meeting_id"],
            "held_at": "2026-03-20T07:00:00Z",
            "informal": False,
            "initiated_by": "authority",
            "usefulness": 4,
            "corrected": False,
            "correction_reason": None,
        }
    fact = (await guidance.facts(agreement_id))[-1]
    assert isinstance(fact, GuidanceHeld)
    assert (fact.minutes_spent, fact.inspector) == (75, pseudonym(Role.INSPECTOR, "anna"))


@pytest.mark.rule("R33")
async def test_of_each_of_the_three_sides_is_told_how_far_it_was_involved_or_nothing(guidance: Guidance) -> None:
    agreement_id, path = await guidance.guided()
    told = [{side: how.value} for side in EVERYBODY for how in Participation]
    for involvement in (*told, {}):
        await guidance.done(f"{path}/meetings", meeting(involvement=involvement))
    held = [fact.involvement for fact in await guidance.facts(agreement_id) if isinstance(fact, GuidanceHeld)]
    assert [one.model_dump(exclude_none=True, mode="json") for one in held] == [*told, {}]
    refused = await guidance.post(f"{path}/meetings", meeting(involvement={"employees": "enthusiastic"}))
    assert refused.status_code == 422
    assert [fault["where"] for fault in refused.json()["faults"]] == ["body.involvement.employees"]


@pytest.mark.rule("R12", "R30")
async def test_a_meeting_is_corrected_by_a_new_fact_and_the_company_says_how_useful_it_was(guidance: Guidance) -> None:
    agreement_id, path = await guidance.guided()
    (recorded,) = await guidance.done(f"{path}/meetings", meeting(usefulness=2))
    one = f"{path}/meetings/{recorded['data']['meeting_id']}"
    told = meeting(form="phone", held_at=NOW.isoformat(), summary="It was a call.", reason="The wrong form.")
    await guidance.done(f"{one}/correction", told)
    again = {name: value for name, value in told.items() if name != "summary"} | {"participants": ["hr"]}
    await guidance.done(f"{one}/correction", again)
    await guidance.done(f"{one}/usefulness", {"usefulness": 5}, Role.COMPANY)
    (shown,) = (await guidance.seen(path))["meetings"]
    assert (shown["form"], shown["participants"], shown["usefulness"]) == ("phone", ["hr"], 5)
    assert (shown["corrected"], shown["summary"]) == (True, "It was a call."), "the summary was not told anew"
    held, corrected, _ = [
        fact for fact in await guidance.facts(agreement_id) if isinstance(fact, GuidanceHeld | MeetingCorrected)
    ]
    assert (held.form, held.summary) == (ContactForm.VISIT, "A trial of the lift is agreed."), "the history keeps it"
    assert isinstance(corrected, MeetingCorrected)
    assert corrected.reason == "The wrong form."
    other = f"{path}/meetings/{uuid4()}"
    assert refusal(await guidance.post(f"{other}/correction", told)) == (409, "R12")
    assert refusal(await guidance.post(f"{other}/usefulness", {"usefulness": 5}, Role.COMPANY)) == (409, "R12")
    late = f"{path}/meetings"
    assert refusal(await guidance.post(late, meeting(held_at="2026-03-21T10:00:00+01:00"))) == (409, "R12")


@pytest.mark.rule("R12", "R28")
async def test_what_is_not_offered_falls_due_and_is_overdue_once_also_with_two_processes(guidance: Guidance) -> None:
    forgotten, in_time = await guidance.running(), await guidance.running()
    await guidance.done(f"/v1/guidance/{in_time}/offer", {"form": "phone"})
    before = await guidance.client.get(f"/v1/guidance/{forgotten}", headers=guidance.asker(Role.COMPANY))
    twin = service.app(guidance.runtime.settings)
    async with twin.router.lifespan_context(twin):
        guidance.clock.move_to(DUE_DAY)
        await guidance.until_recorded(forgotten, GuidanceFellDue)
        assert (await guidance.seen(f"/v1/guidance/{forgotten}"))["status"] == "due"
        assert await guidance.waiting_timers(forgotten) == {"overdue"}
        guidance.clock.move_to(OVERDUE - timedelta(seconds=1))
        late = await guidance.running()
        await guidance.until_recorded(late, GuidanceFellDue)
        assert GuidanceBecameOverdue not in map(type, await guidance.facts(forgotten)), "it has one second more"
        guidance.clock.move_to(OVERDUE)
        await guidance.until_recorded(forgotten, GuidanceBecameOverdue)
        guidance.clock.move_to(OVERDUE + timedelta(days=30))
        later = await guidance.running()
        await guidance.until_recorded(later, GuidanceBecameOverdue)
    assert [type(fact) for fact in await guidance.facts(forgotten)] == [
        GuidanceOpened,
        GuidanceScheduled,
        GuidanceFellDue,
        GuidanceBecameOverdue,
    ], "the timers have gone on to another agreement, and did nothing more here"
    assert [type(fact) for fact in await guidance.facts(in_time)] == [
        GuidanceOpened,
        GuidanceScheduled,
        GuidanceOffered,
    ]
    assert await guidance.waiting_timers(forgotten) == set()
    seen = await guidance.seen(f"/v1/guidance/{forgotten}")
    assert seen["status"] == "overdue"
    assert "31 days (1/3 of the period)" in seen["why"]
    after = await guidance.client.get(f"/v1/guidance/{forgotten}", headers=guidance.asker(Role.COMPANY))
    assert (after.text, after.headers["ETag"]) == (before.text, before.headers["ETag"]), "the dates are not its own"
    assert (after.json()["due"], after.json()["status"]) == (None, "not offered")


@pytest.mark.rule("R12", "R28")
async def test_after_downtime_what_was_missed_happens_in_order_and_a_late_offer_is_still_an_offer(
    guidance: Guidance,
) -> None:
    missed = await guidance.running()
    guidance.clock.move_to(OVERDUE + timedelta(days=1))
    await guidance.until_recorded(missed, GuidanceBecameOverdue)
    assert [type(fact) for fact in await guidance.facts(missed)][2:] == [GuidanceFellDue, GuidanceBecameOverdue]
    await guidance.done(f"/v1/guidance/{missed}/offer", {"form": "phone"})
    assert (await guidance.seen(f"/v1/guidance/{missed}"))["status"] == "offered"
    assert await guidance.waiting_timers(missed) == set()


@pytest.mark.rule("R12", "R13", "R15", "R28")
async def test_a_longer_deadline_and_another_inspector_move_what_is_due(guidance: Guidance) -> None:
    agreement_id = await guidance.running()
    longer = extended(DEADLINE, date(2026, 9, 1), NOW, POLICY)
    granted = ExtensionGranted(
        agreement_id=agreement_id,
        extension_id=uuid4(),
        inspector=INSPECTOR,
        granted_at=NOW,
        accepted_at=NOW,
        compliance_deadline=longer,
        control_window=control_window(longer, POLICY),
        books_control_at=booking_due_at(longer, POLICY),
    )
    await guidance.control_says(agreement_id, granted)
    changed = InspectorChanged(
        agreement_id=agreement_id, inspector="inspector-2", previous=INSPECTOR, changed_at=NOW, changed_by="inspector-3"
    )
    await guidance.control_says(agreement_id, changed)
    seen = await guidance.seen(f"/v1/guidance/{agreement_id}")
    assert seen["due"] == "2026-05-18T22:00:00Z", "a third of 165 days is 14 May, Ascension Day"
    (*_, moved) = await guidance.facts(agreement_id)
    assert isinstance(moved, GuidanceScheduled)
    assert moved.inspector == "inspector-2"
    other = await guidance.running()
    guidance.clock.move_to(OVERDUE)
    await guidance.until_recorded(other, GuidanceBecameOverdue)
    assert GuidanceFellDue not in map(type, await guidance.facts(agreement_id))


@pytest.mark.rule("R12", "R21", "R33")
async def test_a_control_that_was_turned_into_guidance_is_a_meeting_under_its_own_id(guidance: Guidance) -> None:
    agreement_id, control_id = await guidance.running(), uuid4()
    turned = ControlTurnedIntoGuidance(
        agreement_id=agreement_id,
        control_id=control_id,
        held_at=NOW,
        inspector=INSPECTOR,
        form=ContactForm.VISIT,
        reason="work_unfinished",
        involvement=Involvement(employees=Participation.CONSULTED),
        minutes_spent=40,
    )
    await guidance.control_says(agreement_id, turned)
    seen = await guidance.seen(f"/v1/guidance/{agreement_id}")
    assert (seen["status"], [one["meeting_id"] for one in seen["meetings"]]) == ("held", [str(control_id)])
    assert seen["meetings"][0]["involvement"]["employees"] == "consulted"
    assert await guidance.waiting_timers(agreement_id) == set()


@pytest.mark.rule("R12", "R28")
async def test_no_end_leaves_guidance_to_be_offered_and_contacts_are_still_recorded(guidance: Guidance) -> None:
    one, two, three = [await guidance.offered() for _ in range(3)]
    await guidance.offers_says(one, Declined(agreement_id=one, declined_at=NOW, declined_by="person-1"))
    await guidance.offers_says(two, Lapsed(agreement_id=two, last_day=date(2026, 4, 7), lapsed_at=NOW))
    await guidance.offers_says(three, Withdrawn(agreement_id=three, rule="R9", withdrawn_at=NOW))
    four, five, six = [await guidance.running() for _ in range(3)]
    ended = Terminated(agreement_id=four, by=Side.COMPANY, terminated_at=NOW, terminated_by="person-1")
    await guidance.control_says(four, ended)
    await guidance.control_says(five, Fulfilled(agreement_id=five, fulfilled_at=NOW))
    await guidance.control_says(
        six,
        Breached(agreement_id=six, cvr=CVR, p_number=UNIT, topic="056", breached_at=NOW, breached_units=(UNIT,)),
    )
    for agreement_id in (one, two, three, four, five, six):
        path = f"/v1/guidance/{agreement_id}"
        assert (await guidance.seen(path))["status"] == "closed"
        assert await guidance.waiting_timers(agreement_id) == set()
        assert refusal(await guidance.post(f"{path}/offer", {"form": "phone"})) == (409, "R12")
        await guidance.done(f"{path}/meetings", meeting(informal=True))
        assert (await guidance.seen(path))["status"] == "closed"


async def test_one_key_has_one_effect_and_one_answer_also_sent_many_times_at_once(guidance: Guidance) -> None:
    agreement_id, path = await guidance.guided()
    key = {"Idempotency-Key": "k"}
    answers = await asyncio.gather(
        *(guidance.post(f"{path}/meetings", meeting(), headers=key) for _ in range(6)),
    )
    again = await guidance.post(f"{path}/meetings", meeting(), headers=key)
    assert {answer.status_code for answer in (*answers, again)} == {200}
    assert len({(answer.text, answer.headers["ETag"]) for answer in (*answers, again)}) == 1
    assert sum(isinstance(fact, GuidanceHeld) for fact in await guidance.facts(agreement_id)) == 1
    assert (await guidance.post(f"{path}/meetings", meeting(form="phone"), headers=key)).status_code == 409
    assert len((await guidance.seen(path))["meetings"]) == 1


async def test_a_dry_run_says_what_it_would_record_and_which_rule_refuses_and_records_nothing(
    guidance: Guidance,
) -> None:
    agreement_id = await guidance.running()
    path, before = f"/v1/guidance/{agreement_id}", await guidance.position()
    for command, body, fact in (
        ("offer", {"form": "phone"}, "GuidanceOffered"),
        ("meetings", meeting(), "GuidanceHeld"),
    ):
        answer = await guidance.post(f"{path}/{command}?dry_run=true", body)
        assert answer.status_code == 200
        assert (answer.json()["dry_run"], [one["type"] for one in answer.json()["recorded"]]) == (True, [fact])
        assert "Consistency-Token" not in answer.headers
    refused = await guidance.post(f"{path}/answer?dry_run=true", {"accepted": True}, Role.COMPANY)
    assert refusal(refused) == (409, "R12")
    assert await guidance.position() == before
    seen = await guidance.seen(path)
    assert (seen["status"], seen["meetings"]) == ("not offered", [])
    assert await guidance.waiting_timers(agreement_id) == {"due", "overdue"}


@pytest.mark.rule("R5", "R12", "R30")
async def test_each_command_is_for_one_side_and_another_company_sees_nothing(guidance: Guidance) -> None:
    agreement_id, path = await guidance.guided()
    (recorded,) = await guidance.done(f"{path}/meetings", meeting())
    one = f"meetings/{recorded['data']['meeting_id']}"
    authority: list[tuple[str, dict[str, Any]]] = [
        ("offer", {"form": "phone"}),
        ("understanding", understanding()),
        ("meetings", meeting()),
        (f"{one}/correction", meeting(held_at=NOW.isoformat(), reason="Wrong.")),
    ]
    company: list[tuple[str, dict[str, Any]]] = [
        ("answer", {"accepted": True}),
        (f"{one}/usefulness", {"usefulness": 5}),
    ]
    before, nothing = await guidance.position(), uuid4()
    for commands, others in ((authority, Role.COMPANY), (company, Role.INSPECTOR), (company, Role.SUPPORTER)):
        for command, body in commands:
            for role in (others, Role.PORTAL, Role.OPERATOR):
                assert (await guidance.post(f"{path}/{command}", body, role)).status_code == 403
    for command, body in company:
        stranger = await guidance.post(f"{path}/{command}", body, Role.COMPANY, STRANGER)
        unknown = await guidance.post(f"/v1/guidance/{nothing}/{command}", body, Role.COMPANY, STRANGER)
        assert stranger.status_code == 404
        assert stranger.text == unknown.text.replace(str(nothing), str(agreement_id))
    for asker in (guidance.asker(Role.COMPANY, STRANGER), guidance.asker(Role.PORTAL), guidance.asker(Role.OPERATOR)):
        hidden = await guidance.client.get(path, headers=asker)
        unknown = await guidance.client.get(f"/v1/guidance/{nothing}", headers=asker)
        assert hidden.status_code == 404
        assert hidden.text == unknown.text.replace(str(nothing), str(agreement_id))
    assert (await guidance.client.get(path)).status_code == 401
    assert await guidance.position() == before


@pytest.mark.rule("R5", "R12", "R36")
async def test_a_code_that_is_in_no_list_is_refused_with_where_it_stands_and_by_which_rule(guidance: Guidance) -> None:
    _, path = await guidance.guided()
    before = await guidance.position()

    async def faults(command: str, body: Any, role: Role = Role.INSPECTOR) -> list[tuple[str, str | None]]:
        answer = await guidance.post(f"{path}/{command}", body, role)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        return [(fault["where"], fault.get("rule")) for fault in answer.json()["faults"]]

    assert await faults("answer", {"accepted": False, "reason": "moon"}, Role.COMPANY) == [("body.reason", "R36")]
    badly_coded = meeting(
        form="letter", purposes=["dates", "chat"], participants=["manager", "cat"], usefulness=6, mood="good"
    )
    assert await faults("meetings", badly_coded) == [
        ("body.form", None),
        ("body.participants.1", "R12"),
        ("body.purposes.1", "R12"),
        ("body.usefulness", None),
        ("body.mood", None),
    ]
    assert await faults("understanding", understanding(participants=["cat"])) == [("body.participants.0", "R12")]
    already = ("rule", "R12")  # guidance was offered before: told beside the fault of the body
    assert await faults("offer", {"form": "letter"}) == [("body.form", None), already]
    assert await guidance.position() == before


@pytest.mark.rule("R12")
async def test_of_many_offers_of_guidance_at_the_same_moment_exactly_one_is_made(guidance: Guidance) -> None:
    agreement_id: UUID = await guidance.running()
    answers = await asyncio.gather(
        *(guidance.post(f"/v1/guidance/{agreement_id}/offer", {"form": form.value}) for form in ContactForm)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {refusal(answer) for answer in answers if answer.status_code == 409} == {(409, "R12")}
    assert sum(isinstance(fact, GuidanceOffered) for fact in await guidance.facts(agreement_id)) == 1


async def test_what_the_company_read_long_ago_is_too_old_to_answer(guidance: Guidance) -> None:
    agreement_id = await guidance.running()
    path = f"/v1/guidance/{agreement_id}"
    old = await guidance.client.get(path, headers=guidance.asker(Role.COMPANY))
    await guidance.done(f"{path}/offer", {"form": "phone"})
    new = await guidance.client.get(path, headers=guidance.asker(Role.COMPANY))
    body = {"accepted": True}
    refused = await guidance.post(f"{path}/answer", body, Role.COMPANY, headers={"If-Match": old.headers["ETag"]})
    assert refused.status_code == 412
    taken = await guidance.post(f"{path}/answer", body, Role.COMPANY, headers={"If-Match": new.headers["ETag"]})
    assert taken.status_code == 200
