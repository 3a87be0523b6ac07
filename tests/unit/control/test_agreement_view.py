"""The agreement as an asker may see it: by place, as it stands now, and nothing that is hidden (R15, R18, R19, R27)."""

from datetime import date
from uuid import UUID

import pytest

from services.control.http.after_offer_not_accepted_view import view_after_no
from services.control.http.hearing_view import HearingView
from services.control.http.photos_before_and_after import side_by_side
from services.control.http.views import AgreementView, view
from services.control.rules.judgement import FindingElsewhere
from services.control.rules.phases import AfterNo, NotStarted
from shared.contracts.control import InspectorChanged, OtherFinding, Terminated
from shared.contracts.vocabulary import ContactForm, ControlOutcome, InvestigationOutcome, Side, SpokeWith
from shared.eventstore.events import Event, Recorded
from shared.http.access import Viewer, visible_facts
from shared.http.tokens import Role
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    CONTROL_TIME,
    CVR,
    FOLLOW_UP_TIME,
    GLOVES,
    HEARING_TIME,
    INSPECTOR,
    LIFT,
    PSYCHOSOCIAL,
    REQUEST,
    UNIT,
    after_a_no,
    answer_hearing,
    at,
    booked,
    breached_course,
    complete,
    documented,
    fulfilled_course,
    given,
    hearing_expired,
    hold_follow_up,
    measure,
    note_oral_answer,
    observed,
    order_requested,
    request_order,
    started,
    turned,
)
from tests.unit.control.spread_facts import (
    NONE_FOUND,
    VIOLATION,
    afresh,
    after,
    booked_at,
    control,
    control_of,
    correct,
    place_id,
    sampled,
    unit,
)

COMPANY = Viewer(Role.COMPANY, "person-1", CVR)
AUTHORITY = Viewer(Role.INSPECTOR, INSPECTOR)


def recorded(viewer: Viewer, history: tuple[Event, ...]) -> list[Recorded]:
    """What a viewer may know of a history."""
    stored = [
        Recorded(number, AGREEMENT, number, event, "{}", at("2026-03-20"), at("2026-03-20"), UUID(int=1000 + number))
        for number, event in enumerate(history, 1)
    ]
    return visible_facts(viewer, stored)


def shown(viewer: Viewer, *history: Event) -> AgreementView:
    visible = recorded(viewer, history)
    state = given(*(one.event for one in visible)).state
    assert not isinstance(state, NotStarted | AfterNo)
    return view(state, visible, "en")


def hearing(viewer: Viewer, *history: Event) -> HearingView:
    """The hearing that such a viewer sees."""
    seen_by = shown(viewer, *history).hearing
    assert seen_by is not None
    return seen_by


def two_places_controlled() -> tuple[Event, ...]:
    """Three places, of which two are the sample; one control is announced and was held, the other is not announced."""
    here = measure(LIFT).model_copy(update={"places": (place_id(0), place_id(2))})
    there = measure(GLOVES).model_copy(update={"places": (place_id(1),)})
    begun = sampled(0, 1, count=3)
    part = documented(*begun, complete=False, measures=(here,), day="2026-05-30")
    rest = documented(*begun, part, measures=(there,), places=(place_id(1),))
    history = booked_at(1, history=(*begun, part, rest), announced=True)
    history = booked_at(0, history=history, day="2026-07-02")
    return after(history, control(1, measures=(observed(GLOVES),)))


@pytest.mark.rule("R19")
def test_the_matrix_shows_each_place_with_measures_documentation_control_and_result() -> None:
    origin, first, second = shown(AUTHORITY, *two_places_controlled()).matrix
    assert [one.place_id for one in (origin, first, second)] == [place_id(0), place_id(1), place_id(2)]
    assert [one.p_number for one in (origin, first, second)] == [UNIT, unit(1), unit(2)]
    assert (origin.measures, first.measures, second.measures) == ((LIFT,), (GLOVES,), (LIFT,))
    assert (origin.documentation, first.documentation, second.documentation) == ((1,), (1, 2), (1,))
    assert origin.control is not None
    assert (origin.control.day, first.control, second.control) == (date(2026, 7, 2), None, None)
    assert (origin.result, first.result, second.result) == (None, ControlOutcome.NO_VIOLATION, None)
    assert [one.sampled for one in (origin, first, second)] == [True, True, False]


