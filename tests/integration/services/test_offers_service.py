"""The offers service on real servers: what only the whole of it can get wrong."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from deploy.rulebook.example_facts import least
from services.offers import service
from shared.contracts.control import Breached, ControlCompleted, DecisionRevoked, Fulfilled, InspectorChanged
from shared.contracts.offers import Lapsed, OfferSent
from shared.contracts.vocabulary import Centre, ControlOutcome, Decision
from shared.eventstore import private_keys
from shared.eventstore.clock import VirtualClock
from shared.eventstore.events import Event
from shared.http.tokens import LocalIssuer, Role, pseudonym
from shared.messaging import parking
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.parking import Obstacle, Reason
from shared.service import Runtime, Settings
from tests.authority import directory_with_supporters
from tests.integration.cut_connections import cut_connections

CVR, OTHER_CVR = "13748136", "24256790"
UNIT, SISTER, FOREIGN = "1003388394", "1003388395", "1003388396"
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
GROUNDS = {
    "violation": "found",
    "concrete": True,
    "material": True,
    "reaction_due": "order_with_deadline",
    "exists_elsewhere": True,
    "can_be_carried_over": True,
}


class Offers:
    """The service, called as one role or another."""

    def __init__(
        self, client: httpx.AsyncClient, state: Path, clock: VirtualClock, postgres: str, runtime: Runtime
    ) -> None:
        self.client = client
        self.runtime = runtime
        self.clock = clock
        self.postgres = postgres
        self._issuer = LocalIssuer(state)

    async def post(
        self,
        path: str,
        body: Any,
        role: Role = Role.INSPECTOR,
        name: str = "anna",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        token = self.token(role, name)
        given = {
            "Authorization": f"Bearer {token}",
            "If-Match": "*",
            "Idempotency-Key": str(uuid4()),
            **(headers or {}),
        }
        return await self.client.post(path, json=body, headers=given)

    def token(self, role: Role, name: str = "anna") -> str:
        """As the portal or the authority has it; a company is always the same one."""
        return self._issuer.token(role, name, CVR if role is Role.COMPANY else None)

    async def get(self, path: str) -> Any:
        answer = await self.seen_by(path, Role.INSPECTOR)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def seen_by(self, path: str, role: Role) -> httpx.Response:
        token = self._issuer.token(role, "anna", CVR if role is Role.COMPANY else None)
        return await self.client.get(path, headers={"Authorization": f"Bearer {token}"})

    async def offered_and_delivered(self, p_number: str = UNIT, topic: str = "056") -> str:
        answer = await self.post("/v1/offers", offer(p_number, topic))
        assert answer.status_code == 201, answer.text
        agreement_id: str = answer.json()["id"]
        delivered = await self.post(f"/v1/offers/{agreement_id}/delivery", {"delivered": True}, Role.PORTAL)
        assert delivered.status_code == 200, delivered.text
        return agreement_id

    async def accept(self, agreement_id: str) -> httpx.Response:
        return await self.post(f"/v1/offers/{agreement_id}/acceptance", {"has_read": True}, Role.COMPANY)


@pytest.fixture
async def offers(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Offers]:
    await _register(postgres_dsn)
    people = directory_with_supporters(tmp_path)
    async with running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True, people=people)) as process:
        yield process


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Offers]:
    """A process of the service."""
    clock = VirtualClock(settings.state / "clock", NOW)
    app = service.app(settings)
    async with app.router.lifespan_context(app):
        await app.state.start_check.may_act.wait()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://offers") as client:
            yield Offers(client, settings.state, clock, settings.postgres, app.state.runtime)


def offer(p_number: str = UNIT, topic: str = "056") -> dict[str, Any]:
    return {
        "cvr": CVR,
        "p_number": p_number,
        "topic": topic,
        "inspection_id": "I-1",
        "period_months": 3,
        "observations": "Heavy lifts.",
    }


async def test_r8_of_two_inspectors_who_offer_at_the_same_moment_exactly_one_succeeds(offers: Offers) -> None:
    answers = await asyncio.gather(
        *(offers.post("/v1/offers", offer(), name=name) for name in ("anna", "bo", "carla", "dan"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["rule"] == "R8"
    assert refused["detail"] == (
        f"The unit with P-number {UNIT} already has an open offer or agreement on the topic Lifting."
    )


async def test_a_process_that_only_answers_leaves_publishing_and_timers_to_another(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    await _register(postgres_dsn)
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)
    async with running(replace(settings, background=False)) as answering:
        agreement_id = UUID(await answering.offered_and_delivered())
        answering.clock.move_to(NOW + timedelta(days=60))
        await asyncio.sleep(1)  # ten looks of a loop of timers, twenty of a relay
        assert await _left_to_do(answering.runtime, agreement_id) == (True, True)
        async with running(settings):
            async with asyncio.timeout(20):
                while await _left_to_do(answering.runtime, agreement_id) != (False, False):
                    await asyncio.sleep(0.05)


async def _left_to_do(runtime: Runtime, agreement_id: UUID) -> tuple[bool, bool]:
    """Whether events are not published, and whether the time to answer has run out without effect."""
    async with runtime.database.acquire() as connection:
        unpublished: bool = await connection.fetchval("select newest_position() > checkpoint from relay")
    loaded = await runtime.store.load(agreement_id)
    return unpublished, not any(isinstance(recorded.event, Lapsed) for recorded in loaded.events)


async def test_r8_another_topic_or_unit_is_free(offers: Offers) -> None:
    for p_number, topic in ((UNIT, "056"), (UNIT, "061"), (SISTER, "056")):
        assert (await offers.post("/v1/offers", offer(p_number, topic))).status_code == 201


async def test_r8_nothing_is_offered_or_accepted_while_a_fact_about_the_unit_is_parked(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    connection = await asyncpg.connect(offers.postgres, server_settings={"search_path": "offers"})
    await _park(connection, _breach(UNIT))
    for answer in (await offers.accept(agreement_id), await offers.post("/v1/offers", offer(topic="061"))):
        assert answer.status_code == 503
        assert answer.json()["rule"] == "R8"
        assert answer.headers["Retry-After"]
    await connection.execute("delete from parked")
    await connection.close()
    assert (await offers.accept(agreement_id)).status_code == 200


async def test_r6_midnight_in_copenhagen_is_too_late_and_the_minute_before_is_not(offers: Offers) -> None:
    in_time, too_late = await offers.offered_and_delivered(), await offers.offered_and_delivered(SISTER)
    offers.clock.move_to(datetime.fromisoformat("2026-04-07T23:59:59+02:00"))
    assert (await offers.accept(in_time)).status_code == 200
    offers.clock.move_to(datetime.fromisoformat("2026-04-08T00:00:00+02:00"))
    refused = await offers.accept(too_late)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R6")
    values = refused.json()["values"]
    assert values["deadline"] == "2026-04-07"
    assert values["why_da"].startswith("Sidste dag er tirsdag den 7. april 2026")
    assert "4 weeks from Thursday 5 March 2026" in values["why_en"]


async def test_r6_an_offer_lapses_by_itself_and_once(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    offers.clock.move_to(datetime.fromisoformat("2026-05-01T00:00:00+02:00"))
    connection = await asyncpg.connect(offers.postgres)
    query = "select count(*) from offers.events where stream = $1 and type = 'Lapsed'"
    async with asyncio.timeout(10):
        while not await connection.fetchval(query, UUID(agreement_id)):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert await connection.fetchval(query, UUID(agreement_id)) == 1
    assert await connection.fetchval("select count(*) from offers.timers") == 0
    await connection.close()


async def test_r5_the_call_about_an_offer_is_prepared_until_it_is_answered(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    path = f"/v1/offers/{agreement_id}"
    for role, name in (("legally_responsible", "Lis Holm"), ("unit_manager", "Mette Friis")):
        contact = {"role": role, "name": name, "email": None, "phone": "+45 33 12 12 88"}
        assert (await offers.post(f"{path}/contacts", contact, Role.COMPANY)).status_code == 200
    before = await offers.get(f"{path}/call?language=en")
    assert (before["because"], before["opened_at"]) == ([], None)
    assert [one["name"] for one in before["contacts"]] == ["Mette Friis", "Lis Holm"]
    assert (before["topic_name"], before["last_day"]) == ("Lifting", "2026-04-07")
    assert before["why"].startswith("The last day is Tuesday 7 April 2026")
    offers.clock.move_to(NOW + timedelta(days=20))
    async with asyncio.timeout(20):
        while (await offers.get(f"{path}/call"))["because"] != ["not-opened"]:
            await asyncio.sleep(0.05)
    assert (await offers.post(f"{path}/opening", {}, Role.PORTAL)).status_code == 200
    await offers.post(f"{path}/questions", {"text": "What is a breach?"}, Role.COMPANY)
    called = await offers.get(f"{path}/call")
    assert called["because"] == ["not-answered", "question"]
    assert [one["text"] for one in called["questions"]] == ["What is a breach?"]
    assert called["opened_at"] is not None
    assert (await offers.accept(agreement_id)).status_code == 200
    refused = await offers.seen_by(f"{path}/call", Role.INSPECTOR)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R5")
    assert (await offers.seen_by(f"{path}/call", Role.COMPANY)).status_code == 403


async def test_a_dry_run_says_what_would_be_recorded_and_records_nothing(offers: Offers) -> None:
    answer = await offers.post("/v1/offers?dry_run=true", offer())
    assert answer.status_code == 200
    assert [fact["type"] for fact in answer.json()["recorded"]] == ["OfferSent"]
    assert "Consistency-Token" not in answer.headers
    connection = await asyncpg.connect(offers.postgres)
    assert await connection.fetchval("select count(*) from offers.events") == 0
    await connection.close()


async def test_a_dry_run_is_refused_by_the_same_rule(offers: Offers) -> None:
    answer = await offers.post("/v1/offers?dry_run=true", {**offer(), "p_number": FOREIGN})
    assert (answer.status_code, answer.json()["rule"]) == (409, "R1")


async def test_all_faults_of_a_request_are_named_at_once(offers: Offers) -> None:
    answer = await offers.post("/v1/offers", {**offer(), "cvr": "12345678", "topic": "999", "period_months": 0, "x": 1})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    faults = {fault["where"] for fault in answer.json()["faults"]}
    assert faults == {"body.cvr", "body.topic", "body.period_months", "body.x"}


async def test_the_same_key_gets_the_same_answer_and_is_not_used_for_anything_else(offers: Offers) -> None:
    first = await offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "k"})
    again = await offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "k"})
    other = await offers.post("/v1/offers", offer(topic="061"), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.text, again.headers["ETag"]) == (201, first.text, first.headers["ETag"])
    assert other.status_code == 409


async def test_one_key_sent_many_times_at_once_has_one_effect(offers: Offers) -> None:
    answers = await asyncio.gather(
        *(offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "k"}) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


async def test_a_version_that_was_read_long_ago_is_told_so(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    old = await offers.post(f"/v1/offers/{agreement_id}/withdrawal", {"reason": "x"}, headers={"If-Match": '"1"'})
    assert old.status_code == 412
    newest = await offers.post(f"/v1/offers/{agreement_id}/withdrawal", {"reason": "x"}, headers={"If-Match": '"2"'})
    assert newest.status_code == 200


async def test_a_killed_connection_of_the_database_loses_nothing(offers: Offers) -> None:
    assert await cut_connections(offers.postgres, "aftale-offers%") > 0
    for topic in ("056", "061", "063"):
        await _repeated_until_answered(offers, topic)
    connection = await asyncpg.connect(offers.postgres)
    recorded = await connection.fetchval("select count(*) from offers.events where type = 'OfferSent'")
    await connection.close()
    assert recorded == 3


async def _repeated_until_answered(offers: Offers, topic: str) -> None:
    """As a client does that is told to try again: with the same key."""
    key = {"Idempotency-Key": str(uuid4())}
    async with asyncio.timeout(30):
        while (answer := await offers.post("/v1/offers", offer(topic=topic), headers=key)).status_code == 503:
            pass
    assert answer.status_code == 201, answer.text


def _breach(p_number: str, *, version: int = 7, at: datetime = NOW) -> Message:
    event = Breached(
        agreement_id=uuid4(),
        cvr=CVR,
        p_number=p_number,
        topic="056",
        breached_at=at,
        breached_units=(p_number,),
    )
    return _message(event, event.agreement_id, p_number, version)


def _message(event: Event, agreement_id: UUID, p_number: str, version: int) -> Message:
    """A fact of control."""
    return Message(
        source="control",
        stream=agreement_id,
        epoch=1,
        version=version,
        event_id=uuid4(),
        type=type(event).__name__,
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body=event.public_json(),
        concerns={"cvr": CVR, "pnumber": p_number},
    )


async def _park(connection: Any, message: Message) -> None:
    await parking.park(connection, [Obstacle(message, Reason.GAP, "for the test")])


async def _take(offers: Offers, *messages: Message) -> None:
    """As if control's facts had come from Kafka."""
    await offers.runtime.consumers["*"].take_messages(messages)


