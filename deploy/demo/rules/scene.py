"""What the courses of rules act on: a company of its own for each rule, the people, and a protocol of what was said."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.demo.courses import Stage, at
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
class Said:
    """One line of the protocol."""

    rule: str
    tried: str
    answer: str


@dataclass
class Protocol:
    """Everything that was tried, in the order in which it happened."""

    lines: list[Said] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path) -> Self:
        """As it was kept."""
        return cls([Said(**line) for line in json.loads(file.read_text(encoding="utf-8"))])

    def keep(self, file: Path) -> None:
        """To be shown again."""
        file.write_text(json.dumps([asdict(line) for line in self.lines]), encoding="utf-8")

    def of(self, rule: str) -> list[Said]:
        """What was tried for one rule."""
        return [line for line in self.lines if line.rule == rule]


class Scene:
    """The stage of one rule."""

    def __init__(self, stage: Stage, protocol: Protocol, rule: str, first_day: date) -> None:
        self.stage = stage
        self.rule = rule
        self.first_day = first_day
        self.cvr = _cvr(_number(rule))
        self.inspector = stage.people.inspector(INSPECTORS[0])
        self.other_inspector = stage.people.inspector(INSPECTORS[1])
        self.director = stage.people.company(self.cvr)
        self.portal = stage.people.portal()
        self.operator = stage.people.operator()
        self._protocol = protocol

    def unit(self, number: int = 0) -> str:
        """P-number of one of the company's units."""
        return unit_of(self.rule, number)

    def day(self, days: int, hour: int = 10) -> datetime:
        """An hour of the day so many days after the course began."""
        return at(self.first_day + days * DAY, hour)

    async def tries(
        self, tried: str, who: Person, service: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Give a command that may be refused, and write down what the rule said; the answer where it was taken."""
        response = await who.attempt(service, path, body)
        self.notes(tried, _told(response))
        await self.stage.settle()
        answer: dict[str, Any] = response.json()
        return answer

    def notes(self, tried: str, answer: str) -> None:
        """Write down what was seen."""
        self._protocol.lines.append(Said(self.rule, tried, answer))

    async def offer(self, topic: str = NOISE, unit: int = 0, *, delivered: bool = True, **changes: Any) -> str:
        """An offer that is sent and, unless told otherwise, available to the company."""
        sent = await self.inspector.do("offers", "/v1/offers", self.offering(topic, unit, **changes))
        agreement: str = sent["id"]
        if delivered:
            await self.portal.do("offers", f"/v1/offers/{agreement}/delivery", {"delivered": True})
        await self.stage.settle()
        return agreement

    def offering(self, topic: str = NOISE, unit: int = 0, **changes: Any) -> dict[str, Any]:
        """The body of an offer."""
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
        """The company's yes."""
        await self.director.do("offers", f"/v1/offers/{agreement}/acceptance", {"has_read": True, **more})
        await self.stage.settle()

    async def agreed(self, topic: str = NOISE, unit: int = 0, **changes: Any) -> str:
        """An offer that is accepted at once."""
        agreement = await self.offer(topic, unit, **changes)
        await self.accept(agreement)
        return agreement

    async def document(self, agreement: str, *, complete: bool = True, measures: int = 1, **more: Any) -> None:
        """Documentation of so many technical aids."""
        body = {"complete": complete, "text": "Vi er færdige.", "measures": [measure()] * measures, **more}
        await self.director.do("control", f"/v1/agreements/{agreement}/documentation", body)
        await self.stage.settle()

    async def course(self, agreement: str) -> dict[str, Any]:
        """The agreement as the authority sees it."""
        return await self.inspector.get("control", f"/v1/agreements/{agreement}", language="en")

    async def booked(self, agreement: str) -> datetime:
        """The day of the booked control."""
        return at(date.fromisoformat((await self.course(agreement))["control"]["day"]))

    async def controlled(self, agreement: str, outcome: str = "no_violation", **more: Any) -> None:
        """The control that was booked takes place."""
        body = await self.finding(agreement, outcome, **more)
        await self.inspector.do("control", f"/v1/agreements/{agreement}/controls", body)
        await self.stage.settle()

    async def finding(self, agreement: str, outcome: str = "no_violation", **more: Any) -> dict[str, Any]:
        """What a control found, with every measure in use."""
        measures = (await self.course(agreement))["measures"]
        return {
            "outcome": outcome,
            "judged_by": ["seen_in_use"],
            "spoke_with": ["manager", "safety_representative"],
            "measures": [{"measure_id": one["measure_id"], "use": "in_use"} for one in measures],
            **more,
        }

    async def tasks(self, agreement: str) -> str:
        """Open tasks of the agreement, as the view has them."""
        tasks = (await self.inspector.get("reporting", "/v1/tasks"))["tasks"]
        return ", ".join(sorted({task["kind"] for task in tasks if task["case_id"] == agreement})) or "none"

    async def case(self, agreement: str) -> dict[str, Any]:
        """The agreement in the one view."""
        return await self.inspector.get("reporting", f"/v1/cases/{agreement}")


def sentence_with(word: str, letter: str) -> str:
    """The sentence of a letter in which a word stands."""
    return next(f"{one.strip()}." for one in " ".join(letter.split()).split(".") if word in one)


def measure(**changes: Any) -> dict[str, Any]:
    """A technical aid, on level 3 of the ladder."""
    return {"kind": "technical-aid", "description": "En løftevogn.", "ladder_level": 3, **changes}


def spread(**changes: Any) -> dict[str, Any]:
    """R2: what an offer of a spread agreement rests on."""
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
    """P-number of one of the units of a rule's company."""
    return _p_numbers()[_FIRST_UNIT + _number(rule) * MOST_UNITS + number]


def units(rule: str, how_many: int, industry: str = "metal-and-machinery") -> list[UnitRegistered]:
    """A rule's company in the business register."""
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
    """The pseudonym of an inspector."""
    return pseudonym(Role.INSPECTOR, INSPECTORS[number])


def _told(response: httpx.Response) -> str:
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
