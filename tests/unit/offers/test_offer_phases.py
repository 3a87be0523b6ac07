"""Which command has its place in which phase of an offer, and what then stands (R3-R9, R28)."""

from datetime import timedelta

import pytest

from services.offers.offer import NoteBreach, NoteEnd, RecordFailedDelivery, RecordOpening, Withdraw
from shared.contracts.offers import Accepted, Declined, DeliveryFailed, Lapsed, OfferOpened, OfferUnansweredHalfway
from shared.kernel.decider import TimerDue
from shared.kernel.events import Event
from tests.unit.offers.test_offer_rules import (
    AGREEMENT,
    AVAILABLE_AT,
    CVR,
    ENDINGS,
    IN_TIME,
    OTHER,
    SENT_AT,
    TOO_LATE,
    UNIT,
    accept,
    accepted,
    decline,
    deliver,
    delivered,
    due,
    given,
    lapsed,
    sent,
)
