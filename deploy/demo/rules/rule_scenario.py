"""The context of a rule's course: a company of its own, the people, and a protocol of commands and answers."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.demo.courses import DemoContext, at
from deploy.demo.made_up_numbers import made_up_cvr_numbers, made_up_p_numbers
from deploy.demo.people import INSPECTORS, Person, Unexpected
from shared.contracts.register import UnitRegistered
from shared.http.tokens import Role, pseudonym

Course = AsyncIterator[datetime]
NOISE, LIFTING, WORKLOAD = "013", "056", "061"
"""Topics: needless noise, lifting, and one of the psychosocial group (amount of work)."""
DAY = timedelta(days=1)
MOST_UNITS = 20
_FIRST_COMPANY = 40
_FIRST_UNIT = 1_000
_REGISTERED_FROM = date(2020, 1, 1)


@dataclass(frozen=True)
class ProtocolLine:
    """One line of the protocol: what was tried for a rule, and the answer."""

    rule: str
    tried: str
    answer: str


@dataclass
class Protocol:
    """All commands and answers, in the order in which they happened."""

    lines: list[ProtocolLine] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Reads a saved protocol."""
        return cls([ProtocolLine(**line) for line in json.loads(file.read_text(encoding="utf-8"))])

    def save(self, file: Path) -> None:
        """Saves the protocol, so that it can be shown again."""
        file.write_text(json.dumps([asdict(line) for line in self.lines]), encoding="utf-8")

    def of_rule(self, rule: str) -> list[ProtocolLine]:
        """Returns the lines of one rule."""
        return [line for line in self.lines if line.rule == rule]


