"""Facts of an agreement's course, as reporting receives them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4, uuid5

from shared.contracts import control, guidance, offers, orders, register
from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    ControlOutcome,
    Drawn,
    JudgedBy,
    MakesRoom,
    Measure,
    MeasureObservation,
    MeasureUse,
    PlanCause,
    SpokeWith,
    VisitHours,
)
from shared.deadlines.copenhagen import end_of
from shared.deadlines.deadline import Deadline, Length, LengthUnit
from shared.eventstore.events import Event
from shared.messaging.cloudevents import Message
from shared.messaging.received_fact import ReceivedFact

CVR = "13748136"
OTHER_CVR = "24256790"
UNIT = "1003388394"
INSPECTOR = "inspector-7"
AGREEMENT = UUID("0190c1b2-0000-7000-8000-000000000001")
CONTROL = UUID("0190c1b2-0000-7000-8000-0000000000c1")
MEASURE = UUID("0190c1b2-0000-7000-8000-0000000000a1")
ORDER = UUID("0190c1b2-0000-7000-8000-0000000000f1")

_SOURCES: Sequence[tuple[str, Sequence[type[Event]]]] = (
    ("offers", offers.FACTS),
    ("guidance", guidance.FACTS),
    ("control", control.FACTS),
    ("order-system", orders.FACTS),
    ("register", register.FACTS),
)


def on(day: str, hour: int = 10) -> datetime:
    """An instant on a day, UTC."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=hour)


def deadline(rule: str, last_day: str, anchor: str, anchor_event: str, number: int, unit: LengthUnit) -> Deadline:
    """A deadline that nothing moved."""
    return Deadline(
        rule=rule,
        policy="2024-01-01",
        anchor=on(anchor),
        anchor_event=anchor_event,
        counted_from=date.fromisoformat(anchor),
        length=Length(number=number, unit=unit),
        last_day=date.fromisoformat(last_day),
        ends_at=end_of(date.fromisoformat(last_day)),
    )


def sent(
    agreement_id: UUID = AGREEMENT,
    *,
    at: str = "2026-03-04",
    cvr: str = CVR,
    topic: str = "056",
    p_number: str = UNIT,
    number: str | None = "2026-000123",
) -> Event:
    return offers.OfferSent(
        agreement_id=agreement_id,
        kind=AgreementKind.SUSPICION,
        cvr=cvr,
        p_number=p_number,
        topic=topic,
        inspection_id="inspection-1",
        inspector=INSPECTOR,
        period_months=3,
        response_rule="R3",
        letter_version="1",
        sent_at=on(at),
        number=number,
    )


def delivered(agreement_id: UUID = AGREEMENT) -> Event:
    return offers.OfferDelivered(
        agreement_id=agreement_id,
        available_at=on("2026-03-05"),
        response_deadline=deadline("R3", "2026-04-07", "2026-03-05", "OfferDelivered", 4, LengthUnit.WEEKS),
        halfway_at=on("2026-03-19"),
        lapses_at=on("2026-04-08", 3),
    )


def halfway(agreement_id: UUID = AGREEMENT) -> Event:
    return offers.OfferUnansweredHalfway(agreement_id=agreement_id, opened=False, at=on("2026-03-19"))


def accepted(agreement_id: UUID = AGREEMENT, *, cvr: str = CVR, topic: str = "056") -> Event:
    return offers.Accepted(
        agreement_id=agreement_id,
        kind=AgreementKind.SUSPICION,
        cvr=cvr,
        p_number=UNIT,
        topic=topic,
        inspector=INSPECTOR,
        period_months=3,
        accepted_at=on("2026-03-20"),
        accepted_by="person-1",
    )


def declined(agreement_id: UUID = AGREEMENT) -> Event:
    return offers.Declined(agreement_id=agreement_id, declined_at=on("2026-03-21"), declined_by="person-1")


def deadline_set(agreement_id: UUID = AGREEMENT, *, cvr: str = CVR, topic: str = "056") -> Event:
    return control.ComplianceDeadlineSet(
        agreement_id=agreement_id,
        cvr=cvr,
        p_number=UNIT,
        topic=topic,
        inspector=INSPECTOR,
        accepted_at=on("2026-03-20"),
        compliance_deadline=deadline("R10", "2026-06-22", "2026-03-20", "Accepted", 3, LengthUnit.MONTHS),
        control_window=deadline("R17", "2026-08-21", "2026-06-22", "ComplianceDeadlineExpired", 60, LengthUnit.DAYS),
        books_control_at=on("2026-06-08"),
    )


def guidance_scheduled() -> Event:
    return guidance.GuidanceScheduled(
        agreement_id=AGREEMENT,
        cvr=CVR,
        p_number=UNIT,
        inspector=INSPECTOR,
        due=deadline("R12", "2026-04-20", "2026-03-20", "Accepted", 31, LengthUnit.DAYS),
        coming_due_at=on("2026-04-13"),
        overdue_at=on("2026-04-21", 0),
    )