@pytest.mark.rule("R18", "R19")
def test_a_company_sees_neither_the_sample_nor_what_is_not_announced() -> None:
    company = shown(COMPANY, *two_places_controlled())
    assert [one.sampled for one in company.matrix] == [None, None, None]
    assert [one.control for one in company.matrix] == [None, None, None]
    assert company.control is None
    assert company.matrix[1].result is ControlOutcome.NO_VIOLATION


@pytest.mark.rule("R18")
def test_a_hidden_booking_and_a_sample_change_nothing_in_what_a_company_sees() -> None:
    begun = sampled(0, 1, count=3)
    part = documented(*begun)
    hidden = booked_at(0, 1, history=(*begun, part))
    assert shown(COMPANY, *hidden) == shown(COMPANY, begun[0], part)
    assert shown(AUTHORITY, *hidden) != shown(AUTHORITY, begun[0], part)


@pytest.mark.rule("R18")
def test_a_company_sees_the_control_that_was_announced() -> None:
    history = (started(), booked(started(), announced=True))
    for viewer in (COMPANY, AUTHORITY):
        booking = shown(viewer, *history).control
        assert booking is not None
        assert (booking.control_id, booking.day, booking.announced) == (CONTROL, date(2026, 7, 1), True)


@pytest.mark.rule("R17")
@pytest.mark.parametrize("history", [fulfilled_course(), breached_course()], ids=["kept", "broken"])
def test_after_the_decision_the_window_is_still_that_of_the_documentation(history: tuple[Event, ...]) -> None:
    assert shown(AUTHORITY, *history).control_window.last_day == date(2026, 7, 31)


@pytest.mark.rule("R15")
def test_the_inspector_is_who_is_responsible_now() -> None:
    moved = InspectorChanged(
        agreement_id=AGREEMENT, inspector="inspector-9", previous=INSPECTOR, changed_at=at("2026-04-01"), changed_by="x"
    )
    for history in ((started(),), fulfilled_course(), breached_course()):
        assert shown(COMPANY, *history, moved).inspector == "inspector-9"


@pytest.mark.rule("R14")
def test_an_agreement_that_one_side_ended_is_shown_as_terminated() -> None:
    end = Terminated(agreement_id=AGREEMENT, by=Side.COMPANY, terminated_at=at("2026-04-01"), terminated_by="person-1")
    shown_end = shown(COMPANY, started(), end)
    assert (shown_end.status, shown_end.control) == ("terminated", None)


@pytest.mark.rule("R20", "R22")
def test_a_breach_shows_which_units() -> None:
    history = after(booked_at(0, 1, history=sampled(0, 1, count=3)), control(0, VIOLATION, concludes=True, measures=()))
    for viewer in (COMPANY, AUTHORITY):
        breached = shown(viewer, *history)
        assert (breached.status, breached.breached_units) == ("breached", [UNIT])
        assert breached.hearing_deadline is not None


@pytest.mark.rule("R22")
@pytest.mark.parametrize("viewer", [COMPANY, AUTHORITY], ids=["company", "authority"])
def test_a_hearing_is_shown_with_how_it_was_answered(viewer: Viewer) -> None:
    asked = hearing(viewer, *breached_course())
    assert (asked.in_writing, asked.oral) == (False, None)
    assert hearing(viewer, *breached_course(PSYCHOSOCIAL)).in_writing
    told = hearing(viewer, *after(breached_course(), note_oral_answer()))
    assert (told.oral, told.participants, told.noted_by) == (True, ("manager",), "supporter-1")
    assert (told.answer, told.answered_at, told.expired_at) == ("The lift is late.", HEARING_TIME, None)
    wrote = hearing(viewer, *after(breached_course(), answer_hearing()))
    assert (wrote.oral, wrote.noted_by) == (False, None)
    silent = hearing(viewer, *breached_course(), hearing_expired())
    assert (silent.answered_at, silent.expired_at) == (None, hearing_expired().at)


