"""What stands for the owners in the benchmark of sending answers as they do; its cases have one matter that is due."""

from itertools import islice
from uuid import UUID

import httpx

from benchmarks.sending.morning import DUE_AT, of_case
from benchmarks.sending.owners import APP
from benchmarks.sending.rates import Turn, messages, rate
from services.notices.lookups.owners import Address, Parties
from services.notices.rules.case_decider import NOTICES, due_matters, timers
from services.notices.rules.phases import Followed
from shared.contracts.vocabulary import ContactRole
from shared.http.matters import MatterView

CASE = UUID(int=7)


async def test_owners_answer_what_notices_read() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://owners") as client:
        parties = Parties.model_validate((await client.get(f"/v1/offers/{CASE}/parties")).json())
        matter = (await client.get(f"/v1/offers/{CASE}/matters/offer-not-opened?about=")).json()
        address = Address.model_validate((await client.get("/v1/people/anna/address")).json())
    assert [contact.role for contact in parties.contacts] == [ContactRole.LEGALLY_RESPONSIBLE]
    assert str(CASE) in str(parties.contacts[0].email)
    view = MatterView.model_validate(matter)
    assert (view.stands, view.day is not None, view.why_da is not None) == (True, True, True)
    assert address.email is not None


def test_a_case_has_one_matter_and_its_timer() -> None:
    change = of_case(CASE)
    state = NOTICES.fold([occurred.event for occurred in change.writes[0].events])
    assert isinstance(state, Followed)
    assert len(due_matters(state, DUE_AT)) == 1
    assert [(CASE, f"notices:{name}", due) for name, due in timers(state).items()] == [*change.arm]


def test_each_message_has_an_id_and_an_address_of_its_own() -> None:
    some = [*islice(messages(), 20)]
    assert len({one.message_id for one in some}) == len({one.to for one in some}) == 20


def test_a_way_is_compared_with_the_bare_client_in_the_same_turn() -> None:
    bare = [Turn(100, 1, 0.1), Turn(10, 1, 0.1), Turn(100, 1, 0.1)]
    shown = rate("half as fast", [Turn(50, 1, 0.2), Turn(5, 1, 0.2), Turn(50, 1, 0.2)], bare)
    assert (shown.a_second, shown.of_bare, round(shown.processor_ms, 2)) == (50, 0.5, 5.71)