def guidance_fell_due() -> Event:
    return guidance.GuidanceFellDue(agreement_id=AGREEMENT, at=on("2026-04-20"))


def guidance_overdue() -> Event:
    return guidance.GuidanceBecameOverdue(agreement_id=AGREEMENT, at=on("2026-04-21", 1))


def guidance_offered() -> Event:
    return guidance.GuidanceOffered(
        agreement_id=AGREEMENT, form=ContactForm.PHONE, offered_at=on("2026-04-22"), offered_by=INSPECTOR
    )


def guidance_accepted() -> Event:
    return guidance.GuidanceAccepted(agreement_id=AGREEMENT, answered_at=on("2026-04-23"))


def guidance_held() -> Event:
    return guidance.GuidanceHeld(
        agreement_id=AGREEMENT,
        meeting_id=uuid5(AGREEMENT, "meeting"),
        form=ContactForm.PHONE,
        held_at=on("2026-04-24"),
        inspector=INSPECTOR,
        minutes_spent=45,
    )


def documented(
    agreement_id: UUID = AGREEMENT, *, part: int = 1, complete: bool = True, at: str = "2026-06-01", level: int = 3
) -> Event:
    measure = Measure(measure_id=MEASURE, kind="technical-aid", ladder_level=level)
    return control.DocumentationReceived(
        agreement_id=agreement_id,
        part=part,
        received_at=on(at),
        sent_by="person-1",
        complete=complete,
        control_window=_window_of_documentation() if complete else None,
        measures=(measure,),
    )


def _window_of_documentation() -> Deadline:
    return deadline("R17", "2026-07-31", "2026-06-01", "DocumentationReceived", 60, LengthUnit.DAYS)


def booked(
    agreement_id: UUID = AGREEMENT, *, announced: bool, day: str = "2026-06-15", at: str = "2026-06-02"
) -> Event:
    return control.ControlBooked(
        agreement_id=agreement_id,
        control_id=CONTROL,
        inspector=INSPECTOR,
        day=date.fromisoformat(day),
        form=ContactForm.VISIT,
        announced=announced,
        slot=1,
        window=_window_of_documentation(),
        booked_at=on(at),
        replaces=uuid5(agreement_id, "earlier booking"),
    )


def controlled(outcome: ControlOutcome = ControlOutcome.NO_VIOLATION, agreement_id: UUID = AGREEMENT) -> Event:
    return control.ControlCompleted(
        agreement_id=agreement_id,
        control_id=CONTROL,
        held_at=on("2026-06-15"),
        inspector=INSPECTOR,
        form=ContactForm.VISIT,
        outcome=outcome,
        judged_by=(JudgedBy.SEEN_IN_USE,),
        spoke_with=(SpokeWith.MANAGER,),
        measures=(MeasureObservation(measure_id=MEASURE, use=MeasureUse.LIMITED, verified=True),),
        within_window=True,
    )


def turned_into_guidance() -> Event:
    return control.ControlTurnedIntoGuidance(
        agreement_id=AGREEMENT,
        control_id=CONTROL,
        held_at=on("2026-06-15"),
        inspector=INSPECTOR,
        form=ContactForm.VISIT,
        reason="work_unfinished",
    )


def fulfilled(agreement_id: UUID = AGREEMENT) -> Event:
    return control.Fulfilled(
        agreement_id=agreement_id, fulfilled_at=on("2026-06-15", 11), follow_up_on=date(2027, 6, 15)
    )


def breached(agreement_id: UUID = AGREEMENT) -> Event:
    return control.Breached(
        agreement_id=agreement_id,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        breached_at=on("2026-06-15", 11),
        breached_units=(UNIT,),
    )


def hearing_opened() -> Event:
    return control.HearingOpened(
        agreement_id=AGREEMENT,
        in_writing=True,
        opened_at=on("2026-06-16"),
        answer_deadline=deadline("R22", "2026-06-30", "2026-06-16", "HearingOpened", 2, LengthUnit.WEEKS),
        expires_at=on("2026-07-01"),
    )


def hearing_expired() -> Event:
    return control.HearingExpired(agreement_id=AGREEMENT, at=on("2026-07-01"))


def order_requested() -> Event:
    return control.OrderRequested(
        agreement_id=AGREEMENT,
        request_id=uuid5(AGREEMENT, "request"),
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        requested_at=on("2026-07-02"),
        requested_by=INSPECTOR,
    )


def order_issued(
    case_id: UUID = ORDER, *, agreement_id: UUID | None = AGREEMENT, number: str | None = "P-2026/7"
) -> Event:
    return orders.OrderIssued(
        case_id=case_id,
        order_kind=orders.OrderKind.WITH_DEADLINE,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        issued_on=date(2026, 7, 6),
        deadline=date(2026, 8, 31),
        agreement_id=agreement_id,
        number=number,
    )


def follow_up_fell_due() -> Event:
    return control.FollowUpFellDue(agreement_id=AGREEMENT, at=on("2027-06-15"))