@pytest.mark.rule("R22", "R30")
def test_a_hearing_of_a_breach_that_was_taken_back_is_shown_no_more() -> None:
    taken_back = after(breached_course(), answer_hearing(), correct(CONTROL, NONE_FOUND))
    assert shown(AUTHORITY, *taken_back).hearing is None
    anew = after(taken_back, correct(CONTROL, VIOLATION, on="2026-07-09"))
    assert hearing(AUTHORITY, *anew).answered_at is None


@pytest.mark.rule("R30")
def test_a_control_is_shown_as_it_was_corrected() -> None:
    history = after(breached_course(), correct(CONTROL, NONE_FOUND, findings="It stood at station four."))
    corrected = shown(COMPANY, *history)
    (held,) = corrected.held_controls
    assert corrected.status == "fulfilled"
    assert (held.outcome, held.findings) == (ControlOutcome.NO_VIOLATION, "It stood at station four.")
    assert (held.control_id, held.held_at, held.corrected_at) == (CONTROL, CONTROL_TIME, at("2026-07-08"))
    history = after(history, correct(CONTROL, NONE_FOUND, findings=None, on="2026-07-09"))
    assert shown(COMPANY, *history).held_controls[0].findings == "It stood at station four.", "nothing else was told"


@pytest.mark.rule("R30")
def test_beside_the_offer_a_control_stands_as_it_was_corrected() -> None:
    history = after(breached_course(), correct(CONTROL, NONE_FOUND, findings="It stood at station four."))
    offer = {"photos": [], "sent_at": at("2026-03-02").isoformat(), "observations": "Heavy lifts."}
    (now,) = side_by_side(AGREEMENT, offer, recorded(COMPANY, history)).now
    assert (now.outcome, now.findings) == (ControlOutcome.NO_VIOLATION, "It stood at station four.")
    assert (now.seen_at, now.corrected_at) == (CONTROL_TIME, at("2026-07-08"))


@pytest.mark.rule("R21")
def test_what_decided_nothing_is_shown_as_that() -> None:
    terms, part = started(), documented()
    ready = (terms, part, booked(terms, part))
    (became_guidance,) = shown(COMPANY, *ready, turned(*ready)).held_controls
    assert (became_guidance.outcome, became_guidance.summary) == (None, "The lift had not been delivered.")
    assert (became_guidance.participants, became_guidance.purposes, became_guidance.spoke_with) == (
        ("manager", "safety_representative"),
        ("how-to-approach",),
        (),
    )
    (again,) = shown(COMPANY, *after(ready, afresh())).fresh_investigations
    assert (again.control_id, again.later_visit, again.reason) == (CONTROL, True, "More employees must be asked.")
    assert again.spoke_with == (SpokeWith.EMPLOYEES,)


@pytest.mark.rule("R15", "R30")
def test_a_control_is_shown_with_whom_it_was_held_as_that_was_corrected() -> None:
    (held,) = shown(COMPANY, *breached_course()).held_controls
    assert held.spoke_with == (SpokeWith.MANAGER, SpokeWith.SAFETY_REPRESENTATIVE)
    (corrected,) = shown(COMPANY, *after(breached_course(), correct(CONTROL, NONE_FOUND))).held_controls
    assert corrected.spoke_with == (SpokeWith.MANAGER,)


