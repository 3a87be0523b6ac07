"""The mail server of the year, which fails at random, and what must hold of the messages that it took (R28, R29)."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.findings import Finding
from benchmarks.year.check import Connection
from services.notices.channels.mail_settings import message_key
from services.notices.lookups.untold import read_untold
from services.notices.rules.message import message_id
from services.notices.rules.occasion import COMPANY
from services.notices.rules.occasions import OCCASIONS
from shared.contracts import control, guidance, notices, offers
from shared.contracts.control import ControlBooked
from shared.contracts.notices import (
    Channel,
    DigestSent,
    MatterEnded,
    MatterRaised,
    NoticeFailed,
    NoticePostponed,
    NoticeSent,
    Occasion,
    Untold,
)
from shared.deadlines.copenhagen import local_day
from shared.eventstore.events import Event, EventTypes

_OK = "250 2.0.0 OK"
_FAILS = {"later": 0.01, "no such address": 0.002, "kept and cut off": 0.01, "cut off": 0.01}
"""The share of messages that the server fails to take, by how."""


@dataclass
class UnreliableMailServer:
    """Takes most messages; some it refuses, or ends the connection before its answer."""

    drawn: Random = field(default_factory=Random)
    """Without a seed: what fails is other in each run."""
    arrived: Counter[str] = field(default_factory=Counter)
    """How often it has each message, by Message-ID without brackets."""
    failed: Counter[str] = field(default_factory=Counter)
    """How often it failed, by how."""

    def hooks(self) -> SimpleNamespace:
        """Returns what the library calls, by its names."""
        return SimpleNamespace(handle_DATA=self._take)

    async def _take(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        how = self._draw()
        if how is not None:
            self.failed[how] += 1
        if how == "later":
            return "451 4.3.0 Later"
        if how == "no such address":
            return "550 5.1.1 No such address"
        if how != "cut off":
            head = message_from_bytes(envelope.original_content or b"")
            self.arrived[str(head["Message-ID"]).strip("<> ")] += 1
        if how is not None and server.transport is not None:
            cast("asyncio.Transport", server.transport).abort()
        return _OK

    def _draw(self) -> str | None:
        left = self.drawn.random()
        for how, share in _FAILS.items():
            if left < share:
                return how
            left -= share
        return None


@dataclass(frozen=True)
class Told:
    """What the facts of notices say, and what the server has."""

    findings: Sequence[Finding]
    lines: Sequence[str]
    """Figures in words."""


async def told(connection: Connection, server: UnreliableMailServer, state: Path, now: datetime) -> Told:
    """R28, R29: compares the facts of notices with the mailbox, and with the facts by which matters are settled."""
    facts = [fact for fact, _ in await _facts(connection, "notices", notices.FACTS)]
    raised = {fact.matter_id: fact for fact in facts if isinstance(fact, MatterRaised)}
    mails = [fact for fact in facts if isinstance(fact, NoticeSent) and fact.channel is Channel.EMAIL]
    digests = [fact for fact in facts if isinstance(fact, DigestSent) and fact.message_id is not None]
    await connection.execute("set search_path to notices")
    untold = await read_untold(connection, now)
    said = {*(one.message_id for one in mails), *(one.message_id for one in digests if not one.in_doubt)}
    key = message_key(state)
    doubted = {
        message_id(key, fact.matter_id, 0)
        for fact in facts
        if isinstance(fact, MatterEnded) and fact.why is Untold.IN_DOUBT
    } | {one.message_id for one in digests if one.in_doubt}
    marked = {one.message_id for one in mails if one.in_doubt}
    arrived = server.arrived
    twice = [one for one, times in arrived.items() if times > 1]
    settled, looked_at = await _told_though_settled(connection, facts, raised)
    announced, hidden = await _hidden_but_told(connection, raised.values())
    findings = [
        Finding("matters, none due and untold", len(raised), missed=sum(one.matters for one in untold)),
        Finding("messages said to be sent, all in the mailbox", len(said), missed=len(said - arrived.keys())),
        Finding(
            "messages in the mailbox, once unless marked in doubt, none unsaid",
            len(arrived),
            doubled=len([one for one in twice if one not in marked]),
            otherwise=len(arrived.keys() - said - doubted),
        ),
        Finding("matters told, none after what settled it", looked_at, otherwise=settled),
        Finding("matters of announced visits, none of a hidden one", announced, otherwise=hidden),
    ]
    lines = [
        f"mailbox: {sum(arrived.values()):,} messages, of which {len(twice):,} came twice; server failed: "
        f"{dict(server.failed)}",
        _by_person(digests, facts),
        _lateness(raised, facts),
        _ended(facts),
    ]
    return Told(findings, lines)


async def _facts(connection: Connection, schema: str, types: Sequence[type[Event]]) -> list[tuple[Event, datetime]]:
    known = EventTypes(types)
    rows = await connection.fetch(
        f"select type, data::text as data, schema_version, occurred_at from {schema}.events order by position"
    )
    return [
        (known.read(row["type"], row["data"], row["schema_version"]), row["occurred_at"])
        for row in rows
        if row["type"] in {one.__name__ for one in types}
    ]


async def _told_though_settled(
    connection: Connection, facts: Sequence[Event], raised: Mapping[UUID, MatterRaised]
) -> tuple[int, int]:
    """Returns how many matters were told later than a fact that settles them, and how many were looked at."""
    ending = {fact for rule in OCCASIONS.values() for fact in rule.ended_by}
    by_case: defaultdict[UUID, list[tuple[Event, datetime]]] = defaultdict(list)
    for schema, types in (("offers", offers.FACTS), ("guidance", guidance.FACTS), ("control", control.FACTS)):
        for fact, at in await _facts(connection, schema, types):
            if type(fact) in ending:
                by_case[UUID(fact.model_dump(mode="json")["agreement_id"])].append((fact, at))
    settled = looked_at = 0
    for fact in facts:
        if isinstance(fact, NoticeSent):
            matter = raised[fact.matter_id]
            ended_by = OCCASIONS[matter.occasion].ended_by
            looked_at += 1
            settled += any(
                matter.raised_at < at < fact.sent_at and (ends := ended_by.get(type(one))) and ends(one, matter.about)
                for one, at in by_case[matter.agreement_id]
            )
    return settled, looked_at


async def _hidden_but_told(connection: Connection, raised: Iterable[MatterRaised]) -> tuple[int, int]:
    """R18: returns how many matters tell a company of a visit, and how many of these visits were not announced."""
    booked: defaultdict[UUID, list[datetime]] = defaultdict(list)
    for fact, at in await _facts(connection, "control", (ControlBooked,)):
        if isinstance(fact, ControlBooked) and fact.announced:
            booked[fact.agreement_id].append(at)
    of_visits = [
        one for one in raised if one.occasion is Occasion.CONTROL_ANNOUNCED or one.occasion is Occasion.CONTROL_SOON
    ]
    to_company = [one for one in of_visits if one.recipient in COMPANY]
    hidden = sum(all(at > one.raised_at for at in booked[one.agreement_id]) for one in to_company)
    return len(to_company), hidden


def _by_person(digests: Sequence[DigestSent], facts: Sequence[Event]) -> str:
    """R29: messages per person at the authority and day, with digests and as they would be without."""
    at_once = [
        (fact.person, local_day(fact.sent_at))
        for fact in facts
        if isinstance(fact, NoticeSent) and fact.channel is Channel.EMAIL and fact.person is not None
    ]
    days: Counter[tuple[Any, date]] = Counter(at_once)
    without = Counter(days)
    for one in digests:
        key = one.person_id, local_day(one.sent_at)
        days[key] += 1
        without[key] += len(one.matters)
    if not days:
        return "nobody at the authority was told anything"
    with_digests, alone = (
        f"{sum(some.values()) / len(some):.2f} (most {max(some.values())})" for some in (days, without)
    )
    return f"messages per person at the authority and day with any: {with_digests}, without digests {alone}"


def _lateness(raised: Mapping[UUID, MatterRaised], facts: Sequence[Event]) -> str:
    """How much later than due messages went out, of those that neither failed nor waited for somebody's return."""
    put_off = {fact.matter_id for fact in facts if isinstance(fact, NoticeFailed | NoticePostponed)}
    late: dict[bool, timedelta] = {True: timedelta(0), False: timedelta(0)}
    for fact in facts:
        if isinstance(fact, NoticeSent) and fact.channel is Channel.EMAIL:
            failed = fact.matter_id in put_off
            late[failed] = max(late[failed], fact.sent_at - raised[fact.matter_id].due_at)
    return f"longest lateness: {late[False]} where no try failed, {late[True]} where one did"


def _ended(facts: Sequence[Event]) -> str:
    ended = Counter(fact.why.value for fact in facts if isinstance(fact, MatterEnded))
    sent = Counter(fact.channel.value for fact in facts if isinstance(fact, NoticeSent))
    return f"told: {dict(sent)}; not told, or not again: {dict(ended)}"