@pytest.mark.rule("R22", "R30")
async def test_a_breach_that_was_another_day_moves_its_quarantine_although_all_of_it_comes_at_once(
    offers: Offers,
) -> None:
    breach = Breached(
        agreement_id=uuid4(), cvr=CVR, p_number=SISTER, topic="056", breached_at=NOW, breached_units=(SISTER,)
    )
    revoked = DecisionRevoked(
        agreement_id=breach.agreement_id,
        decision=Decision.BREACHED,
        cvr=CVR,
        breached_units=(SISTER,),
        revoked_at=NOW,
        revoked_by="inspector-1",
    )
    earlier = breach.model_copy(update={"breached_at": NOW - timedelta(days=10)})
    told: list[Breached | DecisionRevoked] = [breach, revoked, earlier]
    await _take(offers, *(_message(fact, fact.agreement_id, SISTER, version) for version, fact in enumerate(told, 1)))
    quarantines = await offers.get(f"/v1/quarantines?cvr={CVR}&p_number={SISTER}")
    assert [(one["because_of"], one["ends_at"]) for one in quarantines] == [
        (str(breach.agreement_id), "2027-02-23T23:00:00Z")
    ]


@pytest.mark.rule("R22", "R30", "R40")
async def test_a_unit_that_breached_takes_its_quarantine_along_to_another_owner(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    """A breach of 2023 reaches the whole legal entity; the unit that breached stays in quarantine when it moves.

    A sister that moved is free, and a revocation ends both entries.
    """
    await _register(postgres_dsn)
    VirtualClock(tmp_path / "clock", datetime(2023, 11, 2, 9, tzinfo=UTC))
    async with running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as offers:
        breach = _breach(UNIT, version=1, at=offers.clock.now())
        await _take(offers, breach)
        connection = await asyncpg.connect(postgres_dsn)
        await connection.executemany(
            "insert into offers.units (p_number, effective_from, cvr, industry) values ($1, $2, $3, 'day-care')",
            [(moved, date(2024, 2, 1), OTHER_CVR) for moved in (UNIT, SISTER)],
        )
        await connection.close()
        offers.clock.move_to(datetime.fromisoformat("2024-11-02T23:59+01:00"))
        bought = {**offer(UNIT), "cvr": OTHER_CVR}
        refused = await offers.post("/v1/offers?dry_run=true", bought)
        assert (refused.status_code, refused.json()["rule"]) == (409, "R8")
        sister = await offers.post("/v1/offers?dry_run=true", {**bought, "p_number": SISTER})
        assert sister.status_code == 200, sister.text
        standing = await offers.get(f"/v1/quarantines?cvr={CVR}&p_number={UNIT}")
        assert [one["p_number"] for one in standing] == [UNIT, None]
        assert {one["because_of"] for one in standing} == {str(breach.stream)}
        (of_unit,) = await offers.get(f"/v1/quarantines?p_number={UNIT}")
        assert (of_unit["p_number"], of_unit["cvr"], of_unit["reason"]) == (UNIT, CVR, "breach_of_former_owner")
        assert await offers.get(f"/v1/quarantines?p_number={SISTER}") == []
        revoked = DecisionRevoked(
            agreement_id=breach.stream,
            decision=Decision.BREACHED,
            cvr=CVR,
            breached_units=(UNIT,),
            revoked_at=offers.clock.now(),
            revoked_by="inspector-1",
        )
        await _take(offers, _message(revoked, breach.stream, UNIT, 2))
        assert await offers.get(f"/v1/quarantines?cvr={CVR}&p_number={UNIT}") == []
        assert (await offers.post("/v1/offers?dry_run=true", bought)).status_code == 200


async def _facts(offers: Offers, agreement_id: str) -> list[str]:
    loaded = await offers.runtime.store.load(UUID(agreement_id))
    return [type(recorded.event).__name__ for recorded in loaded.events]


@pytest.mark.rule("R8", "R22")
async def test_of_a_breach_and_an_offer_at_the_same_moment_no_open_offer_is_left(offers: Offers) -> None:
    units = [f"10055000{number:02}" for number in range(12)]
    async with offers.runtime.database.acquire() as connection:
        await connection.executemany(
            "insert into units (p_number, effective_from, cvr, industry) values ($1, '2020-01-01', $2, 'day-care')",
            [(unit, CVR) for unit in units],
        )
    refused = withdrawn = 0
    for unit in units:
        answer, _ = await asyncio.gather(
            offers.post("/v1/offers", offer(unit, "061")), _take(offers, _breach(unit, version=1))
        )
        if answer.status_code == 201:
            withdrawn += 1
            assert (await _facts(offers, answer.json()["id"]))[-1] == "Withdrawn"
        else:
            refused += 1
            assert (answer.status_code, answer.json()["rule"]) == (409, "R8")
    assert refused + withdrawn == len(units)


@pytest.mark.rule("R15", "R30")
async def test_who_acts_on_a_running_agreement_stands_in_for_its_inspector(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    assert (await offers.accept(agreement_id)).status_code == 200
    path, time = f"/v1/offers/{agreement_id}/time", {"phase": "guidance", "minutes": 10}
    assert (await offers.post(path, time, Role.SUPPORTER, "bo")).status_code == 200
    anna, dan = (pseudonym(Role.INSPECTOR, name) for name in ("anna", "dan"))
    changed = InspectorChanged(
        agreement_id=UUID(agreement_id), inspector=dan, previous="", changed_at=NOW, changed_by=dan
    )
    await _take(offers, _message(changed, changed.agreement_id, UNIT, version=1))
    assert (await offers.post(path, time, Role.SUPPORTER, "bo")).status_code == 200
    loaded = await offers.runtime.store.load(UUID(agreement_id))
    acted = [(one.metadata["actor"], one.metadata.get("on_behalf_of")) for one in loaded.events[-3:]]
    bo = pseudonym(Role.SUPPORTER, "bo")
    assert acted == [(bo, anna), ("offers", None), (bo, dan)]


@pytest.mark.rule("R42")
async def test_a_colleague_of_another_case_is_refused_with_who_is_responsible(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    withdrawn = {"reason": "Sent to the wrong unit."}
    refused = await offers.post(f"/v1/offers/{agreement_id}/withdrawal", withdrawn, name="bo")
    assert (refused.status_code, refused.json()["rule"]) == (403, "R42")
    anna, bo = (pseudonym(Role.INSPECTOR, name) for name in ("anna", "bo"))
    assert refused.json()["values"] == {"responsible": anna, "asker": bo, "day": "2026-03-05"}
    assert (await offers.post(f"/v1/offers/{agreement_id}/withdrawal", withdrawn)).status_code == 200


@pytest.mark.rule("R1", "R42")
async def test_a_supporter_offers_for_an_inspector_of_the_own_centre(offers: Offers) -> None:
    anna, bo = (pseudonym(Role.INSPECTOR, name) for name in ("anna", "bo"))
    unnamed = await offers.post("/v1/offers", offer(), Role.SUPPORTER)
    assert (unnamed.status_code, unnamed.json()["rule"]) == (409, "R42")
    elsewhere = await offers.post("/v1/offers", {**offer(), "inspector": bo}, Role.SUPPORTER)
    assert (elsewhere.status_code, elsewhere.json()["values"]["centre"]) == (403, "north")
    for_another = await offers.post("/v1/offers", {**offer(), "inspector": anna}, name="bo")
    assert (for_another.status_code, for_another.json()["values"]["responsible"]) == (403, anna)
    sent = await offers.post("/v1/offers", {**offer(), "inspector": anna}, Role.SUPPORTER)
    assert sent.status_code == 201, sent.text
    first = (await offers.runtime.store.load(UUID(sent.json()["id"]))).events[0]
    assert isinstance(first.event, OfferSent)
    acted = (first.event.inspector, first.event.centre, first.metadata["actor"], first.metadata["on_behalf_of"])
    assert acted == (anna, Centre.EAST, pseudonym(Role.SUPPORTER, "anna"), anna)


@pytest.mark.rule("R30", "R37")
async def test_time_is_corrected_by_the_id_under_which_it_was_recorded(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    path = f"/v1/offers/{agreement_id}/time"
    recorded = (await offers.post(path, {"phase": "offer", "minutes": 450})).json()["recorded"][0]["data"]
    told = {"phase": "offer", "minutes": 45, "reason": "A key pressed twice."}
    corrected = await offers.post(f"{path}/{recorded['entry_id']}/correction", told)
    assert corrected.json()["recorded"][0]["data"]["previous_minutes"] == 450
    unknown = await offers.post(f"{path}/{uuid4()}/correction", told)
    assert (unknown.status_code, unknown.json()["rule"]) == (409, "R30")
    by_company = await offers.post(f"{path}/{recorded['entry_id']}/correction", told, Role.COMPANY)
    assert by_company.status_code == 403


@pytest.mark.rule("R7")
async def test_a_spread_offer_follows_from_a_no_that_offers_knows(offers: Offers) -> None:
    no = await offers.offered_and_delivered()
    following = {**offer(), "kind": "spread", "grounds": GROUNDS}
    for unknown in (str(uuid4()), no):
        refused = (await offers.post("/v1/offers", {**following, "follows": unknown})).json()
        assert (refused["rule"], refused["values"]["follows"]) == ("R7", unknown)
    assert (await offers.post(f"/v1/offers/{no}/refusal", {}, Role.COMPANY)).status_code == 200
    answer = await offers.post("/v1/offers", {**following, "follows": no})
    assert answer.json()["recorded"][0]["data"]["follows"] == no


@pytest.mark.rule("R8")
async def test_of_a_breach_and_an_acceptance_at_the_same_moment_it_is_refused_or_stands_flagged(offers: Offers) -> None:
    units = [f"10056000{number:02}" for number in range(12)]
    async with offers.runtime.database.acquire() as connection:
        await connection.executemany(
            "insert into units (p_number, effective_from, cvr, industry) values ($1, '2020-01-01', $2, 'day-care')",
            [(unit, CVR) for unit in units],
        )
    for unit in units:
        agreement_id = await offers.offered_and_delivered(unit, "061")
        answer, _ = await asyncio.gather(offers.accept(agreement_id), _take(offers, _breach(unit, version=1)))
        facts = await _facts(offers, agreement_id)
        if answer.status_code == 200:
            assert facts[-2:] == ["Accepted", "AcceptanceConflictFlagged"]
        else:
            assert answer.json()["rule"] == "R8"
            assert facts[-1] == "Withdrawn"


@pytest.mark.rule("R8")
async def test_a_breach_reaches_an_offer_under_the_units_new_legal_entity(offers: Offers) -> None:
    connection = await asyncpg.connect(offers.postgres)
    await connection.execute(
        "insert into offers.units (p_number, effective_from, cvr, industry) values ($1, '2026-01-01', $2, 'day-care')",
        UNIT,
        OTHER_CVR,
    )
    await connection.close()
    answer = await offers.post("/v1/offers", {**offer(), "cvr": OTHER_CVR})
    assert answer.status_code == 201, answer.text
    await _take(offers, _breach(UNIT, version=1))
    assert (await _facts(offers, answer.json()["id"]))[-1] == "Withdrawn"
    refused = (await offers.post("/v1/offers", {**offer(topic="061"), "cvr": OTHER_CVR})).json()
    assert (refused["rule"], "breach" in refused["detail"]) == ("R8", True), "the authority sees whose breach it was"


@pytest.mark.rule("R6", "R8")
async def test_an_offer_does_not_lapse_while_a_fact_about_its_unit_waits(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    connection = await asyncpg.connect(offers.postgres, server_settings={"search_path": "offers"})
    await _park(connection, _breach(UNIT))
    offers.clock.move_to(datetime.fromisoformat("2026-05-01T00:00:00+02:00"))
    await asyncio.sleep(1.5)
    assert "Lapsed" not in await _facts(offers, agreement_id)
    await connection.execute("delete from parked")
    await connection.close()
    async with asyncio.timeout(10):
        while "Lapsed" not in await _facts(offers, agreement_id):
            await asyncio.sleep(0.1)


@pytest.mark.rule("R4", "R28")
async def test_an_offer_that_did_not_arrive_is_sent_again_by_itself(offers: Offers) -> None:
    agreement_id = (await offers.post("/v1/offers", offer())).json()["id"]
    failure = {"delivered": False, "failure": "portal-down"}
    await offers.post(f"/v1/offers/{agreement_id}/delivery", failure, Role.PORTAL)
    offers.clock.move_to(NOW + timedelta(hours=24))
    async with asyncio.timeout(10):
        while "OfferResent" not in await _facts(offers, agreement_id):
            await asyncio.sleep(0.05)


@pytest.mark.rule("R2", "R10")
async def test_a_spread_agreement_includes_units_of_the_company_only(offers: Offers) -> None:
    sent = await offers.post("/v1/offers", {**offer(), "kind": "spread", "grounds": GROUNDS})
    path = f"/v1/offers/{sent.json()['id']}/acceptance"

    async def accept(*units: str) -> httpx.Response:
        body = {"has_read": True, "includes": [{"p_number": unit} for unit in units]}
        return await offers.post(path, body, Role.COMPANY)

    refused = await accept(FOREIGN)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R10")
    assert (await accept(SISTER)).status_code == 200
    taken = await offers.post("/v1/offers", offer(SISTER))
    assert (taken.status_code, taken.json()["rule"]) == (409, "R8"), "the topic is taken at every unit included"


@pytest.mark.rule("R10", "R31")
async def test_an_offer_found_in_a_department_is_accepted_with_another_one_of_the_same_unit(offers: Offers) -> None:
    path = f"/v1/offers/{await found_in_a_department(offers)}"

    async def accept(department: str | None) -> httpx.Response:
        included = {"p_number": UNIT} | ({} if department is None else {"department": department})
        return await offers.post(f"{path}/acceptance", {"has_read": True, "includes": [included]}, Role.COMPANY)

    for again in ("Lager", None):
        refused = await accept(again)
        assert (refused.status_code, refused.json()["rule"]) == (409, "R10")
    answer = await accept("Montage")
    assert answer.status_code == 200, answer.text
    seen = await offers.get(path)
    assert [place["department"] for place in seen["places"]] == ["Lager", "Montage"]


@pytest.mark.rule("R10", "R31")
async def test_where_the_department_was_erased_the_offer_is_not_accepted_and_says_why(offers: Offers) -> None:
    agreement_id = await found_in_a_department(offers)
    assert await private_keys.destroy(offers.runtime.database, [(UUID(agreement_id), "")])
    body = {"has_read": True, "includes": [{"p_number": SISTER}]}
    for query in ("", "?dry_run=true"):
        refused = await offers.post(f"/v1/offers/{agreement_id}/acceptance{query}", body, Role.COMPANY)
        assert (refused.status_code, refused.json()["rule"]) == (409, "R31")
        assert "erased" in refused.json()["detail"]


@pytest.mark.rule("R14", "R20", "R30")
async def test_nothing_is_offered_where_a_violation_was_found_until_it_is_decided(offers: Offers) -> None:
    agreement_id = await found_in_a_department(offers)
    body = {"has_read": True, "includes": [{"p_number": SISTER}]}
    accepted = await offers.post(f"/v1/offers/{agreement_id}/acceptance", body, Role.COMPANY)
    assert accepted.status_code == 200, accepted.text
    (place,) = [one["place_id"] for one in (await offers.get(f"/v1/offers/{agreement_id}"))["places"]][1:]
    told = {"agreement_id": UUID(agreement_id), "place_id": UUID(place), "outcome": ControlOutcome.VIOLATION}
    completed = ControlCompleted.model_validate(least(ControlCompleted).model_dump() | told)
    await _take(offers, _message(completed, completed.agreement_id, SISTER, 1))
    refused = await offers.post("/v1/offers", offer(SISTER, "011"))
    assert (refused.status_code, refused.json()["rule"]) == (409, "R14")
    assert (await offers.post("/v1/offers", offer(UNIT, "011"))).status_code == 201
    decided = Fulfilled(agreement_id=UUID(agreement_id), fulfilled_at=NOW)
    await _take(offers, _message(decided, decided.agreement_id, SISTER, 2))
    assert (await offers.post("/v1/offers", offer(SISTER, "011"))).status_code == 201


async def found_in_a_department(offers: Offers) -> str:
    """An open spread offer."""
    body = {**offer(), "kind": "spread", "grounds": GROUNDS, "department": "Lager"}
    sent = await offers.post("/v1/offers", body)
    assert sent.status_code == 201, sent.text
    agreement_id: str = sent.json()["id"]
    await offers.post(f"/v1/offers/{agreement_id}/delivery", {"delivered": True}, Role.PORTAL)
    return agreement_id


async def _register(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.executemany(
        """insert into offers.units (p_number, effective_from, cvr, industry, name)
           values ($1, $2, $3, 'day-care', 'Solsikken')""",
        [(unit, date(2020, 1, 1), cvr) for unit, cvr in ((UNIT, CVR), (SISTER, CVR), (FOREIGN, OTHER_CVR))],
    )
    await connection.close()


async def test_a_text_with_a_nul_character_is_a_fault_and_not_kept(offers: Offers) -> None:
    answer = await offers.post("/v1/offers", {**offer(), "observations": "a\u0000b"})
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["faults"]] == ["body.observations"]


@pytest.mark.rule("R1", "R42")
async def test_the_letter_names_unit_inspector_and_what_was_seen_in_the_language_that_is_asked_for(
    offers: Offers,
) -> None:
    agreement_id = await offers.offered_and_delivered()
    danish = (await offers.get(f"/v1/offers/{agreement_id}"))["letter"]
    english = (await offers.get(f"/v1/offers/{agreement_id}?language=en"))["letter"]
    danish, english = (" ".join(text.split()) for text in (danish, english))
    for text in (danish, english):
        for said in ("Solsikken", CVR, UNIT, "Anna Vestergaard", "Heavy lifts."):
            assert said in text
    assert "senest tirsdag den 7. april 2026" in danish
    assert "by Tuesday 7 April 2026" in english
