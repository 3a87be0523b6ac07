"""Which matters of guidance still stand, for whoever is to be told of them (R12, R21, R29)."""

from datetime import timedelta

from services.guidance.rules.phases import Answered, Awaited, Closed, Offered, State, Unknown
from shared.contracts.guidance import GuidanceMeetingBooked, MeetingTimesOffered
from shared.contracts.matters import STANDS, StandingMatter
from shared.contracts.notices import Occasion
from shared.deadlines.copenhagen import local_day

_EARLIER = timedelta(microseconds=1)


def standing(state: State, occasion: Occasion, about: str) -> StandingMatter | None:
    """R29: returns how a matter stands; None if it is settled, or if guidance does not own matters of the occasion."""
    match occasion, state:
        case _, Unknown() | Closed():
            return None
        case Occasion.GUIDANCE_COMING_DUE | Occasion.GUIDANCE_DUE | Occasion.GUIDANCE_OVERDUE, Awaited():
            return StandingMatter(deadline=state.scheduled.due)
        case Occasion.GUIDANCE_OFFERED, Offered():
            return StandingMatter(form=state.offer.form)
        case Occasion.GUIDANCE_ANSWERED, Answered():
            return STANDS
        case Occasion.GUIDANCE_TIMES_OFFERED | Occasion.MEETING_IN_A_WEEK | Occasion.MEETING_CANCELLED, _:
            return _of_meeting(occasion, state.about.appointment, about)
        case _:
            return None


def _of_meeting(
    occasion: Occasion, appointment: MeetingTimesOffered | GuidanceMeetingBooked | None, about: str
) -> StandingMatter | None:
    is_it = appointment is not None and str(appointment.meeting_id) == about
    match occasion, appointment:
        case Occasion.MEETING_CANCELLED, _:
            return None if is_it else STANDS
        case Occasion.GUIDANCE_TIMES_OFFERED, MeetingTimesOffered() if is_it:
            last_day = local_day(appointment.choose_before - _EARLIER)  # midnight belongs to the day that ends with it
            return StandingMatter(day=last_day, form=appointment.form)
        case Occasion.MEETING_IN_A_WEEK, GuidanceMeetingBooked() if is_it:
            return StandingMatter(day=appointment.time.day, begins=appointment.time.begins, form=appointment.form)
        case _:
            return None
