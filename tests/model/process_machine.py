"""Random courses of the whole process, each step on a world and on the reference, and both compared.

A world is the product, in memory or as running services. Commands go over its HTTP interface; time, messages that wait
and faults are the machine's to choose. `FIGURES` counts what was tried.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any, Protocol
from uuid import uuid4

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model import view_reference
from tests.model.danish_days import ONE_DAY, after, day_of, midnight, open_from
from tests.model.reference import PSYCHOSOCIAL, AfterNo, Agreement, Course, Reference, Rules

UNITS = {
    "1003388394": "13748136",
    "1003388395": "13748136",
    "1003388396": "13748136",
    "1003388397": "13748136",
    "1003388398": "24256790",
}
"""The legal entity of each unit that the register knows."""
BUYER = "24256790"
CHANGING_UNITS = ("1003388394", "1003388395", "1003388398")
"""R40: those that may be sold, or cease; the others stay, so that there is always something to offer."""
TOPICS = ("056", "064")
INSPECTORS = ("anna", "bo")
BEGINNINGS = (datetime(2023, 9, 5, 7, tzinfo=UTC), datetime(2026, 3, 2, 7, tzinfo=UTC))
"""Before and after the day on which the reach of quarantines changed (R22)."""
_TRIES = 12
STEPS_IN_A_BUSY_TIME = 40
_AS_SEEN = {"opened": "not offered", "unknown": "not offered"}
_NOT_OFFERED = {"not offered", "due", "overdue"}
PICK = st.integers(0, 9_999)
FLAG = st.booleans()
SEED = st.integers(0, 2**32 - 1)


class World(Protocol):
    """The product as the machine needs it."""

    @property
    def now(self) -> datetime: ...

    def request(
        self, service: str, method: str, path: str, who: str, body: Any = None, key: str = ""
    ) -> tuple[int, Any]: ...

    def settle(self) -> None: ...

    def advance_to(self, instant: datetime) -> None: ...

    def break_next_append(self, service: str, fault: Any) -> None: ...

    def issue_order(self, agreement: str, cvr: str, unit: str, topic: str, request: str | None) -> None: ...

    def tell_owner(self, unit: str, since: date, cvr: str | None) -> None: ...

    def id_of(self, who: str) -> str: ...

    def close(self) -> None: ...


@dataclass
class Figures:
    """What was tried, and what came of it."""

    steps: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unavailable: int = 0
    repeated: int = 0
    dry_runs: int = 0
    compared: int = 0
    states: set[str] = field(default_factory=set)
    systems: set[str] = field(default_factory=set)

    def as_json(self) -> str:
        """For a report."""
        return json.dumps(
            {
                "steps": self.steps,
                "states of an agreement": len(self.states),
                "states of a system": len(self.systems),
                "comparisons": self.compared,
                "repetitions": self.repeated,
                "dry runs": self.dry_runs,
                "answers 503": self.unavailable,
                "accepted": dict(sorted(self.accepted.items())),
                "refused": dict(sorted(self.refused.items(), key=lambda row: int(row[0][1:]))),
            },
            indent=1,
        )


FIGURES = Figures()


class ProcessMachine(RuleBasedStateMachine):
    """Every rule is something that somebody does; whether it is allowed, the reference says first."""

    @staticmethod
    def make_world(begins: datetime, seed: int) -> World:
        """A subclass says on what the courses are played."""
        raise NotImplementedError

    world: World
    reference: Reference
    holding = False
    """Whether nobody hears of what the others record."""
    behind = False
    """Whether something may wait that was held back."""
    chosen: Agreement | None = None
    """Whose course is carried on."""
    steps = 0
    last: tuple[str, str, str, Any, str, tuple[int, Any]] | None = None

    @initialize(beginning=st.sampled_from(BEGINNINGS), seed=SEED, busy=st.integers(0, 6))
    def begin(self, beginning: datetime, seed: int, busy: int) -> None:
        """With what has happened before: rules drawn one by one seldom lead far into a course."""
        self.world = self.make_world(beginning, seed)
        self.reference = Reference(self.world.now, UNITS)
        for number in range(busy):
            self.have_a_busy_time(seed + number)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self._settle()
            self._compare_all()
            self.world.close()

    # Offers

    @rule(pick=PICK, spread=FLAG, odd=PICK)
    def send(self, pick: int, spread: bool, odd: int) -> None:
        unit = list(UNITS)[pick % len(UNITS)]
        cvr = (self.reference.owner(unit) or UNITS[unit]) if odd % 19 else BUYER
        topic, months = TOPICS[pick // 7 % 2], (3, 6, 4)[odd % 3]
        inspector = f"inspector {INSPECTORS[pick // 11 % 2]}"
        found = spread if odd % 17 else not spread
        reason = None if odd % 5 == 0 else "Højsæson"
        follows = self._earlier(odd, cvr, unit, topic)
        rules = self.reference.may_send(
            spread=spread,
            cvr=cvr,
            unit=unit,
            topic=topic,
            months=months,
            reason=bool(reason),
            found=found,
            follows=follows,
        )
        body = {
            **self._offer(spread, cvr, unit, topic, months, found),
            "period_reason": reason,
            "follows": follows and follows.id,
        }
        answer = self._do("offers", "/v1/offers", inspector, body, rules, command="send")
        if not rules:
            self.reference.send(
                answer["id"],
                spread=spread,
                cvr=cvr,
                unit=unit,
                topic=topic,
                months=months,
                inspector=self.world.id_of(inspector),
                follows=follows,
            )
        self._after(answer["id"] if not rules else None)

    def _offer(self, spread: bool, cvr: str, unit: str, topic: str, months: int, found: bool) -> dict[str, Any]:
        grounds = {
            "violation": "found" if found else "suspected",
            "concrete": True,
            "material": True,
            "reaction_due": "order_with_deadline",
            "exists_elsewhere": True,
            "can_be_carried_over": True,
        }
        return {
            "kind": "spread" if spread else "suspicion",
            "cvr": cvr,
            "p_number": unit,
            "topic": topic,
            "inspection_id": "I-1",
            "period_months": months,
            "period_reason": "Højsæson",
            "observations": "Der løftes tungt.",
            "grounds": grounds,
        }

    def _some(self) -> bool:
        return hasattr(self, "reference") and bool(self.reference.agreements)

    @precondition(_some)
    @rule(pick=PICK, hours=st.integers(-2, 30))
    def deliver(self, pick: int, hours: int) -> None:
        one = self._pick(pick, lambda one: one.offer == "sent")
        available_at = self.world.now - timedelta(hours=max(hours, 0) if hours > -2 else -1)
        if hours % 3 == 0:
            available_at = max(available_at, one.sent_at)
        rules = self.reference.deliver(one, available_at)
        body = {"delivered": True, "available_at": available_at.isoformat()}
        self._on(one, "offers", "delivery", "portal advi", body, rules)

    @precondition(_some)
    @rule(pick=PICK)
    def fail(self, pick: int) -> None:
        one = self._pick(pick, lambda one: one.offer == "sent")
        body = {"delivered": False, "failure": None}
        self._on(one, "offers", "delivery", "portal advi", body, self.reference.fail(one), command="fail")

    @precondition(_some)
    @rule(pick=PICK)
    def resend(self, pick: int) -> None:
        one = self._pick(pick, lambda one: one.offer == "sent")
        self._on(one, "offers", "resending", "supporter sus", None, self.reference.resend(one))

    @precondition(_some)
    @rule(pick=PICK, hours=st.integers(0, 60))
    def correct_delivery(self, pick: int, hours: int) -> None:
        one = self._pick(pick, lambda one: one.offer == "delivered")
        available_at = max(one.sent_at, self.world.now - timedelta(hours=hours))
        rules = self.reference.correct_delivery(one, available_at)
        body = {"available_at": available_at.isoformat(), "reason": "Portalens ur gik forkert"}
        self._on(one, "offers", "delivery-correction", "inspector anna", body, rules)

    @precondition(_some)
    @rule(pick=PICK, name=st.sampled_from(INSPECTORS))
    def reassign(self, pick: int, name: str) -> None:
        one = self._pick(pick, lambda one: one.offer in ("sent", "delivered"))
        inspector = self.world.id_of(f"inspector {name}")
        rules = self.reference.reassign_offer(one, inspector)
        self._on(one, "offers", "inspector", "supporter sus", {"inspector": inspector}, rules, command="reassign")

    @precondition(_some)
    @rule(pick=PICK, included=st.lists(st.sampled_from(sorted(UNITS)), max_size=3), odd=PICK)
    def accept(self, pick: int, included: list[str], odd: int) -> None:
        one = self._pick(pick, lambda one: one.offer in ("sent", "delivered"))
        if odd % 8:  # mostly what can be accepted
            others = [unit for unit in UNITS if self.reference.owner(unit) == one.cvr and unit != one.unit]
            own = [unit for unit in dict.fromkeys(included) if unit in others]
            if one.carries is not None:
                own = [unit for unit in one.carries.units if unit != one.unit]
            included = (own or others[:1]) if one.spread else []
        rules = self.reference.accept(one, has_read=odd % 13 != 1, includes=included)
        body = {"has_read": odd % 13 != 1, "includes": [{"p_number": unit} for unit in included]}
        self._on(one, "offers", "acceptance", self._company(one), body, rules)

    @precondition(_some)
    @rule(pick=PICK)
    def decline(self, pick: int) -> None:
        one = self._pick(pick, lambda one: one.offer in ("sent", "delivered"))
        self._on(one, "offers", "refusal", self._company(one), {}, self.reference.decline(one))

    @precondition(_some)
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        one = self._pick(pick, lambda one: one.offer in ("sent", "delivered") and pick % 2 == 0)
        self._on(
            one, "offers", "withdrawal", "inspector bo", {"reason": "Sket ved en fejl"}, self.reference.withdraw(one)
        )

    # Units that change hands

    @rule(pick=PICK, days=st.integers(0, 40), ceases=FLAG)
    def change_owner(self, pick: int, days: int, ceases: bool) -> None:
        """R40: the register tells that a unit is sold, or ceases, today or on a day that lies ahead."""
        self._settle()
        unit, today = CHANGING_UNITS[pick % len(CHANGING_UNITS)], day_of(self.world.now)
        sales = self.reference.sales.get(unit, [])
        last = sales[-1] if sales else (today, UNITS[unit])
        if last[1] is None or last[0] > today or (sales and last[0] == today):
            return  # one change after the other
        to = None if (ceases and pick % 2) or last[1] == BUYER else BUYER
        FIGURES.steps += 1
        FIGURES.accepted["unit ceases" if to is None else "unit is sold"] += 1
        self._adopt_all()
        self.world.tell_owner(unit, today + days * ONE_DAY, to)
        self.reference.tell_owner(unit, today + days * ONE_DAY, to)
        self._settle()
        self._compare_all()

    @precondition(_some)
    @rule(pick=PICK)
    def carry_over(self, pick: int) -> None:
        """R40: the inspector offers a running agreement to who has its unit now; seldom one that cannot be."""
        fitting = [one for one in self.reference.agreements.values() if self._can_be_carried_over(one)]
        if not fitting and pick % 7:
            return
        one = self._pick(pick, self._can_be_carried_over)
        buyer = self.reference.owner(one.unit) or BUYER
        inspector = f"inspector {INSPECTORS[pick // 11 % 2]}"
        rules = self.reference.may_carry_over(one, buyer)
        body = self._offer(one.spread, buyer, one.unit, one.topic, one.months, one.spread)
        answer = self._do(
            "offers", "/v1/offers", inspector, {**body, "carries_over": one.id}, rules, command="carry over"
        )
        if not rules:
            self.reference.send(
                answer["id"],
                spread=one.spread,
                cvr=buyer,
                unit=one.unit,
                topic=one.topic,
                months=one.months,
                inspector=self.world.id_of(inspector),
                follows=None,
                carries=one,
            )
        self._after(answer["id"] if not rules else None)

    def _can_be_carried_over(self, one: Agreement) -> bool:
        buyer = self.reference.owner(one.unit)
        return one.offer == "accepted" and buyer is not None and not self.reference.may_carry_over(one, buyer)

    # Guidance

    @precondition(_some)
    @rule(pick=PICK)
    def ask_whether_understood(self, pick: int) -> None:
        one = self._pick(pick, lambda one: one.guidance == "opened")
        body = {"form": "phone", "reached": True, "understood": True}
        self._on(one, "guidance", "understanding", "inspector anna", body, self.reference.ask_understanding(one))

    @precondition(_some)
    @rule(pick=PICK)
    def offer_guidance(self, pick: int) -> None:
        one = self._pick(pick, lambda one: one.guidance in ("awaited", "held"))
        rules = self.reference.offer_guidance(one) if one.guidance != "unknown" else set()
        self._on(one, "guidance", "offer", "inspector anna", {"form": "phone"}, rules, command="offer guidance")

    @precondition(_some)
    @rule(pick=PICK, yes=FLAG)
    def answer_guidance(self, pick: int, yes: bool) -> None:
        one = self._pick(pick, lambda one: one.guidance == "offered")
        rules = self.reference.answer_guidance(one, yes) if one.guidance != "unknown" else set()
        self._on(one, "guidance", "answer", self._company(one), {"accepted": yes}, rules)

    @precondition(_some)
    @rule(pick=PICK, informal=FLAG, odd=PICK)
    def meet(self, pick: int, informal: bool, odd: int) -> None:
        one = self._pick(pick, lambda one: one.guidance in ("offered", "accepted", "held"))
        participants = ["manager"] if odd % 7 else []
        rules = self.reference.may_meet(one, informal=informal, named=bool(participants))
        body = {"form": "visit", "informal": informal, "participants": participants}
        answer = self._on(one, "guidance", "meetings", "inspector anna", body, rules, settle=False)
        if not rules and answer is not None:
            self.reference.meet(one, answer["recorded"][0]["data"]["meeting_id"], informal=informal)
        self._after(one.id)

    @precondition(_some)
    @rule(pick=PICK, informal=FLAG, hours=st.integers(-1, 60))
    def correct_meeting(self, pick: int, informal: bool, hours: int) -> None:
        one = self._pick(pick, lambda one: bool(one.meetings))
        meeting = sorted(one.meetings)[pick % len(one.meetings)] if one.meetings and pick % 11 else str(uuid4())
        held_at = one.meetings.get(meeting, self.world.now) - timedelta(hours=max(hours, 0))
        if hours < 0:
            held_at = self.world.now + timedelta(hours=1)
        rules = self.reference.may_correct_meeting(one, meeting, held_at, informal=informal)
        body = {
            "form": "visit",
            "held_at": held_at.isoformat(),
            "informal": informal,
            "participants": ["manager"],
            "reason": "Forkert noteret",
        }
        path = f"meetings/{meeting}/correction"
        answer = self._on(one, "guidance", path, "inspector anna", body, rules, command="correct meeting", settle=False)
        if not rules and answer is not None:
            self.reference.correct_meeting(one, meeting, held_at, informal=informal)
        self._after(one.id)

    # Control

    @precondition(_some)
    @rule(pick=PICK, complete=FLAG, measure=FLAG, odd=PICK)
    def document(self, pick: int, complete: bool, measure: bool, odd: int) -> None:
        one = self._pick(pick, _runs)
        psychosocial = (one.topic in PSYCHOSOCIAL) is (odd % 7 != 0)
        told = {"kind": "technical-aid", "description": "En lift", "ladder_level": 3}
        told |= {"psychosocial_level": 4} if psychosocial else {}
        body = {"complete": complete, "measures": [told] if measure else []}
        levelled = psychosocial if measure else None
        rules = self._if_known(one, self.reference.document, complete=complete, levelled=levelled)
        self._on(one, "control", "documentation", self._company(one), body, rules)

    @precondition(_some)
    @rule(pick=PICK, days=st.integers(-3, 130), reason=FLAG, announced=FLAG)
    def book(self, pick: int, days: int, reason: bool, announced: bool) -> None:
        one = self._pick(pick, _runs)
        place, day = self._place(one, pick), day_of(self.world.now) + days * ONE_DAY
        if isinstance(one.control, Course) and pick % 3:
            wanted = max(
                day_of(self.world.now), one.control.deadline + ONE_DAY if one.control.complete_at is None else date.min
            )
            day = open_from(wanted + max(days, 0) % 60 * ONE_DAY)
        rules = self._if_known(one, self.reference.book, place, day, reason=reason)
        if not rules and isinstance(one.control, Course) and self._is_full(one.control, place, day):
            rules = {"R17"}
        elif isinstance(one.control, Course) and one.control.status == "running" and self.holding:
            rules = rules or {"R17?"}
        body = {
            "place_id": place,
            "day": day.isoformat(),
            "announced": announced,
            "late_reason": "season" if reason else None,
        }
        self._on(one, "control", "bookings", "inspector anna", body, rules, command="book")

    @precondition(_some)
    @rule(pick=PICK, violation=st.sampled_from((False, False, True)), odd=PICK)
    def complete(self, pick: int, violation: bool, odd: int) -> None:
        one = self._pick(pick, _is_booked)
        course, place = one.control, self._place(one, pick)
        meeting = None
        if isinstance(course, Course) and course.meetings and odd % 3 == 0:
            meeting = sorted(course.meetings)[odd % len(course.meetings)]
        concludes, reason, observed = odd % 7 == 0, odd % 4 != 0, odd % 11 != 0
        rules = self._if_known(
            one,
            self.reference.complete,
            place,
            violation=violation,
            concludes=concludes,
            reason=reason,
            meeting=meeting,
            observed=observed,
        )
        body = {
            "place_id": place,
            "outcome": "violation" if violation else "no_violation",
            "concludes": concludes,
            "late_reason": "season" if reason else None,
            "from_meeting": meeting,
            "judged_by": ["shown"],
            "spoke_with": ["manager"],
            "measures": self._observations(one) if observed else [],
        }
        self._on(one, "control", "controls", "inspector anna", body, rules, command="complete")

    @precondition(_some)
    @rule(pick=PICK)
    def turn_into_guidance(self, pick: int) -> None:
        one = self._pick(pick, _is_booked)
        place = self._place(one, pick)
        rules = self._if_known(one, self.reference.convert, place)
        body = {"place_id": place, "reason": "work_unfinished"}
        self._on(one, "control", "conversion", "inspector bo", body, rules)

    @precondition(_some)
    @rule(pick=PICK, later=FLAG)
    def investigate_afresh(self, pick: int, later: bool) -> None:
        one = self._pick(pick, _is_booked)
        place = self._place(one, pick)
        rules = self._if_known(one, self.reference.investigate_afresh, place, later=later)
        body = {"place_id": place, "later_visit": later, "reason": "Noget andet end ventet"}
        self._on(one, "control", "fresh-investigation", "inspector bo", body, rules)

    @precondition(_some)
    @rule(pick=PICK, chosen=st.integers(1, 31))
    def choose_sample(self, pick: int, chosen: int) -> None:
        """Beside what was drawn, or now and then without some of it."""
        one = self._pick(pick, lambda one: _runs(one) and one.spread)
        known = list(one.control.places) if isinstance(one.control, Course) else [one.id]
        kept = one.control.drawn if isinstance(one.control, Course) and chosen < 24 else []
        places = [place for number, place in enumerate(known) if place in kept or chosen >> number & 1] or [one.id]
        rules = self._if_known(one, self.reference.choose_sample, places)
        self._on(one, "control", "sample", "inspector anna", {"places": places}, rules)

    @precondition(_some)
    @rule(pick=PICK, days=st.integers(-2, 60))
    def ask_for_longer(self, pick: int, days: int) -> None:
        one = self._pick(pick, _runs)
        until = self._deadline(one) + days * ONE_DAY
        rules = self._if_known(one, self.reference.ask_longer, until)
        body = {"until": until.isoformat(), "reasons": "Leverandøren er forsinket"}
        self._on(one, "control", "extension-requests", self._company(one), body, rules)

    @precondition(_some)
    @rule(pick=PICK, days=st.integers(-2, 60), role=st.sampled_from(("inspector anna", "supporter sus")))
    def grant(self, pick: int, days: int, role: str) -> None:
        one = self._pick(pick, lambda one: isinstance(one.control, Course) and one.control.asked)
        until = self._deadline(one) + days * ONE_DAY
        rules = self._if_known(one, self.reference.grant, until, by_inspector=role.startswith("inspector"))
        self._on(one, "control", "extensions", role, {"until": until.isoformat(), "reasons": "Rimeligt"}, rules)

    @precondition(_some)
    @rule(pick=PICK)
    def refuse_longer(self, pick: int) -> None:
        one = self._pick(pick, lambda one: isinstance(one.control, Course) and one.control.asked)
        rules = self._if_known(one, self.reference.refuse_longer)
        self._on(one, "control", "extension-refusals", "inspector anna", {"reasons": "Tiden er nok"}, rules)

    @precondition(_some)
    @rule(pick=PICK, by_company=FLAG)
    def terminate(self, pick: int, by_company: bool) -> None:
        one = self._pick(pick, lambda one: _runs(one) and pick % 3 == 0)
        who = self._company(one) if by_company else "inspector anna"
        rules = self._if_known(one, self.reference.terminate, by_company=by_company)
        self._on(one, "control", "termination", who, {"grounds": "Afdelingen lukker"}, rules)

    @precondition(_some)
    @rule(pick=PICK, name=st.sampled_from(INSPECTORS))
    def change_inspector(self, pick: int, name: str) -> None:
        one = self._pick(pick, lambda one: one.control is not None)
        inspector = self.world.id_of(f"inspector {name}")
        rules = self._if_known(one, self.reference.change_inspector, inspector)
        self._on(
            one, "control", "inspector", "supporter sus", {"inspector": inspector}, rules, command="change inspector"
        )

    @precondition(_some)
    @rule(pick=PICK, violation=FLAG, days=st.integers(-40, 40))
    def correct(self, pick: int, violation: bool, days: int) -> None:
        one = self._pick(pick, lambda one: isinstance(one.control, Course) and bool(one.control.results))
        control = "00000000-0000-0000-0000-000000000001"
        held_at, reason = None, days % 4 != 0
        if isinstance(one.control, Course) and one.control.results:
            known = [result for result in one.control.results.values() if result[0]]
            if known:
                control, _, told_at, *_ = known[pick % len(known)]
                held_at = _another_time(one.control, told_at, days)
        rules = self._if_known(
            one, self.reference.correct, control, violation=violation, held_at=held_at, reason=reason
        )
        body = {
            "reason": "Forkert noteret",
            "held_at": held_at and held_at.isoformat(),
            "late_reason": "season" if reason else None,
            "outcome": "violation" if violation else "no_violation",
            "form": "visit",
            "judged_by": ["shown"],
            "spoke_with": ["manager"],
            "measures": self._observations(one),
        }
        self._on(one, "control", f"controls/{control}/correction", "inspector anna", body, rules, command="correct")

    @precondition(_some)
    @rule(pick=PICK, oral=FLAG)
    def answer_hearing(self, pick: int, oral: bool) -> None:
        one = self._pick(pick, _is_breached)
        rules = self._if_known(one, self.reference.answer_hearing, oral=oral)
        answer = {"answer": "Vi er uenige"}
        if oral:
            told = {**answer, "participants": ["manager"]}
            self._on(one, "control", "oral-hearing-answer", "supporter sus", told, rules)
        else:
            self._on(one, "control", "hearing-answer", self._company(one), answer, rules)

    @precondition(_some)
    @rule(pick=PICK)
    def request_order(self, pick: int) -> None:
        one = self._pick(pick, _is_breached)
        rules = self._if_known(one, self.reference.request_order)
        self._on(one, "control", "order-request", "inspector anna", {"reasons": "Intet er gjort"}, rules)

    @precondition(_some)
    @rule(pick=PICK, odd=PICK)
    def follow_up(self, pick: int, odd: int) -> None:
        one = self._pick(pick, lambda one: isinstance(one.control, Course) and one.control.status == "fulfilled")
        observed = odd % 5 != 0
        rules = self._if_known(one, self.reference.follow_up, observed=observed)
        body = {"form": "phone", "measures": self._observations(one) if observed else []}
        self._on(one, "control", "follow-up", "inspector anna", body, rules)

    @precondition(_some)
    @rule(pick=PICK, outcome=st.sampled_from(("order", "spread_offer", "no_violation")))
    def conclude(self, pick: int, outcome: str) -> None:
        self.conclude_where_known(pick, outcome)

    def conclude_where_known(self, pick: int, outcome: str) -> None:
        """R7: the inspection books itself as soon as control has heard of the no."""
        if self.holding:
            self._settle()
        one = self._pick(pick, lambda one: isinstance(one.control, AfterNo))
        rules = self._if_known(one, self.reference.conclude, outcome)
        self._on(one, "control", "investigation-result", "inspector anna", {"outcome": outcome}, rules)

    # The order system

    @precondition(_some)
    @rule(pick=PICK, by_request=FLAG)
    def issue_an_order(self, pick: int, by_request: bool) -> None:
        """R25: the order system names the request, or only the agreement and the unit."""
        self._settle()
        waiting = [one for one in self.reference.agreements.values() if self.reference.awaited_orders(one)]
        if not waiting:
            return
        FIGURES.steps += 1
        FIGURES.accepted["order issued"] += 1
        one = waiting[pick % len(waiting)]
        units = self.reference.awaited_orders(one)
        unit = units[pick // 7 % len(units)]
        what = "after-no" if isinstance(one.control, AfterNo) else ""
        _, shown = self._read("control", f"/v1/agreements/{one.id}/{what}".rstrip("/"))
        (request,) = [order["request_id"] for order in shown["orders"] if order["p_number"] == unit]
        self.world.issue_order(one.id, one.cvr, unit, one.topic, request if by_request else None)
        self.reference.issue_order(one, unit)
        self._after(one.id)

    # Courses that go on

    @precondition(_some)
    @rule(pick=PICK, odd=PICK, steps=st.integers(1, 6))
    def carry_on(self, pick: int, odd: int, steps: int) -> None:
        """Some steps of one course that are likely to be allowed: by single chances few courses would get far."""
        every = list(self.reference.agreements.values())
        self.chosen = every[pick % len(every)]
        try:
            for number in range(steps):
                self._next_step(self.chosen, odd // 3**number)
        finally:
            self.chosen = None

    def _next_step(self, one: Agreement, odd: int) -> None:
        course = one.control
        if one.offer == "sent":
            self.deliver(1, 0)
        elif one.offer == "delivered":
            if odd % 7:
                self.accept(1, sorted(UNITS)[odd % 3 :], 14)
            else:
                self.decline(1)
        elif not isinstance(course, Course):
            self._settle()
        elif course.status == "running":
            self._next_step_of_a_course(one, course, odd)
        elif course.status == "breached":
            if course.heard:
                self.request_order(1)
            else:
                self.answer_hearing(1, odd % 3 == 0)
        elif course.status == "fulfilled" and course.follow_up_on is not None and not course.followed_up:
            if odd % 3:
                self._advance_to(max(self.world.now, midnight(course.follow_up_on)))
            self.follow_up(1, odd)

    def _next_step_of_a_course(self, one: Agreement, course: Course, odd: int) -> None:
        booked = [day for booking in course.bookings.values() if isinstance(day := booking["day"], date)]
        if odd % 5 == 0:
            match one.guidance:
                case "offered":
                    self.answer_guidance(1, odd % 2 == 0)
                case "accepted" | "declined":
                    self.meet(1, False, odd)
                case _:
                    self.offer_guidance(1)
        elif course.complete_at is None and odd % 3:
            self.document(1, odd % 4 > 0, odd % 2 == 0, odd)
        elif booked and odd % 8 == 2:
            self.turn_into_guidance(1)
        elif booked:
            self._advance_to(max(self.world.now, midnight(min(booked)) + timedelta(hours=10)))
            self.complete(1, odd % 4 == 1, 14 * (odd % 3) + 1)
        else:
            self._advance_to(max(self.world.now, after(course.deadline)))

    @rule(seed=SEED)
    def have_a_busy_time(self, seed: int) -> None:
        """Many things in a row, drawn more evenly than hypothesis draws rules: so that courses get far."""
        chance = random.Random(seed)
        for _ in range(STEPS_IN_A_BUSY_TIME):
            name, draws = chance.choices(_THINGS, _WEIGHTS)[0] if self.reference.agreements else _SENDING
            given = [draw(chance) for draw in draws]
            if currently_in_test_context():
                note(f"{name}{tuple(given)}")
            getattr(self, name)(*given)

    # Time, messages and faults

    @rule(hours=st.integers(1, 80))
    def wait(self, hours: int) -> None:
        self._advance_to(self.world.now + timedelta(hours=hours))

    @precondition(_some)
    @rule(pick=PICK, offset=st.sampled_from((-1, 0, 1, 1, 36_000)))
    def wait_until_something_ends(self, pick: int, offset: int) -> None:
        coming = [(instant, one) for instant, one in self._instants() if instant > self.world.now]
        if coming:
            coming.sort(key=itemgetter(0))
            instant, self.chosen = coming[0 if pick % 3 else pick % len(coming)]
            try:
                self._advance_to(max(instant + timedelta(seconds=offset), self.world.now))
                self._next_step(self.chosen, pick)  # at the very moment
            finally:
                self.chosen = None

    @rule()
    def hold_messages_back(self) -> None:
        self.holding = self.behind = True

    @precondition(lambda self: self.holding)
    @rule()
    def let_messages_go(self) -> None:
        self._settle()
        self._compare_all()

    @rule(service=st.sampled_from(("offers", "guidance", "control")), fault=st.sampled_from(("before", "after")))
    def break_next_append(self, service: str, fault: str) -> None:
        self.world.break_next_append(service, fault)

    @rule()
    def repeat_the_last_command(self) -> None:
        if self.last is None:
            return
        service, path, who, body, key, answer = self.last
        FIGURES.repeated += 1
        if answer[0] in (200, 201):
            assert self._ask(service, path, who, body, key) == answer

    # How it is done

    def _do(
        self, service: str, path: str, who: str, body: Any, rules: Rules, *, command: str, known: bool = True
    ) -> Any:
        self.steps += 1
        FIGURES.steps += 1
        if self.steps % 9 == 0:
            FIGURES.dry_runs += 1
            self._check(self._ask(service, f"{path}?dry_run=true", who, body, ""), rules, known, path)
        key = str(uuid4())
        answer = self._ask(service, path, who, body, key)
        self._check(answer, rules, known, path)
        self.last = (service, path, who, body, key, answer)
        if answer[0] == 409:
            FIGURES.refused[answer[1]["rule"]] += 1
        elif known:
            FIGURES.accepted[command] += 1
        return answer[1]

    def _ask(self, service: str, path: str, who: str, body: Any, key: str) -> tuple[int, Any]:
        for _ in range(_TRIES):
            answer = self.world.request(service, "POST", path, who, body, key)
            if answer[0] != 503:
                break
            FIGURES.unavailable += 1
        return answer

    def _check(self, answer: tuple[int, Any], rules: Rules, known: bool, path: str) -> None:
        status, body = answer
        if not known:
            assert status == 404, (path, status, body)
        elif "R17?" in rules:  # the calendar is not known while messages wait
            assert status in (200, 409), (path, status, body)
        elif rules:
            assert status == 409, (path, "should be refused by", rules, status, body)
            assert body["rule"] in rules, (path, rules, body)
        else:
            assert status in (200, 201), (path, "should be accepted", status, body)

    def _on(
        self,
        one: Agreement,
        service: str,
        what: str,
        who: str,
        body: Any,
        rules: Rules,
        *,
        command: str = "",
        settle: bool = True,
    ) -> Any:
        prefix = {"offers": "offers", "guidance": "guidance", "control": "agreements"}[service]
        known = {"offers": True, "guidance": one.guidance != "unknown", "control": one.control is not None}[service]
        answer = self._do(
            service, f"/v1/{prefix}/{one.id}/{what}", who, body, rules, command=command or what, known=known
        )
        if settle:
            self._after(one.id)
        return answer if known else None

    def _after(self, agreement_id: str | None) -> None:
        """Mostly everybody hears of it at once; while messages are held back, each service knows its own."""
        if self.holding:
            if self.steps % 6 == 0:
                self.holding = False
            if agreement_id is not None:
                self._adopt(self.reference.agreements[agreement_id])
            return
        self._settle()
        if agreement_id is not None:
            self._compare(self.reference.agreements[agreement_id])
        self._note_states()

    def _settle(self) -> None:
        self.world.settle()
        self.reference.settle()
        if self.behind:
            for one in filter(_runs, self.reference.agreements.values()):
                self._adopt(one)
        self.holding = self.behind = False

    def _advance_to(self, instant: datetime) -> None:
        FIGURES.steps += 1
        FIGURES.accepted["time passes"] += 1
        before = {one.id for one in filter(_may_change, self.reference.agreements.values())}
        self.holding = self.behind = False
        for eve in self._eves_before(instant):
            self.world.advance_to(eve)
            self.reference.advance_to(eve)
            self._adopt_all()
        self.world.advance_to(instant)
        self.reference.advance_to(instant)
        for one in map(self.reference.agreements.__getitem__, before):
            self._compare(one)
        self._compare_calendars()
        self._note_states()

    def _eves_before(self, instant: datetime) -> list[datetime]:
        """R40: the last moment before each change of a unit on the way: what is booked then stands."""
        days = {since for sales in self.reference.sales.values() for since, _ in sales}
        eves = sorted(midnight(day) - timedelta(seconds=1) for day in days)
        return [eve for eve in eves if self.world.now < eve < instant]

    def _adopt_all(self) -> None:
        for one in filter(_runs, self.reference.agreements.values()):
            self._adopt(one)

    def _adopt(self, one: Agreement) -> None:
        """Take over what the services chose by themselves: ids, samples, days of controls."""
        course = one.control
        if not isinstance(course, Course):
            return
        status, view = self._read("control", f"/v1/agreements/{one.id}")
        assert status == 200, view
        self._take_over(one, course, view)

    def _take_over(self, one: Agreement, course: Course, view: Any) -> None:
        matrix = view["matrix"]
        if len(course.places) != len(matrix):
            assert [row["p_number"] for row in matrix] == one.units, (matrix, one.units)
            course.places = {row["place_id"]: row["p_number"] for row in matrix}
            course.sample = [row["place_id"] for row in matrix if row["sampled"] in (None, True)]
            assert one.id in course.sample
            assert len(course.sample) == min(2, len(matrix))
            course.drawn = list(course.sample)
        course.measures = [measure["measure_id"] for measure in view["measures"]]
        if course.status == "running":
            course.bookings = {
                row["place_id"]: {**row["control"], "day": date.fromisoformat(row["control"]["day"])}
                for row in matrix
                if row["control"] is not None
            }
            self.reference.note_bookings(one)
        held = [control for control in view["held_controls"] if control["outcome"] is not None]
        for place, result in course.results.items():
            if not result[0]:
                last = [control["control_id"] for control in held if control["place_id"] == place][-1]
                course.results[place] = (last, *result[1:])

    def _compare_all(self) -> None:
        for one in self.reference.agreements.values():
            self._compare(one)
        self._compare_calendars()

    def _compare(self, one: Agreement) -> None:
        """What each service shows of an agreement against what the rules make of it."""
        FIGURES.compared += 1
        _, offer = self._read("offers", f"/v1/offers/{one.id}")
        assert offer["status"] == one.offer, (offer["status"], one)
        ends_at = None if one.answer_by is None else after(one.answer_by)
        shown = offer["response_deadline"]
        assert (shown and datetime.fromisoformat(shown)) == ends_at, (shown, one)
        _, guidance = self._read("guidance", f"/v1/guidance/{one.id}")
        self._compare_guidance(one, guidance)
        status, course = self._read("control", f"/v1/agreements/{one.id}")
        match one.control:
            case None:
                assert status == 404
            case AfterNo():
                status, matter = self._read("control", f"/v1/agreements/{one.id}/after-no")
                assert status == 200
                assert matter["inspector"] == one.control.inspector, (matter, one)
                if inspection := matter["new_inspection"]:
                    day, reason = date.fromisoformat(inspection["day"]), inspection["late_reason"]
                    assert self.reference.faults_of_inspection(one.control, day, reason) == [], (matter, one)
            case Course():
                self._take_over(one, one.control, course)
                self._compare_course(one, one.control, course)
        self._compare_view(one)

    def _compare_view(self, one: Agreement) -> None:
        """R26: the one view, as the authority and as the company have it."""
        changed = bool(self.reference.changed(one))
        for who in ("inspector anna", self._company(one)):
            company = who.startswith("company")
            status, seen = self.world.request("reporting", "GET", f"/v1/cases/{one.id}", who)
            assert status == 200, (who, status, one)
            assert seen["status"] == view_reference.status(one, company=company), (who, seen["status"], one)
            steps = view_reference.next_steps(one, self.world.now, changed=changed, company=company)
            following = seen["next"]
            if following is None:
                assert not steps, (who, steps, one)
                continue
            due = following["due"] and datetime.fromisoformat(following["due"])
            named = view_reference.Step(following["step"], following["by"], due)
            fitting = [step for step in steps if (step.step, step.by) == (named.step, named.by)]
            assert any(step.due in (view_reference.OPEN, named.due) for step in fitting), (who, named, steps, one)
        _, listed = self.world.request("reporting", "GET", f"/v1/tasks?case_id={one.id}", "inspector anna")
        kinds = {task["kind"] for task in listed["tasks"]} & view_reference.TASKS
        in_conflict = self.reference.in_conflict(one)
        wanted = view_reference.tasks(one, self.world.now, in_conflict=in_conflict, changed=changed)
        assert kinds == wanted, (kinds, wanted, one)

    def _compare_guidance(self, one: Agreement, shown: Any) -> None:
        status = shown["status"]
        if one.guidance == "awaited":
            assert status in _NOT_OFFERED, (status, one)
            assert one.guidance_due is not None
            assert (status == "not offered") == (self.world.now < midnight(one.guidance_due)), (status, one)
            assert (status == "overdue") == (self.world.now >= after(one.guidance_due + 14 * ONE_DAY)), (status, one)
        else:
            assert status == _AS_SEEN.get(one.guidance, one.guidance), (status, one)
        if one.guidance_due is not None:
            assert datetime.fromisoformat(shown["due"]) == after(one.guidance_due), (shown["due"], one)

    def _compare_course(self, one: Agreement, course: Course, shown: Any) -> None:
        assert shown["status"] == course.status, (shown["status"], one)
        assert shown["inspector"] == course.inspector, (shown["inspector"], one)
        assert shown["compliance_deadline"]["last_day"] == course.deadline.isoformat(), (shown, one)
        for row in shown["matrix"]:
            place = row["place_id"]
            assert row["control_window"]["last_day"] == course.window(place).isoformat(), (row, one)
            assert row["sampled"] in (None, place in course.sample), (row, one)
            found = course.results[place][1] if place in course.results else None
            assert row["result"] == {None: None, True: "violation", False: "no_violation"}[found], (row, one)
        breached = list(dict.fromkeys(course.places[place] for place in course.violating))
        assert shown["breached_units"] == (breached if course.status == "breached" else []), (shown, one)
        follow_up = course.follow_up_on.isoformat() if course.status == "fulfilled" and course.follow_up_on else None
        assert shown["follow_up_on"] == follow_up, (shown["follow_up_on"], one)
        hearing = course.hearing.isoformat() if course.status == "breached" and course.hearing else None
        assert (shown["hearing_deadline"] or {}).get("last_day") == hearing, (shown["hearing_deadline"], one)
        assert self.reference.faults_of_bookings(one) == [], one

    def _compare_calendars(self) -> None:
        """R17: no more than two controls on an inspector's day."""
        days = Counter(
            (course.inspector, booking["day"]) for course in self._running() for booking in course.bookings.values()
        )
        assert all(times <= 2 for times in days.values()), days

    def _running(self) -> list[Course]:
        courses = [one.control for one in self.reference.agreements.values()]
        return [course for course in courses if isinstance(course, Course) and course.status == "running"]

    def _is_full(self, course: Course, place: str, day: date) -> bool:
        """R17: in the calendar of who is responsible, beside the booking that is to be replaced."""
        taken = sum(
            booking["day"] == day
            for other in self._running()
            if other.inspector == course.inspector
            for booked, booking in other.bookings.items()
            if not (other is course and booked == place)
        )
        return taken + self._inspections_on(course.inspector, day) >= 2

    def _inspections_on(self, inspector: str, day: date) -> int:
        count = 0
        for one in self.reference.agreements.values():
            if isinstance(one.control, AfterNo) and not one.control.spread and one.control.inspector == inspector:
                _, matter = self._read("control", f"/v1/agreements/{one.id}/after-no")
                booked = matter["new_inspection"]
                count += bool(booked and booked["day"] == day.isoformat())
        return count

    def _read(self, service: str, path: str) -> tuple[int, Any]:
        return self.world.request(service, "GET", path, "inspector anna")

    def _pick(self, pick: int, fits: Callable[[Agreement], bool]) -> Agreement:
        """One that fits, or now and then any."""
        if self.chosen is not None:
            return self.chosen
        every = list(self.reference.agreements.values())
        fitting = [one for one in every if fits(one)]
        among = fitting if fitting and pick % 9 else every
        return among[-1 - pick % len(among)]

    def _earlier(self, odd: int, cvr: str, unit: str, topic: str) -> Agreement | None:
        """R7: a no that may lead to an offer here, where there is one; now and then any other."""
        every = list(self.reference.agreements.values())
        fitting = [one for one in every if self.reference.leads_to_an_offer(one, cvr, unit, topic)]
        among = every if odd % 23 == 0 else fitting if odd % 2 else []
        return among[odd % len(among)] if among else None

    def _company(self, one: Agreement) -> str:
        return f"company director {one.cvr}"

    def _if_known(self, one: Agreement, command: Callable[..., Rules], *given: Any, **named: Any) -> Rules:
        return set() if one.control is None else command(one, *given, **named)

    def _place(self, one: Agreement, pick: int) -> str:
        if not isinstance(one.control, Course):
            return one.id
        places = (pick % 7 and one.control.awaited) or list(one.control.places)
        return places[pick % len(places)]

    def _observations(self, one: Agreement) -> list[dict[str, str]]:
        measures = one.control.measures if isinstance(one.control, Course) else []
        return [{"measure_id": measure, "use": "in_use"} for measure in measures]

    def _deadline(self, one: Agreement) -> date:
        return one.control.deadline if isinstance(one.control, Course) else day_of(self.world.now)

    def _instants(self) -> list[tuple[datetime, Agreement]]:
        """Where something ends or begins, and for whom: the edges at which rules change their minds."""
        every = self.reference.agreements
        found = [(one.ends_at, every[one.because_of]) for one in self.reference.quarantines]
        return found + [(instant, one) for one in every.values() for instant in _instants_of(one)]

    def _note_states(self) -> None:
        states = sorted(_state(one, self.world.now) for one in self.reference.agreements.values())
        FIGURES.states.update(states)
        FIGURES.systems.add("\n".join(states))


