"""Why each visit of a course stands where it does, and what has moved it, as the facts of the course tell (R27)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.control.planning.rules.visit import Visit
from services.control.rules.course_decider import COURSE
from services.control.rules.drawn_anew import BY_ITSELF
from services.control.rules.visits_of_course import visits_of
from shared.contracts.vocabulary import PlanCause
from shared.deadlines.in_words import Language, day_in_words, instant_in_words
from shared.eventstore.events import Recorded
from shared.policy.policy import Policy
from shared.reference.reference import Term, closed_lists, control_late_reasons


@dataclass(frozen=True)
class Stood:
    """On which day a visit stood in whose calendar."""

    day: date
    inspector: str


@dataclass(frozen=True)
class Move:
    """R27: a visit got its day, got another day or inspector, or fell away."""

    at: datetime
    fact: str
    """The type of the fact by which that was recorded."""
    cause: PlanCause | None
    """What made the system choose the place; None where a person did, or the visit fell away."""
    by: str
    """Pseudonymous id of who acted, or the name of the service."""
    policy: str | None
    before: Stood | None
    after: Stood | None


@dataclass(frozen=True)
class WhyThere:
    """R27: why a visit stands where it does."""

    visit: Visit
    chosen_by: str
    """Pseudonymous id of who chose the day, or the name of the service."""
    policy: str | None
    """R18: the version by which the day was drawn; a plan's day stays drawn when it is booked."""
    moves: tuple[Move, ...]

    def explained(self, language: Language) -> str:
        """R17, R18, R27: returns in words why this day, this person, and this late."""
        sentences = (self._day(language), self._person(language), self._late(language))
        return " ".join(sentence for sentence in sentences if sentence)

    def _day(self, language: Language) -> str:
        day, drawn = day_in_words(self.visit.day, language), self.visit.drawn
        if drawn is None:
            return _chosen(day, self.chosen_by, language)
        first, last = day_in_words(drawn.first, language), day_in_words(drawn.last, language)
        policy = self.policy or "-"
        if language == "da":
            among = "de ledige dage" if drawn.possible is None else f"{drawn.possible} mulige dage"
            return f"Besøget er {day}: lodtrækning blandt {among} fra {first} til {last} (R18, regelsæt {policy})."
        among = "the free days" if drawn.possible is None else f"{drawn.possible} possible days"
        return f"The visit is on {day}: drawn among {among} from {first} to {last} (R18, policy {policy})."

    def _person(self, language: Language) -> str:
        inspector = self.visit.inspector
        if language == "da":
            return f"Det står i kalenderen hos {inspector}, som var ansvarlig for sagen, da det blev lagt der (R15)."
        return (
            f"It stands in the calendar of {inspector}, who was responsible for the case when it was put there (R15)."
        )

    def _late(self, language: Language) -> str:
        if not self.visit.is_late:
            return ""
        last = day_in_words(self.visit.window.last, language)
        reason = control_late_reasons().get(self.visit.late_reason or "")
        named = "" if reason is None else f": {_name(reason, language)}"
        if language == "da":
            return f"Det ligger efter vinduet, som slutter {last}{named} (R17)."
        return f"It lies after the window, which ends on {last}{named} (R17)."


def _chosen(day: str, by: str, language: Language) -> str:
    if by == BY_ITSELF:
        if language == "da":
            return f"Besøget er {day}, som en tidligere udgave af systemet valgte uden lodtrækning."
        return f"The visit is on {day}, which an earlier release of the system chose without a draw."
    if language == "da":
        return f"Besøget er {day}, valgt af {by} (R17)."
    return f"The visit is on {day}, chosen by {by} (R17)."


def move_in_words(move: Move, language: Language) -> str:
    """R27: returns in words when a visit moved, from where to where, and why."""
    at = instant_in_words(move.at, language)
    cause = f": {_name(closed_lists()['plan_causes'][move.cause], language)}" if move.cause else ""
    before, after = (None if one is None else _stood(one, language) for one in (move.before, move.after))
    if before is None:
        return f"{at}: lagt {after}{cause}." if language == "da" else f"{at}: put on {after}{cause}."
    if after is None:
        return f"{at}: faldt bort fra {before}." if language == "da" else f"{at}: fell away from {before}."
    if language == "da":
        return f"{at}: flyttet fra {before} til {after}{cause}."
    return f"{at}: moved from {before} to {after}{cause}."


def _stood(stood: Stood, language: Language) -> str:
    return f"{day_in_words(stood.day, language)} ({stood.inspector})"


def _name(term: Term, language: Language) -> str:
    return term.danish if language == "da" else term.english


@dataclass
class _Track:
    """What was learned of the visit of one place while the facts were read."""

    moves: list[Move] = field(default_factory=list)
    chosen_by: str = BY_ITSELF
    policy: str | None = None

    def follow(self, before: Visit | None, after: Visit | None, recorded: Recorded) -> None:
        if _stands(before) != _stands(after):
            self.moves.append(_move(recorded, _stands(before), _stands(after)))
        if after is not None and (before is None or before.visit_id != after.visit_id):
            self.chosen_by = str(recorded.metadata["actor"])
            if before is None or before.drawn != after.drawn:
                self.policy = recorded.metadata.get("policy")


def why_there(history: Sequence[Recorded], policy: Policy) -> list[WhyThere]:
    """R17, R27: returns why each visit that stands now stands there, in the order of their days.

    Visits that were held, or fell away without another one, stand nowhere and are left out.
    """
    tracks, state = defaultdict[UUID, _Track](_Track), COURSE.initial
    stands: dict[UUID, Visit] = {}
    for recorded in history:
        state = COURSE.evolve(state, recorded.event.public_form())
        after = {visit.place_id: visit for visit in visits_of(state, policy)}
        for place in {**stands, **after}:
            tracks[place].follow(stands.get(place), after.get(place), recorded)
        stands = after
    return [
        WhyThere(visit, track.chosen_by, track.policy, tuple(track.moves))
        for visit in sorted(stands.values(), key=lambda one: (one.day, one.place_id))
        for track in (tracks[visit.place_id],)
    ]


def _stands(visit: Visit | None) -> Stood | None:
    return None if visit is None else Stood(visit.day, visit.inspector)


def _move(recorded: Recorded, before: Stood | None, after: Stood | None) -> Move:
    cause: PlanCause | None = getattr(recorded.event, "cause", None)
    return Move(
        at=recorded.occurred_at,
        fact=type(recorded.event).__name__,
        cause=cause if after is not None else None,
        by=str(recorded.metadata["actor"]),
        policy=recorded.metadata.get("policy"),
        before=before,
        after=after,
    )
