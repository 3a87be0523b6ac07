"""What the view shows of extensions, terminations, spread agreements, corrections, time, and what follows a no."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.reporting.cases.case_types import Status
from services.reporting.cases.steps import TaskKind
from services.reporting.cases.unknown_codes import unknown_in_case, unknown_in_unit
from shared.contracts import control, guidance, offers, orders
from shared.contracts.register import UnitRegistered
from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    ControlOutcome,
    Decision,
    InvestigationOutcome,
    Involvement,
    JudgedBy,
    Measure,
    Place,
    Side,
    SpokeWith,
    WorkPhase,
)
from shared.deadlines.deadline import LengthUnit
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CONTROL, CVR, INSPECTOR, ORDER, UNIT, on
from tests.reporting_folding import case_after, next_after, rows_after, statuses

DELIVERED = (facts.sent(), facts.delivered())
RUNNING = (*DELIVERED, facts.accepted(), facts.deadline_set())
OTHER_PLACE, OTHER_CONTROL, MEETING, REQUEST = UUID(int=2), UUID(int=3), UUID(int=4), UUID(int=5)


def open_tasks(*events: Event) -> set[TaskKind]:
    return {task.kind for task in rows_after(*events).tasks[AGREEMENT] if task.closed_at is None}


def failed(attempt: int = 1) -> Event:
    return offers.DeliveryFailed(agreement_id=AGREEMENT, attempt=attempt, reason="bounced", failed_at=on("2026-03-05"))


def resent() -> Event:
    return offers.OfferResent(agreement_id=AGREEMENT, attempt=2, resent_at=on("2026-03-06"), resent_by="offers")


@pytest.mark.rule("R4")
def test_an_offer_that_did_not_arrive_is_a_task_until_it_does() -> None:
    assert open_tasks(facts.sent(), failed()) == {TaskKind.MEND_DELIVERY}
    assert open_tasks(facts.sent(), failed(), resent()) == {TaskKind.MEND_DELIVERY}
    assert TaskKind.MEND_DELIVERY not in open_tasks(facts.sent(), failed(), resent(), facts.delivered())


@pytest.mark.rule("R3", "R30")
def test_a_corrected_delivery_moves_the_response_deadline() -> None:
    later = facts.deadline("R3", "2026-04-10", "2026-03-12", "OfferDelivered", 4, LengthUnit.WEEKS)
    corrected = offers.DeliveryCorrected(
        agreement_id=AGREEMENT,
        available_at=on("2026-03-12"),
        response_deadline=later,
        halfway_at=on("2026-03-26"),
        lapses_at=on("2026-04-11"),
        corrected_at=on("2026-03-13"),
        corrected_by="portal-1",
    )
    case = case_after(*DELIVERED, corrected)
    assert case.deadlines["response"]["last_day"] == "2026-04-10"
    assert case.corrections == 1


def asked(*, understood: bool = True) -> Event:
    return guidance.OfferUnderstandingAsked(
        agreement_id=AGREEMENT,
        contact_id=MEETING,
        form=ContactForm.PHONE,
        held_at=on("2026-03-19"),
        inspector=INSPECTOR,
        initiated_by=Side.AUTHORITY,
        reached=True,
        understood=understood,
        minutes_spent=15,
    )


@pytest.mark.rule("R5", "R37")
def test_asking_whether_it_was_understood_does_the_task_and_takes_time() -> None:
    assert open_tasks(*DELIVERED, facts.halfway()) == {TaskKind.OFFER_UNANSWERED}
    assert open_tasks(*DELIVERED, facts.halfway(), asked()) == set()
    case = case_after(*DELIVERED, asked(understood=False))
    assert (case.offer_understood, case.minutes_offer) == (False, 15)


def met(*, informal: bool, minutes: int = 40) -> Event:
    return guidance.GuidanceHeld(
        agreement_id=AGREEMENT,
        meeting_id=MEETING,
        form=ContactForm.PHONE,
        held_at=on("2026-04-01"),
        inspector=INSPECTOR,
        minutes_spent=minutes,
        informal=informal,
    )


@pytest.mark.rule("R12")
def test_an_informal_contact_is_not_guidance_taken() -> None:
    case = case_after(*RUNNING, met(informal=True))
    assert (case.informal_contacts, case.guidance_meetings, case.guidance_held_at) == (1, 0, None)
    assert case_after(*RUNNING, met(informal=False)).guidance_held_at == on("2026-04-01")


@pytest.mark.rule("R30", "R37")
def test_a_corrected_meeting_counts_as_what_it_was() -> None:
    corrected = guidance.MeetingCorrected(
        agreement_id=AGREEMENT,
        meeting_id=MEETING,
        corrected_at=on("2026-04-02"),
        corrected_by=INSPECTOR,
        form=ContactForm.VISIT,
        held_at=on("2026-04-01"),
        participants=(),
        involvement=Involvement(),
        minutes_spent=90,
        informal=True,
        purposes=(),
    )
    case = case_after(*RUNNING, met(informal=False), corrected)
    assert (case.informal_contacts, case.guidance_meetings, case.minutes_guidance) == (1, 0, 90)
    assert case.guidance_held_at is None, "none was held"
    case = case_after(*RUNNING, met(informal=False), corrected.model_copy(update={"informal": False}))
    assert case.guidance_held_at == on("2026-04-01")


def granted() -> Event:
    longer = facts.deadline("R10", "2026-07-22", "2026-03-20", "Accepted", 3, LengthUnit.MONTHS)
    return control.ExtensionGranted(
        agreement_id=AGREEMENT,
        extension_id=REQUEST,
        inspector=INSPECTOR,
        granted_at=on("2026-06-02"),
        accepted_at=on("2026-03-20"),
        compliance_deadline=longer,
        control_window=facts.deadline(
            "R17", "2026-09-20", "2026-07-22", "ComplianceDeadlineExpired", 60, LengthUnit.DAYS
        ),
        books_control_at=on("2026-07-08"),
    )


def extension_asked() -> Event:
    return control.ExtensionRequested(
        agreement_id=AGREEMENT,
        extension_id=REQUEST,
        until=date(2026, 7, 22),
        requested_at=on("2026-06-01"),
        requested_by="company-1",
    )


@pytest.mark.rule("R13")
def test_a_longer_deadline_that_is_asked_for_waits_for_its_answer_and_then_holds() -> None:
    assert TaskKind.ANSWER_EXTENSION in open_tasks(*RUNNING, extension_asked())
    assert next_after(*RUNNING, extension_asked())[0] == "answer_extension"
    case = case_after(*RUNNING, extension_asked(), granted())
    assert case.deadlines["compliance"]["last_day"] == "2026-07-22"
    assert case.deadlines["control_window"]["last_day"] == "2026-09-20"
    assert (case.extensions, case.extension_requested_at) == (1, None)


@pytest.mark.rule("R14")
def test_a_terminated_agreement_has_ended_and_awaits_nothing() -> None:
    ended = control.Terminated(
        agreement_id=AGREEMENT, by=Side.COMPANY, terminated_at=on("2026-05-04"), terminated_by="company-1"
    )
    events = (*RUNNING, facts.booked(announced=True), ended)
    case = case_after(*events)
    assert (case.status, case.ended_at, case.next_step, case.control_day) == (
        Status.TERMINATED,
        on("2026-05-04"),
        None,
        None,
    )
    assert statuses(events)[-1] == "terminated"


@pytest.mark.rule("R15")
def test_tasks_move_to_the_new_inspector() -> None:
    changed = control.InspectorChanged(
        agreement_id=AGREEMENT,
        inspector="inspector-8",
        previous=INSPECTOR,
        changed_at=on("2026-05-04"),
        changed_by="supporter-1",
    )
    tasks = rows_after(*RUNNING, facts.documented(), changed).tasks[AGREEMENT]
    assert {task.inspector for task in tasks if task.closed_at is None} == {"inspector-8"}


SPREAD = (
    facts.sent(),
    facts.delivered(),
    offers.Accepted(
        agreement_id=AGREEMENT,
        kind=AgreementKind.SPREAD,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        inspector=INSPECTOR,
        period_months=3,
        accepted_at=on("2026-03-20"),
        accepted_by="company-1",
        places=(
            Place(place_id=AGREEMENT, p_number=UNIT),
            Place(place_id=OTHER_PLACE, p_number="1003388395", is_department=True),
        ),
    ),
    facts.deadline_set(),
)


def booked(place: UUID, control_id: UUID, day: str, *, announced: bool = False) -> Event:
    return control.ControlBooked(
        agreement_id=AGREEMENT,
        control_id=control_id,
        place_id=place,
        inspector=INSPECTOR,
        day=date.fromisoformat(day),
        slot=1,
        form=ContactForm.VISIT,
        announced=announced,
        window=facts.deadline("R17", "2026-08-21", "2026-06-22", "ComplianceDeadlineExpired", 60, LengthUnit.DAYS),
        booked_at=on("2026-06-08"),
    )


def controlled(place: UUID, control_id: UUID, outcome: ControlOutcome, **more: Any) -> Event:
    return control.ControlCompleted(
        agreement_id=AGREEMENT,
        control_id=control_id,
        place_id=place,
        held_at=on("2026-07-01"),
        inspector=INSPECTOR,
        form=ContactForm.VISIT,
        outcome=outcome,
        judged_by=(JudgedBy.SEEN_IN_USE,),
        spoke_with=(SpokeWith.MANAGER,),
        within_window=True,
        **more,
    )


def sampled() -> Event:
    return control.SampleChosen(
        agreement_id=AGREEMENT,
        places=(AGREEMENT, OTHER_PLACE),
        at_least=2,
        chosen_at=on("2026-03-20"),
        chosen_by="control",
    )


@pytest.mark.rule("R10", "R19")
def test_the_matrix_shows_what_each_place_owes() -> None:
    rows = rows_after(*SPREAD, sampled(), facts.documented(), booked(OTHER_PLACE, OTHER_CONTROL, "2026-07-02"))
    places = rows.places[AGREEMENT]
    assert {row.p_number for row in places.values()} == {UNIT, "1003388395"}
    assert all(row.sampled and row.documentation_parts == 1 and row.measures == 1 for row in places.values())
    assert places[OTHER_PLACE].control_day == date(2026, 7, 2)
    assert places[AGREEMENT].control_day is None


@pytest.mark.rule("R19", "R26")
def test_of_several_booked_controls_the_view_names_the_next_one() -> None:
    both = (
        *SPREAD,
        booked(AGREEMENT, CONTROL, "2026-07-06"),
        booked(OTHER_PLACE, OTHER_CONTROL, "2026-07-02", announced=True),
    )
    assert case_after(*both).control_day == date(2026, 7, 2)
    after_one = (*both, controlled(OTHER_PLACE, OTHER_CONTROL, ControlOutcome.NO_VIOLATION))
    assert case_after(*after_one).control_day == date(2026, 7, 6)
    documented = (*SPREAD, facts.documented(), *after_one[len(SPREAD) :])
    assert next_after(*documented)[0] == "hold_control"
    assert case_after(*both, audience="company").control_day == date(2026, 7, 2)
    assert case_after(*after_one, audience="company").places_controlled == 1


@pytest.mark.rule("R18")
def test_a_control_that_is_called_off_leaves_the_companys_row() -> None:
    cancelled = control.AnnouncedControlCancelled(
        agreement_id=AGREEMENT, control_id=CONTROL, cancelled_at=on("2026-06-10")
    )
    events = (*RUNNING, booked(AGREEMENT, CONTROL, "2026-07-06", announced=True), cancelled)
    assert case_after(*events, audience="company").control_day is None
    hidden = booked(AGREEMENT, OTHER_CONTROL, "2026-07-07")
    assert case_after(*events, hidden, audience="company").control_day is None
    assert case_after(*events, hidden).control_day == date(2026, 7, 7)


@pytest.mark.rule("R20", "R22")
def test_exactly_the_breaching_places_are_marked() -> None:
    breached = control.Breached(
        agreement_id=AGREEMENT,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        breached_at=on("2026-07-01"),
        breached_units=("1003388395",),
        breached_places=(OTHER_PLACE,),
    )
    places = rows_after(*SPREAD, controlled(OTHER_PLACE, OTHER_CONTROL, ControlOutcome.VIOLATION), breached).places[
        AGREEMENT
    ]
    assert {place: row.breached for place, row in places.items()} == {AGREEMENT: False, OTHER_PLACE: True}


def revoked_breach() -> Event:
    return control.DecisionRevoked(
        agreement_id=AGREEMENT,
        decision=Decision.BREACHED,
        cvr=CVR,
        breached_units=(UNIT,),
        revoked_at=on("2026-07-02"),
        revoked_by=INSPECTOR,
    )


@pytest.mark.rule("R30")
def test_a_decision_that_is_taken_back_leaves_the_agreement_running_and_its_history_whole() -> None:
    revoked = revoked_breach()
    events = (*RUNNING, facts.booked(announced=True), facts.controlled(ControlOutcome.VIOLATION), facts.breached())
    case = case_after(*events, facts.hearing_opened(), revoked)
    assert (case.status, case.breached_at, "hearing" in case.deadlines) == (Status.AWAITING_CONTROL, None, False)
    assert statuses((*events, revoked))[-2:] == ["breached", "awaiting_control"]


@pytest.mark.rule("R7")
def test_after_a_no_the_view_says_what_comes_next() -> None:
    no = (*DELIVERED, facts.declined())
    planned = control.NewInspectionBooked(
        agreement_id=AGREEMENT,
        inspection_id=MEETING,
        inspector=INSPECTOR,
        day=date(2026, 3, 25),
        slot=1,
        booked_at=on("2026-03-21"),
    )
    assert next_after(*no, planned) == ("resume_inspection", "inspector", "2026-03-25T23:00:00+00:00")
    assert open_tasks(*no, planned) == {TaskKind.INSPECTION_TO_HOLD}
    assert next_after(*no, planned, audience="company")[2] is None

    def concluded(outcome: InvestigationOutcome) -> Event:
        return control.InvestigationConcluded(
            agreement_id=AGREEMENT,
            inspection_id=MEETING,
            held_at=on("2026-03-25"),
            inspector=INSPECTOR,
            outcome=outcome,
            minutes_spent=60,
        )

    assert next_after(*no, planned, concluded(InvestigationOutcome.SPREAD_OFFER))[0] == "offer_spread"
    ended = case_after(*no, planned, concluded(InvestigationOutcome.NO_VIOLATION))
    assert (ended.next_step, ended.minutes_investigation) == (None, 60)
    assert next_after(*no, planned, concluded(InvestigationOutcome.ORDER), facts.order_requested())[0] == "issue_order"


@pytest.mark.rule("R22")
def test_an_order_that_is_not_issued_is_somebodys_task_until_it_is() -> None:
    asked = facts.order_requested()
    assert isinstance(asked, control.OrderRequested)
    second = asked.model_copy(update={"request_id": REQUEST, "p_number": "1000000009"})
    overdue = control.OrderRequestOverdue(agreement_id=AGREEMENT, request_id=REQUEST, at=on("2026-08-20"))
    issued = control.OrderIssueNoted(
        agreement_id=AGREEMENT, request_id=REQUEST, order_case_id=ORDER, noted_at=on("2026-08-21")
    )
    breached = (*RUNNING, facts.controlled(ControlOutcome.VIOLATION), facts.breached(), asked, second)
    assert TaskKind.ORDER_OVERDUE in open_tasks(*breached, overdue)
    assert TaskKind.ORDER_OVERDUE in open_tasks(*breached, overdue, facts.order_issued()), "that was the other unit's"
    assert TaskKind.ORDER_OVERDUE not in open_tasks(*breached, overdue, issued)
    resent = control.OrderRequestResent(
        agreement_id=AGREEMENT,
        request_id=REQUEST,
        resent_at=on("2026-08-21"),
        resent_by=INSPECTOR,
        remind_at=on("2026-09-01"),
        overdue_at=on("2026-09-20"),
    )
    assert TaskKind.ORDER_OVERDUE not in open_tasks(*breached, overdue, resent)


@pytest.mark.rule("R22")
def test_of_several_orders_the_next_one_is_awaited_until_all_are_issued() -> None:
    asked = facts.order_requested()
    assert isinstance(asked, control.OrderRequested)
    second = asked.model_copy(update={"request_id": REQUEST, "p_number": "1000000009"})
    breached = (*RUNNING, facts.controlled(ControlOutcome.VIOLATION), facts.breached(), asked, second)
    first_issued = case_after(*breached, facts.order_issued())
    assert (first_issued.next_step, first_issued.orders_issued, first_issued.followed_by) == ("issue_order", 1, ORDER)
    noted = control.OrderIssueNoted(
        agreement_id=AGREEMENT, request_id=REQUEST, order_case_id=REQUEST, noted_at=on("2026-08-21")
    )
    assert case_after(*breached, facts.order_issued(), noted).next_step is None


@pytest.mark.rule("R30")
def test_what_was_asked_for_after_a_breach_that_was_a_mistake_is_asked_for_anew_after_the_next() -> None:
    overdue = control.OrderRequestOverdue(agreement_id=AGREEMENT, request_id=REQUEST, at=on("2026-08-20"))
    asked = facts.order_requested().model_copy(update={"request_id": REQUEST})
    breached = (*RUNNING, facts.controlled(ControlOutcome.VIOLATION), facts.breached(), asked)
    revoked = (*breached, overdue, revoked_breach())
    assert TaskKind.ORDER_OVERDUE in open_tasks(*breached, overdue)
    assert TaskKind.ORDER_OVERDUE not in open_tasks(*revoked)
    again = case_after(*revoked, facts.breached())
    assert (again.next_step, again.orders_requested) == ("request_order", 0)


@pytest.mark.rule("R8")
def test_a_conflict_is_looked_into_and_an_annulled_acceptance_ends_the_agreement() -> None:
    flagged = offers.AcceptanceConflictFlagged(agreement_id=AGREEMENT, because_of=ORDER, flagged_at=on("2026-03-22"))
    assert TaskKind.CONFLICT_TO_LOOK_INTO in open_tasks(*RUNNING, flagged)
    annulled = offers.AcceptanceAnnulled(agreement_id=AGREEMENT, because_of=ORDER, annulled_at=on("2026-03-22"))
    assert case_after(*RUNNING, annulled).status is Status.TERMINATED


@pytest.mark.rule("R37")
def test_time_is_summed_by_phase_for_agreements_and_orders() -> None:
    spent = offers.TimeSpent(
        agreement_id=AGREEMENT,
        phase=WorkPhase.INVESTIGATION,
        minutes=90,
        inspector=INSPECTOR,
        on_day=date(2026, 3, 4),
    )
    assert case_after(*DELIVERED, spent, spent).minutes_investigation == 180
    corrected = offers.TimeCorrected(
        agreement_id=AGREEMENT,
        entry_id=ORDER,
        phase=WorkPhase.OFFER,
        minutes=40,
        inspector=INSPECTOR,
        on_day=date(2026, 3, 4),
        previous_phase=WorkPhase.INVESTIGATION,
        previous_minutes=90,
        corrected_at=on("2026-03-22"),
        corrected_by=INSPECTOR,
    )
    case = case_after(*DELIVERED, spent, spent, corrected)
    assert (case.minutes_investigation, case.minutes_offer, case.corrections) == (90, 40, 1)
    on_order = orders.OrderTimeRecorded(case_id=ORDER, phase=WorkPhase.CONTROL, minutes=30, on_day=date(2026, 3, 4))
    assert case_after(facts.order_issued(), on_order, case_id=ORDER).minutes_control == 30


@pytest.mark.rule("R39")
def test_what_was_carried_on_or_added_is_a_measure_of_its_own_kind() -> None:
    added = Measure(measure_id=OTHER_PLACE, kind="training", ladder_level=2)
    seen = controlled(
        AGREEMENT, CONTROL, ControlOutcome.NO_VIOLATION, carried_on=(facts.MEASURE,), added_measures=(added,)
    )
    measures = rows_after(*RUNNING, facts.documented(), seen).measures[AGREEMENT]
    assert measures[facts.MEASURE].carried_on
    assert (measures[OTHER_PLACE].kind, measures[OTHER_PLACE].beyond_agreement) == ("training", True)


@pytest.mark.rule("R26")
def test_codes_that_the_reference_data_does_not_know_are_kept_and_flagged() -> None:
    unit = UnitRegistered(
        p_number=UNIT,
        cvr="12345678",
        name="Made up",
        industry="moon-mining",
        sector="private",
        size_class="1-9",
        effective_from=date(2020, 1, 1),
    )
    assert unknown_in_unit(unit) == {"industry": "moon-mining", "cvr": "12345678"}
    assert unknown_in_case(CVR, "999") == {"topic": "999"}
    assert unknown_in_case(CVR, "056") == {}
