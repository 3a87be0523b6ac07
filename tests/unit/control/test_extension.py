"""A longer deadline: who may ask, who may grant, and what moves along (R13)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.control.rules.course_decider import COURSE
from services.control.rules.extension import GrantExtension, RefuseExtension, RequestExtension
from services.control.rules.matters import standing
from shared.contracts.control import ExtensionGranted, ExtensionRefused, ExtensionRequested, ExtensionWish
from shared.contracts.notices import Occasion
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event
from shared.policy.policy import Policy
from tests.public_form import public
from tests.unit.control.control_facts import (
    COMPLIANCE_DAY,
    POLICIES,
    at,
    booked,
    breached_course,
    documented,
    fulfilled_course,
    given,
    started,
)

pytestmark = pytest.mark.rule("R13")
EXTENSION, UNASKED = UUID(int=20), UUID(int=21)
BEFORE, AFTER = at("2026-06-10"), at("2026-06-24")
LATER = date(2026, 8, 3)


def wish(until: date) -> ExtensionWish:
    return ExtensionWish(until=until, reasons="The supplier is late.")


def ask(on: datetime = BEFORE, until: date = LATER, policy: Policy | None = None) -> RequestExtension:
    return RequestExtension(on, policy or POLICIES.at(on), EXTENSION, "company-1", wish(until))


def grant(on: datetime = BEFORE, until: date = LATER, policy: Policy | None = None, **changes: Any) -> GrantExtension:
    values: dict[str, Any] = {
        "at": on,
        "policy": policy or POLICIES.at(on),
        "extension_id": UNASKED,
        "by": "inspector-1",
        "by_inspector": True,
        "until": until,
        "reasons": "The supplier is late.",
    }
    return GrantExtension(**{**values, **changes})


def asked() -> ExtensionRequested:
    return given(started()).when(ask()).one(ExtensionRequested)


def granted(*history: Event, **changes: Any) -> ExtensionGranted:
    return given(*(history or (started(), asked()))).when(grant(**changes)).one(ExtensionGranted)


def changed(**values: Any) -> Policy:
    policy = POLICIES.at(BEFORE)
    return policy.model_copy(update={"extension": policy.extension.model_copy(update=values)})


def test_the_company_asks_with_reasons() -> None:
    assert asked().until == LATER
    assert "supplier" not in asked().public_json()


@pytest.mark.rule("R29")
def test_the_inspector_is_told_of_the_deadline_that_holds_and_not_of_the_day_that_is_asked_for() -> None:
    state = COURSE.fold([public(started()), public(asked())])
    told = standing(state, Occasion.EXTENSION_ASKED, str(EXTENSION))
    assert told is not None
    assert told.deadline is not None
    assert told.deadline.last_day == COMPLIANCE_DAY != LATER
    assert standing(state, Occasion.EXTENSION_ASKED, str(UNASKED)) is None


@pytest.mark.parametrize("until", [COMPLIANCE_DAY, date(2026, 6, 1)])
def test_what_is_asked_for_or_granted_is_longer(until: date) -> None:
    given(started()).when(ask(until=until)).refused("R13", "not later", last_day=COMPLIANCE_DAY)
    given(started(), asked()).when(grant(until=until)).refused("R13", "not later", last_day=COMPLIANCE_DAY)


def test_one_request_at_a_time() -> None:
    given(started(), asked()).when(ask()).refused("R13", "already")


def test_the_company_may_ask_until_a_control_has_decided() -> None:
    given(started()).when(ask(AFTER)).records(ExtensionRequested)
    for decided in (fulfilled_course(), breached_course()):
        given(*decided).when(ask(at("2026-07-02"))).refused("R13", "the agreement is")


def test_by_policy_the_company_may_ask_until_the_deadline_only() -> None:
    given(started()).when(ask(AFTER, policy=changed(asked_until="deadline"))).refused("R13", "has passed")


def test_before_the_deadline_only_what_was_asked_for_is_granted() -> None:
    given(started()).when(grant()).refused("R13", "nobody has asked")
    assert granted().extension_id == EXTENSION


def test_after_the_deadline_the_inspector_may_grant_unasked_and_nobody_else() -> None:
    assert granted(started(), on=AFTER).extension_id == UNASKED
    given(started(), asked()).when(grant(AFTER, by_inspector=False)).refused("R13", "only the inspector")
    given(started(), asked()).when(grant(BEFORE, by_inspector=False)).records(ExtensionGranted)


def test_by_policy_nothing_is_granted_after_the_deadline() -> None:
    strict = changed(granted_after_deadline=False)
    given(started(), asked()).when(grant(AFTER, policy=strict)).refused("R13", "has passed")


def test_a_day_that_is_over_is_not_granted() -> None:
    given(started(), asked()).when(grant(AFTER, until=date(2026, 6, 23))).refused("R13", "is over")


def test_another_day_than_was_asked_for_may_be_granted() -> None:
    assert granted(until=date(2026, 7, 1)).compliance_deadline.last_day == date(2026, 7, 1)


def test_every_date_that_hangs_on_the_deadline_moves_and_the_old_one_stays_explainable() -> None:
    fact = granted()
    before, after = started(), fact.compliance_deadline
    assert after.last_day == LATER
    assert (after.anchor, after.counted_from, after.rule) == (
        before.compliance_deadline.anchor,
        before.compliance_deadline.counted_from,
        "R10",
    )
    assert [one.previous_last_day for one in after.extensions] == [COMPLIANCE_DAY]
    assert fact.control_window.counted_from == LATER
    assert fact.books_control_at > before.books_control_at
    assert given(started(), asked(), fact).timers() == {"book-control": fact.books_control_at}
    assert "22 June 2026" in after.explain("en")


def test_a_last_day_that_is_closed_moves_to_an_open_one() -> None:
    assert granted(until=date(2026, 8, 1)).compliance_deadline.last_day == date(2026, 8, 3)


def test_a_second_extension_keeps_both_earlier_days() -> None:
    first = granted()
    again = given(started(), asked(), first).when(ask(until=date(2026, 9, 1))).one(ExtensionRequested)
    second = granted(started(), asked(), first, again, until=date(2026, 9, 1))
    assert [one.previous_last_day for one in second.compliance_deadline.extensions] == [COMPLIANCE_DAY, LATER]


@pytest.mark.rule("R13", "R27")
def test_every_deadline_that_an_extension_moves_tells_the_day_that_it_was_before() -> None:
    """Each deadline of the fact, the next that somebody adds, too."""
    fact, terms = granted(), started()
    deadlines = {name: one for name, one in fact if isinstance(one, Deadline)}
    assert deadlines.keys() == {"compliance_deadline", "control_window"}
    for name, deadline in deadlines.items():
        (extension,) = deadline.extensions
        assert extension.previous_last_day == getattr(terms, name).last_day
        assert "R13" in deadline.explain("da")


def test_a_control_booked_before_the_new_deadline_is_booked_anew_at_once() -> None:
    booking = booked(started(), day="2026-07-01", on="2026-06-10")
    fact = granted(started(), booking, asked())
    assert given(started(), booking, asked(), fact).timers() == {"book-control": fact.granted_at}


def test_what_complete_documentation_started_stands() -> None:
    done = documented(started(), day="2026-06-05")
    fact = granted(started(), done, asked())
    state = given(started(), done, asked(), fact).state
    assert state.window(state.started.agreement_id) == done.control_window


def test_a_refusal_has_reasons_and_ends_the_request() -> None:
    refuse = RefuseExtension(BEFORE, "inspector-1", "There was time enough.")
    refused = given(started(), asked()).when(refuse)
    assert refused.one(ExtensionRefused).extension_id == EXTENSION
    given(started(), asked(), refused.one(ExtensionRefused)).when(refuse).refused("R13", "nobody has asked")
    given(started(), asked(), refused.one(ExtensionRefused)).when(ask()).records(ExtensionRequested)


def test_no_longer_deadline_where_no_agreement_runs() -> None:
    for command in (ask(), grant(), RefuseExtension(BEFORE, "inspector-1", "No.")):
        given().when(command).refused("R13", "not_running")
