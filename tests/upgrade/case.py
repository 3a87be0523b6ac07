"""A case of its own company, units and inspector: how it is moved on, in the dump and by the tests that continue it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from deploy.demo.courses import DemoContext, at
from deploy.demo.made_up_numbers import made_up_cvr_numbers, made_up_p_numbers
from deploy.demo.people import Person
from deploy.demo.rules.rule_scenario import NOISE, measure, spread
from shared.contracts.register import UnitRegistered
from tests.upgrade.manifest import KeptAttachment, KeptText

STANDS_ON = date(2024, 3, 4)
"""A Monday on which the clock of a new dump stands, so early that quarantines of both policies still hold."""
UNITS_PER_CASE = 3
_FIRST_COMPANY = 100
_FIRST_UNIT = 3_000
_MOST_CASES = 100
_REGISTERED_FROM = date(2020, 1, 1)
_FINDINGS = "Set på stedet, og drøftet med dem, det vedrører."


@dataclass
class Case:
    """What a case is about, and the persons who act in it."""

    stage: DemoContext
    cvr: str
    units: tuple[str, ...]
    inspector_name: str
    agreement: str = ""
    """Its id, once it is offered."""
    texts: list[KeptText] = field(default_factory=list)
    attachments: list[KeptAttachment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inspector: Person = self.stage.people.inspector(self.inspector_name)
        self.director: Person = self.stage.people.company(self.cvr)
        self.portal: Person = self.stage.people.portal()

    @classmethod
    def numbered(cls, stage: DemoContext, number: int) -> "Case":
        """With a company and an inspector that no other case has: neither a calendar nor a quarantine ties two."""
        first = _FIRST_UNIT + number * UNITS_PER_CASE
        return cls(
            stage,
            cvr=_cvr_numbers()[_FIRST_COMPANY + number],
            units=_p_numbers()[first : first + UNITS_PER_CASE],
            inspector_name=f"inspector-{number}",
        )

    @property
    def id(self) -> UUID:
        """Of the agreement."""
        return UUID(self.agreement)

    def registered(self) -> list[UnitRegistered]:
        """Its company in the business register."""
        return [
            UnitRegistered(
                p_number=unit,
                cvr=self.cvr,
                name=f"Virksomhed {self.cvr} (made up)",
                industry="metal-and-machinery",
                sector="private",
                size_class="35-99",
                effective_from=_REGISTERED_FROM,
            )
            for unit in self.units
        ]

    async def offer(self, topic: str = NOISE, *, delivered: bool = True, **changes: Any) -> None:
        """An offer that is sent and, unless told otherwise, available to the company."""
        body = self.offering(topic, **changes)
        sent = await self.inspector.do("offers", "/v1/offers", body)
        self.agreement = sent["id"]
        self.told("offers", f"/v1/offers/{self.agreement}", body["observations"])
        if delivered:
            await self.deliver()
        await self.stage.settle()

    def offering(self, topic: str = NOISE, **changes: Any) -> dict[str, Any]:
        """The body of an offer."""
        return {
            "cvr": self.cvr,
            "p_number": self.units[0],
            "topic": topic,
            "inspection_id": f"inspection-{self.cvr}",
            "period_months": 3,
            "observations": f"Set ved tilsynet hos {self.cvr}: en mand løfter alene.",
            **changes,
        }

    async def deliver(self, failure: str | None = None) -> None:
        """The portal's report."""
        body = {"delivered": failure is None, "failure": failure}
        await self.portal.do("offers", f"/v1/offers/{self.agreement}/delivery", body)

    async def accept(self, **more: Any) -> None:
        """The company's yes."""
        await self.director.do("offers", f"/v1/offers/{self.agreement}/acceptance", {"has_read": True, **more})
        await self.stage.settle()

    async def agree(self, topic: str = NOISE, **changes: Any) -> None:
        """An offer that is accepted at once."""
        await self.offer(topic, **changes)
        await self.accept()

    async def agree_on_spread(self) -> None:
        """An offer on a violation that was found, accepted for every unit of the company."""
        await self.offer(kind="spread", grounds=spread())
        await self.accept(includes=[{"p_number": unit} for unit in self.units[1:]])

    async def guide(self, what: str, body: Mapping[str, Any]) -> None:
        """A step of the guidance: `answer` is the company's, all others are the inspector's."""
        who = self.director if what == "answer" else self.inspector
        await who.do("guidance", f"/v1/guidance/{self.agreement}/{what}", body)
        await self.stage.settle()

    async def meet(self) -> None:
        """Guidance takes place."""
        text = f"Talt med lederen af {self.cvr} om afskærmning."
        await self.guide("meetings", {"form": "phone", "participants": ["manager"], "summary": text})
        self.told("guidance", f"/v1/guidance/{self.agreement}", text)

    async def document(self, *, complete: bool = True, **more: Any) -> None:
        """The company sends documentation of one measure."""
        text = f"{self.cvr} har sat en skærm op."
        body = {"complete": complete, "text": text, "measures": [measure()], **more}
        await self.controls("documentation", body, who=self.director)
        self.told("control", f"/v1/agreements/{self.agreement}", text)

    async def controls(self, what: str, body: Mapping[str, Any], who: Person | None = None) -> dict[str, Any]:
        """A step of the course; the inspector's, unless somebody else is named."""
        answer = await (who or self.inspector).do("control", f"/v1/agreements/{self.agreement}/{what}", body)
        await self.stage.settle()
        return answer

    async def book(self, day: date, **more: Any) -> None:
        """The inspector chooses the day of the control."""
        await self.controls("bookings", {"day": day.isoformat(), **more})

    async def course(self) -> dict[str, Any]:
        """The agreement as the authority sees it."""
        return await self.inspector.get("control", f"/v1/agreements/{self.agreement}")

    async def booked(self) -> datetime:
        """The day of the booked control."""
        return at(date.fromisoformat((await self.course())["control"]["day"]))

    async def control(self, outcome: str = "no_violation", **more: Any) -> None:
        """The control that was booked takes place."""
        await self.controls("controls", {**await self.finding(outcome), **more})

    async def finding(self, outcome: str = "no_violation") -> dict[str, Any]:
        """What a control found, with every measure in use."""
        return {
            "outcome": outcome,
            "judged_by": ["seen_in_use"],
            "spoke_with": ["manager"],
            "findings": _FINDINGS,
            "measures": await self.measures_in_use(),
        }

    async def measures_in_use(self) -> list[dict[str, str]]:
        """What was seen of each measure that the company documented."""
        return [{"measure_id": one["measure_id"], "use": "in_use"} for one in (await self.course())["measures"]]

    async def follow_up(self) -> None:
        """A year later."""
        body = {"form": "phone", "spoke_with": ["manager"], "measures": await self.measures_in_use()}
        await self.controls("follow-up", body)

    async def request_order(self) -> UUID:
        """After the hearing; returns the id of the request."""
        asked = await self.controls("order-request", {"reasons": "Støjen er ikke nedbragt."})
        return UUID(asked["recorded"][0]["data"]["request_id"])

    def photo(self) -> tuple[dict[str, Any], bytes]:
        """A made-up file of this case: what a fact names it, and its bytes."""
        content = f"Et foto fra {self.cvr} (made up)".encode()
        named = {
            "name": "foto.jpg",
            "sha256": sha256(content).hexdigest(),
            "media_type": "image/jpeg",
            "size_bytes": len(content),
        }
        return named, content

    def told(self, service: str, path: str, text: str) -> None:
        """Remember a private text and where it can be read."""
        self.texts.append(KeptText(inspector=self.inspector_name, service=service, path=path, text=text))


def day(days: int, hour: int = 10) -> datetime:
    """An hour of the day so many days after (before, if negative) the one on which the clock of a new dump stands."""
    return at(STANDS_ON + timedelta(days=days), hour)


@cache
def _cvr_numbers() -> tuple[str, ...]:
    return made_up_cvr_numbers(_FIRST_COMPANY + _MOST_CASES)


@cache
def _p_numbers() -> tuple[str, ...]:
    return made_up_p_numbers(_FIRST_UNIT + _MOST_CASES * UNITS_PER_CASE)