@pytest.mark.rule("R24", "R15", "R35")
def test_a_follow_up_that_was_held_is_shown() -> None:
    assert shown(COMPANY, *fulfilled_course()).follow_up is None
    follow_up = shown(COMPANY, *after(fulfilled_course(), hold_follow_up())).follow_up
    assert follow_up is not None
    assert (follow_up.held_at, follow_up.form, follow_up.spoke_with) == (
        FOLLOW_UP_TIME,
        ContactForm.PHONE,
        (SpokeWith.MANAGER,),
    )
    assert (follow_up.measures, follow_up.spread_further) == ((observed(),), True)


@pytest.mark.rule("R23")
def test_an_agreement_is_no_decision() -> None:
    assert shown(COMPANY, *fulfilled_course()).is_a_decision is False


@pytest.mark.rule("R22")
def test_the_orders_that_were_asked_for_are_shown_with_their_reasons() -> None:
    (order,) = shown(AUTHORITY, *breached_course(), order_requested("R22")).orders
    assert (order.request_id, order.p_number, order.reasons, order.issued_as) == (REQUEST, UNIT, "As before.", None)


@pytest.mark.rule("R22")
def test_an_order_that_was_asked_for_is_shown_with_the_controls_that_found_the_violation() -> None:
    asked = after(breached_course(), answer_hearing(), request_order())
    for viewer in (COMPANY, AUTHORITY):
        assert shown(viewer, *asked).orders[0].control_ids == (CONTROL,)


@pytest.mark.rule("R7")
def test_what_follows_a_no_is_shown_to_the_authority() -> None:
    waiting = after_a_no()[:2]
    planned = view_after_no(given(*waiting).state, recorded(AUTHORITY, waiting))
    assert planned.new_inspection is not None
    assert (planned.how, planned.new_inspection.day, planned.outcome) == ("declined", date(2026, 4, 20), None)
    over = view_after_no(given(*after_a_no()).state, recorded(AUTHORITY, after_a_no()))
    assert (over.outcome, over.findings) == (InvestigationOutcome.ORDER, "As loud as before.")
    assert over.new_inspection is None
    assert [order.reasons for order in over.orders] == ["As before."]


@pytest.mark.rule("R7", "R18")
def test_and_to_a_company_no_agreement_is_there() -> None:
    visible = recorded(COMPANY, after_a_no())
    assert isinstance(given(*(one.event for one in visible)).state, NotStarted)


@pytest.mark.rule("R19")
def test_control_ids_differ_by_place() -> None:
    history = booked_at(0, 1, history=sampled(0, 1, count=3))
    rows = shown(AUTHORITY, *history).matrix
    assert [row.control.control_id if row.control else None for row in rows] == [control_of(0), control_of(1), None]


@pytest.mark.rule("R20")
def test_other_findings_are_shown_apart() -> None:
    terms, part = started(), documented()
    wet_floor = FindingElsewhere(UUID(int=8), OtherFinding(topic="092", text="The floor is wet."))
    held = after((terms, part, booked(terms, part)), complete(other_findings=(wet_floor,)))
    (found,) = shown(COMPANY, *held).other_findings
    assert (found.finding_id, found.control_id, found.topic) == (UUID(int=8), CONTROL, "092")
    assert found.text == "The floor is wet."
    assert shown(COMPANY, *held).status == "fulfilled"


@pytest.mark.rule("R16")
def test_the_words_first_sent_for_a_corrected_measure_can_be_read_in_their_part() -> None:
    terms = started()
    first = documented(terms, complete=False, day="2026-05-30")
    again = documented(terms, first, corrected=frozenset({LIFT})).model_copy(
        update={"measure_descriptions": {LIFT: "A lift at station five."}}
    )
    seen_by_company = shown(COMPANY, terms, first, again)
    assert [one.description for part in seen_by_company.documentation for one in part.measures] == [
        "A lift at station four.",
        "A lift at station five.",
    ]
    assert [one.description for one in seen_by_company.measures] == ["A lift at station five."]
