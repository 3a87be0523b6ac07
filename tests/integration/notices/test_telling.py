"""Before somebody is told, the owners are asked; their answers decide who is told and whether (R15, R29, R34, R42)."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notices.channels.outcome import Failed as ChannelFailed
from services.notices.channels.outcome import InDoubt
from services.notices.channels.outcome import Outcome as ChannelOutcome
from services.notices.channels.outcome import Sent as ChannelSent
from services.notices.channels.send_journal import SendJournal
from services.notices.lookups.digests import Digests
from services.notices.lookups.owners import Owners
from services.notices.lookups.sending import OnceSender
from services.notices.lookups.telling import Telling
from services.notices.lookups.text_files import load_texts
from services.notices.lookups.wording import Wording
from services.notices.rules.case_decider import NOTICES
from services.notices.rules.message import Message
from services.notices.rules.phases import Followed
from services.notices.rules.reader import READER, SEND, AddEntries, reader_stream
from services.notices.rules.tries import Ended, Failed, Outcome, Postponed, Queued, Sent
from shared.contracts.notices import (
    FACTS,
    Channel,
    DigestEntryAdded,
    DigestSent,
    MatterRaised,
    Occasion,
    Recipient,
    TryFailure,
    Untold,
)
from shared.deadlines.deadlines import response_deadline
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.clock import VirtualClock
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.database import Database, open_database
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import HoldBack
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.eventstore.timers import TimerLoop, Together
from shared.http.matters import MatterView
from shared.policy.policies import load_policies
from tests.integration.notices.owners_on_a_port import OwnersOnAPort, answering
from tests.unit.notices.notices_facts import (
    AGREEMENT,
    CVR,
    DELIVERED_AT,
    INSPECTOR,
    POLICY,
    TOPIC,
    UNIT,
    at,
    given,
    matter,
)
from tests.unit.notices.notices_facts import followed as was_followed

pytestmark = pytest.mark.rule("R29")
DUE = at("2026-03-16", "08:00")
CONTACT = UUID(int=8)
MANAGER, COLLEAGUE = "manager@company.example", "inspector-2"
OFFER_ENDS_SOON = matter(Occasion.OFFER_ENDS_SOON, Recipient.UNIT_MANAGER, DUE).model_copy(update={"code": "suspicion"})
DUE_NOW = matter(Occasion.GUIDANCE_DUE, Recipient.INSPECTOR, DUE)
ANSWERED = matter(Occasion.OFFER_ANSWERED, Recipient.INSPECTOR, DUE)
STANDS = MatterView(
    stands=True, version=3, day=response_deadline(DELIVERED_AT, POLICY).last_day, why_da="Fordi.", why_en="Because."
).model_dump(mode="json")


async def _nothing() -> None:
    pass


@dataclass
class Post:
    """Keeps what is sent, and answers what a test says."""

    outcome: ChannelOutcome = field(default_factory=ChannelSent)
    sent: list[Message] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] = _nothing
    """What happens while the first message is on its way."""

    async def send(self, message: Message, try_number: int = 0) -> ChannelOutcome:
        self.sent.append(message)
        if len(self.sent) == 1:
            await self.meanwhile()
        return self.outcome


@dataclass
class Bench:
    """The look-up of the timer, with everything that it asks."""

    telling: Telling
    owners: OwnersOnAPort
    post: Post
    database: Database
    store: EventStore
    digests: Digests
    """With a journal of tries before the post."""

    async def tell(self, *raised: MatterRaised, now: datetime = DUE, facts: Sequence[Event] = ()) -> Sequence[Outcome]:
        """What became of the matters of a case that has been raised."""
        outcomes: Sequence[Outcome] = (await self.together(*raised, now=now, facts=facts)).command.outcomes
        return outcomes

    async def together(self, *raised: MatterRaised, now: datetime = DUE, facts: Sequence[Event] = ()) -> Together:
        state = given(was_followed(), *raised, *facts).state
        assert isinstance(state, Followed)
        found = await self.telling.tell(state, TimerDue("tell", DUE, now))
        assert isinstance(found, Together)
        return found

    async def is_away(self, first: str, last: str, *, stand_in: str | None = None) -> None:
        """R42: the inspector is away in those days; somebody stands in or not."""
        span = {"first": first, "last": last}
        stand_ins = {} if stand_in is None else {str(UUID(int=5)): {**span, "stand_in": stand_in}}
        async with self.database.acquire() as connection:
            await connection.execute(
                "insert into people (person_id, centre, roles, stand_ins, absences) values ($1, 'east', '{}', $2, $3)",
                INSPECTOR,
                json.dumps(stand_ins),
                json.dumps({str(UUID(int=4)): span}),
            )


@pytest.fixture
async def bench(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    owners = OwnersOnAPort(
        parties={
            "cvr": CVR,
            "p_number": UNIT,
            "unit": "Nordby Bageri",
            "topic": TOPIC,
            "contacts": [{"contact_id": str(CONTACT), "role": "unit_manager", "name": "Mette", "email": MANAGER}],
        },
        matter=STANDS,
        addresses={INSPECTOR: {"name": "Anna", "email": "anna@tilsyn.example"}},
    )
    for service in ("offers", "guidance", "control"):
        monkeypatch.setenv(f"AFTALE_PORT_{service.upper()}", str(owners.port))
    async with (
        answering(owners),
        open_database(postgres_dsn, "notices") as database,
        EventStore(database, EventTypes(FACTS)) as store,
    ):
        runtime: Any = SimpleNamespace(
            policies=load_policies(), store=store, database=database, settings=SimpleNamespace(state=tmp_path)
        )
        post = Post()
        async with Owners(runtime.settings) as asked:
            wording = Wording(load_texts(), "da", b"k" * 32)
            telling = Telling(runtime, asked, post, wording)
            digests = Digests(runtime, asked, OnceSender(post, SendJournal(database)), wording)
            yield Bench(telling, owners, post, database, store, digests)


async def test_the_owner_of_the_matter_is_asked_last_and_the_contact_is_told(bench: Bench) -> None:
    (sent,) = await bench.tell(OFFER_ENDS_SOON)
    assert isinstance(sent, Sent)
    assert (sent.channel, sent.contact_id, sent.person) == (Channel.EMAIL, CONTACT, None)
    (message,) = bench.post.sent
    assert (message.to, message.message_id, message.told_by) == (MANAGER, sent.message_id, AGREEMENT)
    assert bench.owners.asked[-1] == "offers matter offer-ends-soon"


async def test_nobody_is_told_of_what_its_owner_says_is_settled(bench: Bench) -> None:
    for answer in (STANDS | {"stands": False}, None):
        bench.owners.matter = answer
        assert await bench.tell(OFFER_ENDS_SOON) == [Ended(OFFER_ENDS_SOON.matter_id, Untold.SETTLED)]
    assert bench.post.sent == []


@pytest.mark.parametrize("which", ["parties", "matter"])
async def test_while_an_owner_does_not_answer_the_timer_is_held_back_and_nothing_is_sent(
    bench: Bench, which: str
) -> None:
    setattr(bench.owners, which, 503)
    with pytest.raises(HoldBack, match="offers answers 503"):
        await bench.tell(OFFER_ENDS_SOON)
    assert bench.post.sent == []


async def test_of_an_erased_case_nobody_is_told(bench: Bench) -> None:
    assert isinstance(bench.owners.parties, dict)
    bench.owners.parties["contacts"][0] |= {"name": None, "email": None}
    assert await bench.tell(OFFER_ENDS_SOON) == [Ended(OFFER_ENDS_SOON.matter_id, Untold.CASE_ERASED)]
    bench.owners.parties = None
    assert await bench.tell(OFFER_ENDS_SOON) == [Ended(OFFER_ENDS_SOON.matter_id, Untold.CASE_ERASED)]


@pytest.mark.rule("R34")
async def test_a_role_without_a_contact_or_an_address_is_said_to_have_none(bench: Bench) -> None:
    of_safety = matter(Occasion.OFFER_WAITING, Recipient.SAFETY_REPRESENTATIVE, DUE)
    assert await bench.tell(of_safety) == [Ended(of_safety.matter_id, Untold.NO_ADDRESS)]
    assert isinstance(bench.owners.parties, dict)
    bench.owners.parties["contacts"][0]["email"] = None
    assert await bench.tell(OFFER_ENDS_SOON) == [Ended(OFFER_ENDS_SOON.matter_id, Untold.NO_ADDRESS)]


async def test_what_its_end_has_passed_is_pointless_and_nobody_is_asked(bench: Bench) -> None:
    assert await bench.tell(OFFER_ENDS_SOON, now=OFFER_ENDS_SOON.latest_at) == [
        Ended(OFFER_ENDS_SOON.matter_id, Untold.POINTLESS)
    ]
    assert bench.owners.asked == []


async def test_at_the_authority_what_can_wait_goes_into_the_digest_and_the_rest_at_once(bench: Bench) -> None:
    both = await bench.together(ANSWERED, DUE_NOW)
    by_matter = {one.matter_id: one for one in both.command.outcomes}
    assert by_matter[ANSWERED.matter_id] == Queued(ANSWERED.matter_id, INSPECTOR)
    told = by_matter[DUE_NOW.matter_id]
    assert isinstance(told, Sent)
    assert told.person == INSPECTOR
    (entry,) = both.others
    assert (entry.decider, type(entry.command)) == (READER, AddEntries)
    assert entry.command.matters == [ANSWERED.matter_id]


async def test_a_digest_tells_once_though_matters_reach_its_reader_while_it_is_sent(
    bench: Bench, tmp_path: Path
) -> None:
    """What was taken is recorded before it is sent; so the append that finds the reader changed sends nothing anew."""

    async def record(decider: Any, stream: UUID, command: Any) -> None:
        metadata = Metadata(command_id=uuid4(), actor="notices")
        await execute(bench.store, [Intent(decider, stream, command)], at=DUE, metadata=metadata)

    async def another() -> None:
        await record(READER, reader, AddEntries(DUE, POLICY, INSPECTOR, AGREEMENT, [UUID(int=99)], ANSWERED.latest_at))

    reader, bench.post.meanwhile = reader_stream(INSPECTOR), another
    case = tuple(Occurred(fact, DUE) for fact in (was_followed(), ANSWERED.model_copy(update={"code": "accepted"})))
    await bench.store.append(Change(Metadata(uuid4(), "notices"), (Write(AGREEMENT, 0, case),)))
    before = DUE - timedelta(days=1)
    latest_at = ANSWERED.latest_at
    await record(READER, reader, AddEntries(before, POLICY, INSPECTOR, AGREEMENT, [ANSWERED.matter_id], latest_at))
    clock = VirtualClock(tmp_path / "clock", at("2026-03-16", "09:00"))
    lookups = {f"{READER.name}:{SEND}": bench.digests.send}
    loop = TimerLoop(bench.database, bench.store, clock, [READER, NOTICES], actor="notices", lookups=lookups)
    while await loop.fire_due():
        pass
    facts = [one.event for one in (await bench.store.load(reader)).events]
    (told,) = [one for one in facts if isinstance(one, DigestSent)]
    (message,) = bench.post.sent
    assert (told.message_id, told.matters) == (message.message_id, (ANSWERED.matter_id,))
    assert isinstance(facts[-2], DigestEntryAdded)
    waits = (await read(bench.store, READER, reader)).state
    assert READER.timers(waits) == {"digest": at("2026-03-17", "07:00")}


@pytest.mark.rule("R15", "R42")
async def test_in_place_of_who_is_away_the_stand_in_is_told(bench: Bench) -> None:
    await bench.is_away("2026-03-16", "2026-03-18", stand_in=COLLEAGUE)
    bench.owners.addresses[COLLEAGUE] = {"name": "Bo", "email": "bo@tilsyn.example"}
    (told,) = await bench.tell(DUE_NOW)
    assert isinstance(told, Sent)
    assert (told.person, bench.post.sent[0].to) == (COLLEAGUE, "bo@tilsyn.example")
    assert await bench.tell(ANSWERED) == [Queued(ANSWERED.matter_id, COLLEAGUE)]


@pytest.mark.rule("R15", "R42")
async def test_who_is_away_without_a_stand_in_is_told_on_return_or_at_once_where_that_is_too_late(bench: Bench) -> None:
    await bench.is_away("2026-03-16", "2026-03-20")
    back = at("2026-03-23", "08:00")
    assert await bench.tell(DUE_NOW) == [Postponed(DUE_NOW.matter_id, back)]
    assert await bench.tell(ANSWERED) == [Postponed(ANSWERED.matter_id, back)]
    urgent = matter(Occasion.GUIDANCE_DUE, Recipient.INSPECTOR, DUE, latest_at=back)
    (told,) = await bench.tell(urgent)
    assert isinstance(told, Sent)


async def test_a_message_that_failed_says_how_and_one_in_doubt_goes_again_only_with_legal_effect(bench: Bench) -> None:
    bench.post.outcome = ChannelFailed(TryFailure.REFUSED, "5.1.1")
    assert await bench.tell(OFFER_ENDS_SOON) == [
        Failed(OFFER_ENDS_SOON.matter_id, Channel.EMAIL, TryFailure.REFUSED, "5.1.1")
    ]
    bench.post.outcome = InDoubt()
    assert await bench.tell(OFFER_ENDS_SOON) == [Ended(OFFER_ENDS_SOON.matter_id, Untold.IN_DOUBT)]
    result = matter(Occasion.HEARING_OPENED, Recipient.UNIT_MANAGER, DUE)
    assert await bench.tell(result) == [Failed(result.matter_id, Channel.EMAIL, TryFailure.IN_DOUBT)]
    assert bench.post.sent[-1].has_legal_effect


async def test_what_the_text_needs_and_the_owner_does_not_say_is_a_failed_try(bench: Bench) -> None:
    bench.owners.matter = STANDS | {"day": None, "why_da": None}
    assert await bench.tell(OFFER_ENDS_SOON) == [
        Failed(OFFER_ENDS_SOON.matter_id, Channel.EMAIL, TryFailure.NOT_WORDED)
    ]
    assert bench.post.sent == []


async def test_all_that_is_due_is_told_and_nothing_that_is_not(bench: Bench) -> None:
    later = matter(Occasion.OFFER_HALFWAY, Recipient.UNIT_MANAGER, DUE + timedelta(seconds=1))
    told = await bench.tell(OFFER_ENDS_SOON, later)
    assert [one.matter_id for one in told] == [OFFER_ENDS_SOON.matter_id]
