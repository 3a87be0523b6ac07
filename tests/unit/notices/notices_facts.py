"""The facts and commands from which the tests of notices tell their stories."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from services.notices.rules.case_decider import NOTICES, FollowAgreement, RecordOutcomes, TakeNote
from services.notices.rules.tries import Outcome
from shared.contracts.control import ComplianceDeadlineSet, ControlBooked, DocumentationReceived, HearingOpened
from shared.contracts.notices import AgreementFollowed, MatterOwner, MatterRaised, Occasion, Recipient
from shared.contracts.offers import OfferDelivered, OfferSent
from shared.contracts.vocabulary import AgreementKind, ContactForm
from shared.deadlines import deadlines
from shared.eventstore.events import Event
from shared.policy.policies import load_policies
from tests.public_form import public
from tests.unit.scenario import Outcome as Decided
from tests.unit.scenario import scenarios_of

CVR, UNIT, INSPECTOR = "13748136", "1000000001", "inspector-1"
AGREEMENT, PLACE, CONTROL = UUID(int=1), UUID(int=2), UUID(int=3)
TOPIC, PSYCHOSOCIAL = "056", "061"
POLICY = load_policies().at(datetime.fromisoformat("2026-03-05T10:00+01:00"))
given = scenarios_of(NOTICES)


def at(day: str, time: str = "10:00") -> datetime:
    """An instant in winter or summer time of Copenhagen, as its offset says."""
    summer = "2026-03-29" <= day < "2026-10-25"
    return datetime.fromisoformat(f"{day}T{time}{'+02:00' if summer else '+01:00'}")


DELIVERED_AT = at("2026-03-05")
ACCEPTED_AT = at("2026-03-20")


def sent() -> OfferSent:
    return OfferSent(
        agreement_id=AGREEMENT,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic=TOPIC,
        inspection_id="1",
        period_months=3,
        inspector=INSPECTOR,
        response_rule="R3",
        letter_version="2026-12",
        sent_at=at("2026-03-05", "09:00"),
    )


def follow() -> FollowAgreement:
    return FollowAgreement(at("2026-03-05", "09:00"), public(sent()))


def followed(topic: str = TOPIC) -> AgreementFollowed:
    return AgreementFollowed(
        agreement_id=AGREEMENT,
        cvr=CVR,
        p_number=UNIT,
        topic=topic,
        kind=AgreementKind.SUSPICION,
        inspector=INSPECTOR,
        followed_at=at("2026-03-05", "09:00"),
    )


def delivered(available_at: datetime = DELIVERED_AT) -> OfferDelivered:
    deadline = deadlines.response_deadline(available_at, POLICY)
    return OfferDelivered(
        agreement_id=AGREEMENT,
        available_at=available_at,
        response_deadline=deadline,
        halfway_at=available_at + (deadline.ends_at - available_at) / 2,
        lapses_at=deadline.ends_at + timedelta(minutes=15),
    )


def deadline_set() -> ComplianceDeadlineSet:
    deadline = deadlines.compliance_deadline(ACCEPTED_AT, 3, POLICY)
    return ComplianceDeadlineSet(
        agreement_id=AGREEMENT,
        cvr=CVR,
        p_number=UNIT,
        topic=TOPIC,
        inspector=INSPECTOR,
        accepted_at=ACCEPTED_AT,
        compliance_deadline=deadline,
        control_window=deadlines.control_window(deadline, POLICY),
        books_control_at=deadline.ends_at,
    )


def documented(*, complete: bool) -> DocumentationReceived:
    return DocumentationReceived(
        agreement_id=AGREEMENT, part=1, complete=complete, received_at=at("2026-06-01"), sent_by="company-1"
    )


def booked(day: date, *, announced: bool, inspector: str = INSPECTOR, control: UUID = CONTROL) -> ControlBooked:
    deadline = deadlines.compliance_deadline(ACCEPTED_AT, 3, POLICY)
    return ControlBooked(
        agreement_id=AGREEMENT,
        control_id=control,
        inspector=inspector,
        day=day,
        form=ContactForm.VISIT,
        announced=announced,
        slot=1,
        window=deadlines.control_window(deadline, POLICY),
        booked_at=at("2026-06-22"),
        place_id=PLACE,
    )


def hearing_opened() -> HearingOpened:
    return HearingOpened(
        agreement_id=AGREEMENT,
        in_writing=True,
        opened_at=at("2026-08-03"),
        answer_deadline=deadlines.hearing_deadline(at("2026-08-03"), POLICY),
        expires_at=at("2026-08-18"),
    )


def note(fact: Event, now: datetime, recorded_at: datetime | None = None) -> TakeNote:
    return TakeNote(now, POLICY, public(fact), recorded_at or now)


def became(now: datetime, *outcomes: Outcome) -> RecordOutcomes:
    return RecordOutcomes(now, POLICY, outcomes)


def raised(outcome: Decided, occasion: Occasion) -> dict[Recipient, MatterRaised]:
    """What a command raised of an occasion, by recipient; of several for the same one, the last."""
    found = [event for event in outcome.events if isinstance(event, MatterRaised) and event.occasion is occasion]
    return {one.recipient: one for one in found}


def matter(
    occasion: Occasion,
    recipient: Recipient,
    due_at: datetime,
    *,
    about: str = "",
    latest_at: datetime | None = None,
    owner: MatterOwner = MatterOwner.OFFERS,
) -> MatterRaised:
    """A matter that stands in a history."""
    return MatterRaised(
        agreement_id=AGREEMENT,
        matter_id=uuid5(AGREEMENT, f"{occasion}/{recipient}/{about}/{due_at.isoformat()}"),
        occasion=occasion,
        recipient=recipient,
        owner=owner,
        about=about,
        due_at=due_at,
        latest_at=latest_at or due_at + timedelta(days=14),
        raised_at=due_at,
    )