def follow_up_held() -> Event:
    return control.FollowUpHeld(
        agreement_id=AGREEMENT,
        held_at=on("2027-06-20"),
        inspector=INSPECTOR,
        form=ContactForm.PHONE,
        measures=(MeasureObservation(measure_id=MEASURE, use=MeasureUse.NOT_IN_USE, non_use_reason="seldom-needed"),),
        minutes_spent=20,
    )


def quarantine_imposed() -> Event:
    return offers.QuarantineImposed(
        agreement_id=AGREEMENT,
        cvr=CVR,
        p_number=UNIT,
        imposed_at=on("2026-06-15", 12),
        ends_at=on("2027-06-15", 12),
        policy="2024-01-01",
    )


def registered(*, cvr: str = CVR, industry: str = "day-care", size: str = "10-34", since: str = "2020-01-01") -> Event:
    return register.UnitRegistered(
        p_number=UNIT,
        cvr=cvr,
        name="Børnehuset Solsikken",
        industry=industry,
        sector="municipal",
        size_class=size,
        effective_from=date.fromisoformat(since),
        postcode="8000",
        address="Solsikkens Vænge 7",
    )


def place_not_found(place_id: UUID = AGREEMENT, *, at: str = "2026-05-04", last_day: str = "2026-08-21") -> Event:
    """R17: no day was found for a control; a colleague would make room."""
    return control.PlaceNotFound(
        agreement_id=AGREEMENT,
        place_id=place_id,
        inspector=INSPECTOR,
        last_day=date.fromisoformat(last_day),
        sought_at=on(at),
        again_at=on(at) + timedelta(days=1),
        cause=PlanCause.ABSENCE,
        would_make_room=(MakesRoom.COLLEAGUE,),
    )


def planned(place_id: UUID = AGREEMENT, *, day: str = "2026-07-01") -> Event:
    """R17: a control has a day in a calendar before it is booked."""
    return control.ControlPlanned(
        agreement_id=AGREEMENT,
        plan_id=uuid5(place_id, day),
        place_id=place_id,
        inspector=INSPECTOR,
        day=date.fromisoformat(day),
        slot=1,
        hours=VisitHours(begins=time(8), duration_minutes=180),
        window=_window_of_documentation(),
        planned_at=on("2026-05-05"),
        drawn=Drawn(first=date(2026, 6, 2), last=date(2026, 7, 31), possible=20, least=8),
        cause=PlanCause.ABSENCE,
    )


def sample_chosen(*places: UUID) -> Event:
    return control.SampleChosen(
        agreement_id=AGREEMENT, places=places, at_least=1, chosen_at=on("2026-05-05"), chosen_by=INSPECTOR
    )


def inspector_changed() -> Event:
    return control.InspectorChanged(
        agreement_id=AGREEMENT,
        inspector="inspector-8",
        previous=INSPECTOR,
        changed_at=on("2026-05-05"),
        changed_by="supporter-1",
    )


def place_fits_again() -> Event:
    return control.PlaceFitsAgain(agreement_id=AGREEMENT, place_id=AGREEMENT, found_at=on("2026-05-06"))


class Feed:
    """Gives facts their messages: each source counts its own streams."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, UUID], int] = {}

    def receive(self, *events: Event) -> list[ReceivedFact]:
        return [self._receive(event) for event in events]

    def unknown(self, agreement_id: UUID = AGREEMENT) -> ReceivedFact:
        """A fact of a type that reporting has no class for."""
        message = self._message("SomethingNew", "control", agreement_id, on("2026-05-01"), '{"answer": 42}')
        return ReceivedFact(message, None)

    def _receive(self, event: Event) -> ReceivedFact:
        source = next(name for name, types in _SOURCES if isinstance(event, tuple(types)))
        stream = getattr(event, "case_id", None) or getattr(event, "agreement_id", None) or uuid5(AGREEMENT, source)
        return ReceivedFact(
            self._message(type(event).__name__, source, stream, occurred_at(event), event.public_json()), event
        )

    def _message(self, name: str, source: str, stream: UUID, at: datetime, body: str) -> Message:
        version = self._versions[source, stream] = self._versions.get((source, stream), 0) + 1
        return Message(
            source=source,
            stream=stream,
            epoch=1,
            version=version,
            event_id=uuid4(),
            type=name,
            schema_version=1,
            occurred_at=at,
            recorded_at=at + timedelta(minutes=1),
            body=body,
            actor="person-1",
            policy="2024-01-01",
        )


_TIMES = (
    *("sent_at", "available_at", "accepted_at", "declined_at", "offered_at", "answered_at", "received_at", "booked_at"),
    *("held_at", "fulfilled_at", "breached_at", "opened_at", "requested_at", "imposed_at", "sought_at", "at"),
)


def occurred_at(event: Event) -> datetime:
    """When a fact occurred, from its own data."""
    if isinstance(event, guidance.GuidanceScheduled):
        return event.due.anchor
    times = (getattr(event, name, None) for name in _TIMES)
    return next((time for time in times if isinstance(time, datetime)), on("2026-07-06"))