def _another_time(course: Course, told_at: datetime, days: int) -> datetime | None:
    """R30: as it was told, some days from it, or at the edge of the company's period."""
    if days % 3 == 0:
        return None
    if days % 5 == 0:
        return after(course.deadline) - timedelta(seconds=days % 2)
    return told_at + days * ONE_DAY


def _instants_of(one: Agreement) -> Iterator[datetime]:
    if one.offer == "delivered" and one.answer_by is not None:
        yield after(one.answer_by)
        yield after(one.answer_by) + timedelta(minutes=10)
    if one.guidance == "awaited" and one.guidance_due is not None:
        yield midnight(one.guidance_due)
        yield after(one.guidance_due + 14 * ONE_DAY)
    course = one.control
    if not isinstance(course, Course):
        return
    if course.status == "running":
        yield midnight(course.deadline - 14 * ONE_DAY)
        yield after(course.deadline)
        yield from (after(course.window(place)) for place in course.awaited)
        yield from (midnight(day) for booking in course.bookings.values() if isinstance(day := booking["day"], date))
    if course.hearing is not None and not course.heard:
        yield after(course.hearing)
    if course.follow_up_on is not None and not course.followed_up:
        yield midnight(course.follow_up_on)


def _state(one: Agreement, now: datetime) -> str:
    """An agreement without its names and dates."""
    control: tuple[Any, ...] = ()
    if isinstance(one.control, AfterNo):
        control = ("after no", one.control.outcome, one.control.issued)
    elif isinstance(course := one.control, Course):
        results = sorted(result[1] for result in course.results.values())
        counts = tuple(map(len, (course.places, course.sample, course.bookings, course.reopened)))
        told = (course.complete_at is not None, bool(course.measures), course.asked, course.extended_at is not None)
        then = (now >= after(course.deadline), course.heard, course.ordered, len(course.issued), course.followed_up)
        control = (course.status, counts, results, told, then)
    return repr((one.spread, one.offer, one.failed, one.guidance, bool(one.conflicts), control))