class RuleScenario:
    """Gives the commands of one rule's course, and notes their answers."""

    def __init__(self, context: DemoContext, protocol: Protocol, rule: str, first_day: date) -> None:
        self.context = context
        self.rule = rule
        self.first_day = first_day
        self.cvr = _cvr(_number(rule))
        self.inspector = context.people.inspector(INSPECTORS[0])
        self.other_inspector = context.people.inspector(INSPECTORS[1])
        self.director = context.people.company(self.cvr)
        self.portal = context.people.portal()
        self.operator = context.people.operator()
        self._protocol = protocol

    def unit(self, number: int = 0) -> str:
        """Returns the P-number of one of the company's units."""
        return unit_of(self.rule, number)

    def day(self, days: int, hour: int = 10) -> datetime:
        """Returns an hour of the day that is `days` days after the course began."""
        return at(self.first_day + days * DAY, hour)

    async def attempt(
        self, tried: str, who: Person, service: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Gives a command that may be refused, notes the answer in the protocol, and returns it."""
        response = await who.attempt(service, path, body)
        self.note(tried, _as_text(response))
        await self.context.settle()
        answer: dict[str, Any] = response.json()
        return answer

    def note(self, tried: str, answer: str) -> None:
        """Notes an observation in the protocol."""
        self._protocol.lines.append(ProtocolLine(self.rule, tried, answer))

    async def offer(self, topic: str = NOISE, unit: int = 0, *, delivered: bool = True, **changes: Any) -> str:
        """Sends an offer and, unless `delivered` is false, makes it available to the company; returns its id."""
        sent = await self.inspector.do("offers", "/v1/offers", self.offer_body(topic, unit, **changes))
        agreement: str = sent["id"]
        if delivered:
            await self.portal.do("offers", f"/v1/offers/{agreement}/delivery", {"delivered": True})
        await self.context.settle()
        return agreement

    def offer_body(self, topic: str = NOISE, unit: int = 0, **changes: Any) -> dict[str, Any]:
        """Returns the body of an offer."""
        return {
            "cvr": self.cvr,
            "p_number": self.unit(unit),
            "topic": topic,
            "inspection_id": f"inspection-{self.rule}",
            "period_months": 3,
            "observations": "Se tilsynsrapporten.",
            **changes,
        }

    async def accept(self, agreement: str, **more: Any) -> None:
        """Accepts an offer for the company."""
        await self.director.do("offers", f"/v1/offers/{agreement}/acceptance", {"has_read": True, **more})
        await self.context.settle()

    async def make_agreement(self, topic: str = NOISE, unit: int = 0, **changes: Any) -> str:
        """Sends an offer that is accepted at once; returns its id."""
        agreement = await self.offer(topic, unit, **changes)
        await self.accept(agreement)
        return agreement

    async def document(self, agreement: str, *, complete: bool = True, measures: int = 1, **more: Any) -> None:
        """Sends documentation of `measures` technical aids."""
        body = {"complete": complete, "text": "Vi er færdige.", "measures": [measure()] * measures, **more}
        await self.director.do("control", f"/v1/agreements/{agreement}/documentation", body)
        await self.context.settle()

    async def agreement(self, agreement: str) -> dict[str, Any]:
        """Returns the agreement as control shows it to the inspector."""
        return await self.inspector.get("control", f"/v1/agreements/{agreement}", language="en")

    async def control_day(self, agreement: str) -> datetime:
        """Returns the day of the booked control."""
        return at(date.fromisoformat((await self.agreement(agreement))["control"]["day"]))

    async def hold_control(self, agreement: str, outcome: str = "no_violation", **more: Any) -> None:
        """Records the control that was booked."""
        body = await self.control_body(agreement, outcome, **more)
        await self.inspector.do("control", f"/v1/agreements/{agreement}/controls", body)
        await self.context.settle()

    async def control_body(self, agreement: str, outcome: str = "no_violation", **more: Any) -> dict[str, Any]:
        """Returns the body of a control, with every measure in use."""
        measures = (await self.agreement(agreement))["measures"]
        return {
            "outcome": outcome,
            "judged_by": ["seen_in_use"],
            "spoke_with": ["manager", "safety_representative"],
            "measures": [{"measure_id": one["measure_id"], "use": "in_use"} for one in measures],
            **more,
        }

    async def open_tasks(self, agreement: str) -> str:
        """Returns the kinds of the open tasks of the agreement, from the view."""
        tasks = (await self.inspector.get("reporting", "/v1/tasks"))["tasks"]
        return ", ".join(sorted({task["kind"] for task in tasks if task["case_id"] == agreement})) or "none"

    async def case(self, agreement: str) -> dict[str, Any]:
        """Returns the agreement from the view of all cases."""
        return await self.inspector.get("reporting", f"/v1/cases/{agreement}")


def sentence_with(word: str, letter: str) -> str:
    """Returns the first sentence of a letter that contains a word."""
    return next(f"{one.strip()}." for one in " ".join(letter.split()).split(".") if word in one)


def measure(**changes: Any) -> dict[str, Any]:
    """Returns a technical aid on level 3 of the ladder."""
    return {"kind": "technical-aid", "description": "En løftevogn.", "ladder_level": 3, **changes}


def spread(**changes: Any) -> dict[str, Any]:
    """R2: returns the grounds of a spread agreement."""
    return {
        "violation": "found",
        "concrete": True,
        "material": True,
        "reaction_due": "order_with_deadline",
        "exists_elsewhere": True,
        "can_be_carried_over": True,
        **changes,
    }


def unit_of(rule: str, number: int) -> str:
    """Returns the P-number of one of the units of a rule's company."""
    return _p_numbers()[_FIRST_UNIT + _number(rule) * MOST_UNITS + number]


def units(rule: str, how_many: int, industry: str = "metal-and-machinery") -> list[UnitRegistered]:
    """Returns a rule's company as the business register knows it."""
    return [
        UnitRegistered(
            p_number=unit_of(rule, number),
            cvr=_cvr(_number(rule)),
            name=f"Virksomhed {rule} (made up)",
            industry=industry,
            sector="private",
            size_class="35-99",
            effective_from=_REGISTERED_FROM,
        )
        for number in range(how_many)
    ]


def inspector_id(number: int) -> str:
    """Returns the pseudonym of an inspector."""
    return pseudonym(Role.INSPECTOR, INSPECTORS[number])


def _as_text(response: httpx.Response) -> str:
    answer = response.json()
    if response.is_success:
        recorded = ", ".join(fact["type"] for fact in answer["recorded"]) or "nothing that the asker may know of"
        return f"would record {recorded}" if answer["dry_run"] else f"recorded {recorded}"
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return "not valid: " + "; ".join(
            f"{fault['where']} {fault['what']}" + (f" ({fault['rule']})" if fault.get("rule") else "")
            for fault in answer["faults"]
        )
    if response.status_code == httpx.codes.CONFLICT and "rule" in answer:
        return f"refused by {answer['rule']}: {answer['detail']}"
    if response.status_code in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        return f"{response.status_code}: {answer['detail']}"
    raise Unexpected(f"{response.request.method} {response.request.url} answered {response.status_code}: {answer}")


def _number(rule: str) -> int:
    return int(rule.removeprefix("R"))


def _cvr(number: int) -> str:
    return _cvr_numbers()[_FIRST_COMPANY + number]


@cache
def _cvr_numbers() -> tuple[str, ...]:
    return made_up_cvr_numbers(_FIRST_COMPANY + 60)


@cache
def _p_numbers() -> tuple[str, ...]:
    return made_up_p_numbers(_FIRST_UNIT + 60 * MOST_UNITS)
