"""Advises whether a topic may be inspected at a unit: as a rule not while an agreement on it runs (R11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.running_agreement_index import running_agreements_prefix
from shared.deadlines.deadline import Deadline
from shared.eventstore.commands import read
from shared.eventstore.reservations import reserved_under
from shared.service import Runtime


@dataclass(frozen=True)
class Advice:
    """The advice to inspect; or, against it, the agreement that is the reason, with its deadline."""

    because_of: UUID | None = None
    deadline: Deadline | None = None

    def reason(self, p_number: str, topic: str) -> dict[str, str]:
        """R11: explains the advice in Danish and English."""
        if self.because_of is None or self.deadline is None:
            return {
                "da": f"Ingen aftale om emne {topic} løber på enhed {p_number}.",
                "en": f"No agreement on topic {topic} runs at unit {p_number}.",
            }
        day = self.deadline.last_day.isoformat()
        return {
            "da": f"En aftale om emne {topic} løber på enhed {p_number} med frist {day}: emnet inspiceres som"
            " hovedregel ikke imens, andre emner som sædvanligt.",
            "en": f"An agreement on topic {topic} runs at unit {p_number} until {day}: as a rule the topic is not"
            " inspected meanwhile, other topics as usual.",
        }


async def advise(runtime: Runtime, p_number: str, topic: str) -> Advice:
    """R11: advises by the agreement at the unit that runs longest, if there is one."""
    running = await _courses(runtime, await _agreements(runtime, p_number, topic))
    longest = max(running, key=lambda course: course.deadline.ends_at, default=None)
    return Advice() if longest is None else Advice(longest.started.agreement_id, longest.deadline)


async def _agreements(runtime: Runtime, p_number: str, topic: str) -> list[UUID]:
    return list((await runtime.database.ask(reserved_under, running_agreements_prefix(p_number, topic))).values())


async def _courses(runtime: Runtime, agreements: Sequence[UUID]) -> list[Running]:
    states = [(await read(runtime.store, COURSE, agreement)).state for agreement in agreements]
    return [state for state in states if isinstance(state, Running)]