def _pick(chance: random.Random) -> int:
    return chance.randrange(10_000)


def _flag(chance: random.Random) -> bool:
    return chance.random() < 0.5


def _between(first: int, last: int) -> Callable[[random.Random], int]:
    return lambda chance: chance.randint(first, last)


def _one_of(*values: Any) -> Callable[[random.Random], Any]:
    return lambda chance: chance.choice(values)


def _some_units(chance: random.Random) -> list[str]:
    return chance.sample(sorted(UNITS), chance.randint(0, 3))


_CHANCES: dict[str, tuple[int, tuple[Callable[[random.Random], Any], ...]]] = {
    "send": (9, (_pick, _flag, _pick)),
    "deliver": (2, (_pick, _between(-2, 30))),
    "fail": (2, (_pick,)),
    "resend": (2, (_pick,)),
    "correct_delivery": (2, (_pick, _between(0, 60))),
    "reassign": (2, (_pick, _one_of(*INSPECTORS))),
    "accept": (4, (_pick, _some_units, _pick)),
    "decline": (1, (_pick,)),
    "withdraw": (1, (_pick,)),
    "change_owner": (1, (_pick, _between(0, 40), _flag)),
    "carry_over": (6, (_pick,)),
    "ask_whether_understood": (2, (_pick,)),
    "offer_guidance": (2, (_pick,)),
    "answer_guidance": (2, (_pick, _flag)),
    "meet": (3, (_pick, _flag, _pick)),
    "correct_meeting": (2, (_pick, _flag, _between(-1, 60))),
    "document": (3, (_pick, _flag, _flag, _pick)),
    "book": (4, (_pick, _between(-3, 130), _flag, _flag)),
    "complete": (4, (_pick, _one_of(False, False, True), _pick)),
    "turn_into_guidance": (2, (_pick,)),
    "investigate_afresh": (2, (_pick, _flag)),
    "choose_sample": (2, (_pick, _between(1, 31))),
    "ask_for_longer": (3, (_pick, _between(-2, 60))),
    "grant": (3, (_pick, _between(-2, 60), _one_of("inspector anna", "supporter sus"))),
    "refuse_longer": (1, (_pick,)),
    "terminate": (1, (_pick, _flag)),
    "change_inspector": (2, (_pick, _one_of(*INSPECTORS))),
    "correct": (3, (_pick, _flag, _between(-40, 40))),
    "answer_hearing": (2, (_pick, _flag)),
    "request_order": (2, (_pick,)),
    "follow_up": (1, (_pick, _pick)),
    "conclude_where_known": (1, (_pick, _one_of("order", "spread_offer", "no_violation"))),
    "issue_an_order": (2, (_pick, _flag)),
    "carry_on": (25, (_pick, _pick, _between(1, 6))),
    "wait": (3, (_between(1, 80),)),
    "wait_until_something_ends": (4, (_pick, _one_of(-1, 0, 1, 1, 36_000))),
    "hold_messages_back": (3, ()),
    "break_next_append": (5, (_one_of("offers", "guidance", "control"), _one_of("before", "after"))),
    "repeat_the_last_command": (3, ()),
}
"""How often each thing is done in a busy time, and what is drawn for it."""
_THINGS = [(name, draws) for name, (_, draws) in _CHANCES.items()]
_WEIGHTS = [weight for weight, _ in _CHANCES.values()]
_SENDING = _THINGS[0]
"""Without an offer there is nothing else to do."""


def _may_change(one: Agreement) -> bool:
    """Whether time does anything to it."""
    ended = isinstance(one.control, Course) and one.control.status in ("fulfilled", "terminated")
    return not ended and one.offer not in ("withdrawn", "declined", "lapsed")


def _runs(one: Agreement) -> bool:
    return isinstance(one.control, Course) and one.control.status == "running"


def _is_booked(one: Agreement) -> bool:
    return isinstance(one.control, Course) and one.control.status == "running" and bool(one.control.bookings)


def _is_breached(one: Agreement) -> bool:
    return isinstance(one.control, Course) and one.control.status == "breached"
