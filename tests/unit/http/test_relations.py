"""Commands on a case are for who is responsible, a stand-in of these days, the own centre and its leader (R15, R42)."""

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from deploy.rulebook.example_facts import full
from shared.contracts.people import FACTS, PersonLeft, PersonListed, StandInNamed, StandInWithdrawn
from shared.contracts.vocabulary import Centre, PersonRole
from shared.eventstore.events import Event
from shared.http.access import Viewer
from shared.http.errors import Problem
from shared.http.relations import require_relation
from shared.http.tokens import Role
from shared.http.who_may_act import Relation, who_may_act
from shared.people.person import Person, about, learn

pytestmark = pytest.mark.rule("R42")
ANNA, BO, SUPPORTER = "inspector-anna", "inspector-bo", "supporter-carl"
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
FIRST, LAST = date(2026, 10, 12), date(2026, 10, 16)
NAMED = UUID(int=7)


def listed(person_id: str, centre: Centre = Centre.EAST) -> PersonListed:
    return PersonListed(
        person_id=person_id, roles=(PersonRole.INSPECTOR,), centre=centre, listed_at=NOW, listed_by="operator"
    )


def stands_in(stand_in: str = BO) -> StandInNamed:
    return StandInNamed(
        person_id=ANNA, stand_in_id=NAMED, stand_in=stand_in, first=FIRST, last=LAST, named_at=NOW, named_by="operator"
    )


async def refusal(
    relation: Relation, asker: Viewer, *facts: Event, responsible: str | None = ANNA, day: date = FIRST
) -> dict[str, Any] | None:
    """What the asker is told is lacking; None if the asker may act."""
    known: dict[str, Person | None] = {}
    for fact in facts:
        person_id = about(fact)
        assert person_id is not None
        known[person_id] = learn(known.get(person_id), fact)

    async def person_of(person_id: str) -> Person | None:
        return known.get(person_id)

    try:
        await require_relation(relation, asker, responsible, person_of, day)
    except Problem as problem:
        return {"status": problem.status, "rule": problem.rule, **problem.detail.values}
    return None


def lacks(**values: Any) -> dict[str, Any]:
    """A refusal that names what is lacking."""
    return {"status": 403, "rule": "R42", **values}


def inspector(person_id: str) -> Viewer:
    return Viewer(Role.INSPECTOR, person_id)


async def test_who_is_responsible_acts_also_before_the_directory_lists_anybody() -> None:
    for relation in Relation:
        assert await refusal(relation, inspector(ANNA)) is None, relation


async def test_a_colleague_who_does_not_stand_in_is_told_who_is_responsible_and_what_is_lacking() -> None:
    lacking = await refusal(Relation.RESPONSIBLE_OR_STAND_IN, inspector(BO), listed(ANNA), listed(BO))
    assert lacking == lacks(responsible=ANNA, asker=BO, day=FIRST)


@pytest.mark.parametrize(
    ("day", "may"),
    [(date(2026, 10, 11), False), (FIRST, True), (LAST, True), (date(2026, 10, 17), False)],
)
async def test_a_stand_in_acts_from_the_first_day_to_the_last(day: date, *, may: bool) -> None:
    found = await refusal(Relation.RESPONSIBLE_OR_STAND_IN, inspector(BO), listed(ANNA), stands_in(), day=day)
    assert (found is None) is may


async def test_a_stand_in_for_somebody_else_or_one_who_was_withdrawn_does_not_act() -> None:
    withdrawn = StandInWithdrawn(person_id=ANNA, stand_in_id=NAMED, withdrawn_at=NOW, withdrawn_by="operator")
    for facts in ((stands_in("inspector-dan"),), (stands_in(), withdrawn)):
        assert await refusal(Relation.RESPONSIBLE_OR_STAND_IN, inspector(BO), listed(ANNA), *facts) is not None


async def test_a_person_described_anew_keeps_the_stand_ins() -> None:
    facts = (listed(ANNA), stands_in(), listed(ANNA, Centre.NORTH))
    assert await refusal(Relation.RESPONSIBLE_OR_STAND_IN, inspector(BO), *facts) is None


