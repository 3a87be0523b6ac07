"""Occasions after the control: the result, the hearing before an order, quarantine and follow-up (R20-R24, R29)."""

from collections.abc import Iterator
from datetime import timedelta

from services.notices.rules.moments import days_before
from services.notices.rules.occasion import (
    AT_THE_UNIT,
    COMPANY,
    INSPECTOR,
    WHO_DECIDES,
    Given,
    OccasionRule,
    When,
    at_once,
    ends,
)
from shared.contracts.control import Breached, FollowUpFellDue, Fulfilled, HearingExpired, HearingOpened
from shared.contracts.notices import Occasion
from shared.contracts.offers import QuarantineEnded, QuarantineImposed
from shared.contracts.public_forms import DecisionRevoked, FollowUpHeld, HearingAnswered
from shared.deadlines.copenhagen import local_day


def _result(fact: Fulfilled | Breached, given: Given) -> Iterator[When]:
    yield given.at_once(code="fulfilled" if isinstance(fact, Fulfilled) else "breached")


def _quarantine(fact: QuarantineImposed, given: Given) -> Iterator[When]:
    """R22: it is told until when it lasts."""
    last_day = local_day(fact.ends_at) - timedelta(days=1)
    yield given.at_once(last_day.isoformat(), code="legal_entity" if fact.p_number is None else "unit")


def _hearing(fact: HearingOpened, given: Given) -> Iterator[When]:
    """R22: for as long as the company can answer."""
    yield When(given.at, fact.answer_deadline.ends_at)


def _hearing_ends(fact: HearingOpened, given: Given) -> Iterator[When]:
    """R22: some days before the last day to answer."""
    deadline = fact.answer_deadline
    yield When(days_before(deadline.last_day, given.policy.notices.ends_soon_days, given.policy), deadline.ends_at)


_HEARD = (HearingAnswered, HearingExpired, DecisionRevoked)
OCCASIONS = (
    OccasionRule(
        Occasion.RESULT,
        "R20, R29",
        COMPANY,
        raised_by=dict.fromkeys((Fulfilled, Breached), _result),
        ended_by=ends(DecisionRevoked),
        has_legal_effect=True,
    ),
    OccasionRule(
        Occasion.HEARING_OPENED,
        "R22",
        WHO_DECIDES,
        raised_by={HearingOpened: _hearing},
        ended_by=ends(*_HEARD),
        has_legal_effect=True,
    ),
    OccasionRule(
        Occasion.HEARING_ENDS_SOON,
        "R22, R29",
        WHO_DECIDES,
        raised_by={HearingOpened: _hearing_ends},
        ended_by=ends(*_HEARD),
    ),
    OccasionRule(
        Occasion.HEARING_ANSWERED,
        "R22, R29",
        INSPECTOR,
        raised_by={HearingAnswered: at_once},
        ended_by=ends(DecisionRevoked),
    ),
    OccasionRule(
        Occasion.QUARANTINE,
        "R22",
        WHO_DECIDES,
        raised_by={QuarantineImposed: _quarantine},
        ended_by=ends(QuarantineEnded),
        has_legal_effect=True,
    ),
    OccasionRule(
        Occasion.FOLLOW_UP,
        "R24",
        (*INSPECTOR, *AT_THE_UNIT),
        raised_by={FollowUpFellDue: at_once},
        ended_by=ends(FollowUpHeld),
    ),
)
