"""What the directory records of people and centres, and what it refuses (R31, R42)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from deploy.rulebook.example_facts import full
from services.control.people.rules.absences import NoteAway, WithdrawAway
from services.control.people.rules.calendar_feeds import (
    OpenCentreFeed,
    OpenFeed,
    WithdrawCentreFeed,
    WithdrawFeed,
    open_on,
    still_leads,
)
from services.control.people.rules.centre_holidays import CENTRE, SetHolidays, centre_stream
from services.control.people.rules.listing import ListPerson, NoteLeaving
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Gone, Listed, Unlisted
from services.control.people.rules.stand_ins import NameStandIn, WithdrawStandIn
from shared.contracts.people import (
    FACTS,
    AwayNoted,
    AwayWithdrawn,
    CalendarFeedOpened,
    CalendarFeedWithdrawn,
    CentreCalendarFeedOpened,
    CentreCalendarFeedWithdrawn,
    CentreHolidaysSet,
    PersonChanged,
    PersonLeft,
    PersonListed,
    StandInNamed,
    StandInWithdrawn,
)
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Reachable, Span, StandIn, WorkingHours
from shared.eventstore.events import Event
from tests.unit.scenario import scenarios_of

pytestmark = pytest.mark.rule("R42")
AT = datetime(2026, 3, 5, 11, tzinfo=UTC)
ANNA, BO = "inspector-anna", "inspector-bo"
ABSENCE, STANDING_IN = UUID(int=1), UUID(int=2)
OCTOBER = Span(first=date(2026, 10, 12), last=date(2026, 10, 16))
INSPECTOR = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.EAST, competences=("noise",))
REACHED = Reachable(name="Anna Vestergaard", email="anna@example.dk", phone="12345678")
LIST = ListPerson(AT, "operator-1", ANNA, INSPECTOR, REACHED)
AWAY = NoteAway(AT, "leader-1", ABSENCE, OCTOBER)
NAMED = NameStandIn(
    AT, "leader-1", STANDING_IN, StandIn(stand_in=BO, first=OCTOBER.first, last=OCTOBER.last), stand_in_is_listed=True
)
LEAVING = NoteLeaving(AT, "leader-1", date(2026, 12, 31))
given = scenarios_of(PERSON)


def hours(weekday: int, begins: str, ends: str) -> WorkingHours:
    return WorkingHours(weekday=weekday, begins=time.fromisoformat(begins), ends=time.fromisoformat(ends))


def described(**changes: Any) -> ListPerson:
    return replace(LIST, told=INSPECTOR.model_copy(update=changes), known=REACHED)


def listed(*history: Event) -> tuple[Event, ...]:
    return (*given().when(LIST).events, *history)


def test_a_person_is_listed_and_name_and_addresses_are_sealed_under_a_key_of_the_person() -> None:
    """R31: erasing the person destroys one key, whatever else was recorded."""
    fact = given().when(LIST).one(PersonListed)
    assert fact.private_parts() == {ANNA: {"name": "Anna Vestergaard", "email": "anna@example.dk", "phone": "12345678"}}
    assert "Anna Vestergaard" not in fact.public_json()
    assert "example.dk" not in fact.public_json()
    assert (fact.centre, fact.roles, fact.listed_by) == (Centre.EAST, (PersonRole.INSPECTOR,), "operator-1")


@pytest.mark.parametrize("fact", FACTS)
def test_no_company_sees_anything_of_the_directory(fact: type[Event]) -> None:
    assert not full(fact).seen_by_company()


def test_what_is_said_again_changes_nothing() -> None:
    assert given(*listed()).when(replace(LIST, known=REACHED)).events == ()


def test_another_centre_is_a_change_that_replaces_what_was_said() -> None:
    changed = given(*listed()).when(described(centre=Centre.NORTH, competences=())).one(PersonChanged)
    assert (changed.centre, changed.competences, changed.name) == (Centre.NORTH, (), "Anna Vestergaard")


def test_another_telephone_is_a_change_too() -> None:
    told = replace(LIST, reachable=Reachable(name="Anna Vestergaard", email="anna@example.dk"), known=REACHED)
    assert given(*listed()).when(told).one(PersonChanged).phone is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"roles": ()}, "inspector-anna has no role"),
        ({"competences": ("noise", "music")}, "music is no problem group"),
        ({"leads": Centre.EAST}, "leads a centre, and has not the role"),
        ({"roles": (PersonRole.LEADER,)}, "has the role leader, and leads no centre"),
        ({"working_pattern": (hours(1, "16:00", "08:00"),)}, "working hours begin at 16:00 and end at 08:00"),
        (
            {"working_pattern": (hours(1, "08:00", "12:00"), hours(1, "11:30", "15:00"))},
            "working hours overlap on weekday 1",
        ),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    given(*listed()).when(described(**changes)).refused("R42", reason)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    refused = given().when(described(roles=(), competences=("music",))).refusal
    assert refused is not None
    assert len(refused.every_fault) == 2


def test_somebody_is_away_from_one_day_to_another() -> None:
    noted = given(*listed()).when(AWAY).one(AwayNoted)
    assert (noted.person_id, noted.first, noted.last) == (ANNA, OCTOBER.first, OCTOBER.last)
    assert set(AwayNoted.model_fields) == {"person_id", "absence_id", "first", "last", "noted_at", "noted_by"}, (
        "why somebody is away has no field"
    )


def test_an_absence_ends_no_earlier_than_it_begins() -> None:
    backwards = replace(AWAY, span=Span(first=OCTOBER.last, last=OCTOBER.first))
    given(*listed()).when(backwards).refused("R42", "the days end on 2026-10-12, before they begin on 2026-10-16")


def test_the_same_days_again_are_a_repetition() -> None:
    away = given(*listed()).when(AWAY).events
    assert given(*listed(*away)).when(replace(AWAY, absence_id=UUID(int=9))).events == ()


def test_other_days_that_overlap_are_noted() -> None:
    away = given(*listed()).when(AWAY).events
    longer = replace(AWAY, absence_id=UUID(int=9), span=Span(first=OCTOBER.first, last=date(2026, 10, 20)))
    assert given(*listed(*away)).when(longer).one(AwayNoted).last == date(2026, 10, 20)


def test_an_absence_is_withdrawn_once_and_its_days_can_be_noted_again() -> None:
    away = given(*listed()).when(AWAY).events
    withdrawn = given(*listed(*away)).when(WithdrawAway(AT, "leader-1", ABSENCE)).one(AwayWithdrawn)
    after = listed(*away, withdrawn)
    given(*after).when(WithdrawAway(AT, "leader-1", ABSENCE)).refused("R42", "no absence")
    assert given(*after).when(replace(AWAY, absence_id=UUID(int=9))).one(AwayNoted)


def test_a_colleague_stands_in_for_some_days() -> None:
    named = given(*listed()).when(NAMED).one(StandInNamed)
    assert (named.person_id, named.stand_in, named.first) == (ANNA, BO, OCTOBER.first)
    assert given(*listed(named)).when(replace(NAMED, stand_in_id=UUID(int=9))).events == ()
    withdrawn = given(*listed(named)).when(WithdrawStandIn(AT, "leader-1", STANDING_IN)).one(StandInWithdrawn)
    again = given(*listed(named, withdrawn)).when(WithdrawStandIn(AT, "leader-1", STANDING_IN))
    again.refused("R42", "no stand-in")


def test_nobody_stands_in_for_himself_and_no_stranger_does() -> None:
    himself = replace(NAMED, told=NAMED.told.model_copy(update={"stand_in": ANNA}))
    given(*listed()).when(himself).refused("R42", "nobody stands in for himself or herself")
    given(*listed()).when(replace(NAMED, stand_in_is_listed=False)).refused(
        "R42", "the directory lists nobody", stand_in=BO
    )


def test_who_has_left_is_away_no_more_and_can_be_listed_again() -> None:
    gone = given(*listed()).when(LEAVING).one(PersonLeft)
    assert gone.last_day == date(2026, 12, 31)
    assert given(*listed(gone)).when(LEAVING).events == ()
    given(*listed(gone)).when(AWAY).refused("R42", "inspector-anna has left")
    assert given(*listed(gone)).when(replace(LIST, known=REACHED)).one(PersonListed)


@pytest.mark.parametrize("command", [AWAY, NAMED, LEAVING, WithdrawAway(AT, "leader-1", ABSENCE)])
def test_of_somebody_who_is_not_listed_nothing_is_recorded(command: Any) -> None:
    given().when(command).refused("R42", "the directory does not list this person")


def test_phases_follow_from_facts() -> None:
    facts = listed(*given(*listed()).when(AWAY).events)
    state = PERSON.fold(facts)
    assert isinstance(state, Listed)
    assert [(away.first, away.last) for away in state.absences.values()] == [(OCTOBER.first, OCTOBER.last)]
    assert isinstance(PERSON.initial, Unlisted)
    assert isinstance(PERSON.fold([*facts, *given(*facts).when(LEAVING).events]), Gone)


def test_a_person_has_one_stream_and_is_found_by_name_of_the_index() -> None:
    assert person_stream(ANNA) == person_stream(ANNA) != person_stream(BO)
    assert PERSON.reservations(PERSON.fold(listed())) == {f"person/{ANNA}"}


def test_the_holidays_of_a_centre_replace_those_before() -> None:
    of_centre = scenarios_of(CENTRE)
    first = SetHolidays(AT, "leader-1", Centre.NORTH, (date(2026, 12, 28), date(2026, 12, 27), date(2026, 12, 28)))
    fact = of_centre().when(first).one(CentreHolidaysSet)
    assert fact.days == (date(2026, 12, 27), date(2026, 12, 28)), "each once, in order"
    assert of_centre(fact).when(first).events == ()
    assert of_centre(fact).when(replace(first, days=())).one(CentreHolidaysSet).days == ()
    assert centre_stream(Centre.NORTH) != centre_stream(Centre.EAST)


def feeds(names: frozenset[str]) -> set[str]:
    return {name for name in names if name.startswith("calendar-feed/")}


def test_a_feed_is_found_by_the_hash_of_its_address_until_another_one_replaces_it_or_it_is_withdrawn() -> None:
    opened = given(*listed()).when(OpenFeed(AT, ANNA, "first"))
    assert feeds(opened.reservations()) == {"calendar-feed/person/first"}
    again = given(*listed(*opened.events)).when(OpenFeed(AT, ANNA, "second"))
    again.records(CalendarFeedOpened)
    assert feeds(again.reservations()) == {"calendar-feed/person/second"}
    withdrawn = given(*listed(*opened.events)).when(WithdrawFeed(AT, "operator-1"))
    withdrawn.records(CalendarFeedWithdrawn)
    assert feeds(withdrawn.reservations()) == set()
    given(*listed()).when(WithdrawFeed(AT, ANNA)).then()
    given().when(WithdrawFeed(AT, ANNA)).then()
    given().when(OpenFeed(AT, ANNA, "first")).refused("R42", "does not list")


def test_a_feed_holds_until_the_last_day_and_not_again_for_who_comes_back() -> None:
    opened = listed(*given(*listed()).when(OpenFeed(AT, ANNA, "hash")).events)
    left = (*opened, *given(*opened).when(LEAVING).events)
    of_left = given(*left).state
    assert open_on(of_left, "hash", LEAVING.last_day) is not None
    assert open_on(of_left, "hash", date(2027, 1, 1)) is None
    assert open_on(of_left, "another", LEAVING.last_day) is None
    given(*left).when(WithdrawFeed(AT, ANNA)).records(CalendarFeedWithdrawn)
    back = given(*left).when(LIST)
    assert open_on(back.state, "hash", LEAVING.last_day) is None
    assert feeds(back.reservations()) == set()


def test_the_feed_of_a_centre_is_for_whom_the_directory_has_as_its_leader() -> None:
    of_centre = scenarios_of(CENTRE)
    leads = given().when(described(roles=(PersonRole.LEADER,), leads=Centre.EAST)).state
    opening = OpenCentreFeed(AT, ANNA, Centre.EAST, "hash", leads)
    opened = of_centre().when(opening)
    opened.records(CentreCalendarFeedOpened)
    assert opened.reservations() == {"calendar-feed/centre/hash"}
    of_centre().when(replace(opening, centre=Centre.NORTH)).refused("R42", centre=Centre.NORTH)
    of_centre().when(replace(opening, leader=Unlisted())).refused("R42", "does not list")
    of_centre(*opened.events).when(WithdrawCentreFeed(AT, ANNA, Centre.EAST)).records(CentreCalendarFeedWithdrawn)
    of_centre().when(WithdrawCentreFeed(AT, ANNA, Centre.EAST)).then()
    assert still_leads(leads, Centre.EAST, AT.date())
    assert not still_leads(leads, Centre.NORTH, AT.date())
    gone = Gone(leads, date(2026, 12, 31))
    assert [still_leads(gone, Centre.EAST, day) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [True, False]
    assert not still_leads(Unlisted(), Centre.EAST, AT.date())