@pytest.mark.parametrize(
    ("own", "of_case", "lacking"),
    [
        (Centre.EAST, Centre.EAST, None),
        (Centre.NORTH, Centre.EAST, lacks(centre="east", asker=SUPPORTER, own="north")),
        (None, Centre.EAST, lacks(centre="east", asker=SUPPORTER, own="unknown")),
        (Centre.EAST, None, lacks(centre="unknown", asker=SUPPORTER, own="east")),
        (None, None, lacks(centre="unknown", asker=SUPPORTER, own="unknown")),
    ],
)
async def test_a_supporter_acts_within_the_own_centre_alone_and_an_unknown_one_is_nobodys(
    own: Centre | None, of_case: Centre | None, lacking: dict[str, str] | None
) -> None:
    centres = {SUPPORTER: own, ANNA: of_case}
    facts = [listed(person, centre) for person, centre in centres.items() if centre is not None]
    assert await refusal(Relation.OWN_CENTRE, Viewer(Role.SUPPORTER, SUPPORTER), *facts) == lacking


async def test_a_supporter_who_has_left_acts_no_more() -> None:
    left = PersonLeft(person_id=SUPPORTER, last_day=FIRST, noted_at=NOW, noted_by="operator")
    supporter = Viewer(Role.SUPPORTER, SUPPORTER)
    facts = (listed(ANNA), listed(SUPPORTER), left)
    assert await refusal(Relation.OWN_CENTRE, supporter, *facts, day=FIRST) is None
    assert await refusal(Relation.OWN_CENTRE, supporter, *facts, day=LAST) is not None
    again = (*facts, listed(SUPPORTER))
    assert await refusal(Relation.OWN_CENTRE, supporter, *again, day=LAST) is None


async def test_a_leader_acts_in_the_centre_of_who_is_responsible() -> None:
    leader = Viewer(Role.LEADER, "leader-1", leads=Centre.EAST)
    assert await refusal(Relation.CENTRE_LED, leader, listed(ANNA)) is None
    lacking = await refusal(Relation.CENTRE_LED, leader, listed(ANNA, Centre.SOUTH))
    assert lacking == lacks(centre="south", leads="east")


async def test_a_case_for_which_nobody_is_responsible_is_a_leaders() -> None:
    leader = Viewer(Role.LEADER, "leader-1", leads=Centre.EAST)
    assert await refusal(Relation.CENTRE_LED, leader, responsible=None) is None
    assert await refusal(Relation.RESPONSIBLE_OR_STAND_IN, inspector(BO), responsible=None) == lacks()
    supporter = Viewer(Role.SUPPORTER, SUPPORTER)
    assert await refusal(Relation.OWN_CENTRE, supporter, listed(SUPPORTER), responsible=None) is not None


@pytest.mark.rule("R15")
def test_any_inspector_records_a_contact_and_everything_else_needs_a_relation() -> None:
    """R15: the one responsible and those who took part in a meeting are different things."""
    free = {
        (name, role)
        for name, roles in who_may_act().items()
        for role, relation in roles.items()
        if relation is Relation.ANY and role in (Role.INSPECTOR, Role.SUPPORTER, Role.LEADER)
    }
    assert free == {("record_meeting", Role.INSPECTOR), ("ask_whether_understood", Role.INSPECTOR)}


def test_what_is_known_of_somebody_begins_with_the_listing() -> None:
    left = PersonLeft(person_id=ANNA, last_day=FIRST, noted_at=NOW, noted_by="operator")
    assert reduce(learn, [stands_in(), left], None) is None


@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_of_the_directory_is_about_a_person_or_tells_only_of_a_centre(fact: type[Event]) -> None:
    made = full(fact)
    assert about(made) == made.model_dump().get("person_id")
    assert about(made) is not None or "centre" in fact.model_fields


async def test_what_is_for_the_person_itself_is_for_nobody_who_acts_for_the_person() -> None:
    facts = (listed(ANNA), stands_in())
    assert await refusal(Relation.SELF, Viewer(Role.INSPECTOR, ANNA), *facts) is None
    for other in (
        Viewer(Role.INSPECTOR, BO),
        Viewer(Role.SUPPORTER, SUPPORTER),
        Viewer(Role.LEADER, "leader", leads=Centre.EAST),
        Viewer(Role.PORTAL, "portal"),
        Viewer(Role.COMPANY, "person-1", "13748136"),
    ):
        assert await refusal(Relation.SELF, other, *facts) == lacks(person=ANNA)
