"""What notices ask of offers before somebody is told: whether a matter stands, and who the parties are (R29, R34)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.offers.http.views import contacts_now
from services.offers.lookups.units import units_on
from services.offers.rules.matters import standing
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Unsent
from shared.contracts.notices import Occasion
from shared.contracts.vocabulary import ContactRole
from shared.deadlines.copenhagen import local_day
from shared.eventstore.commands import read
from shared.http.access import Asker
from shared.http.matters import AboutMatter, MatterView, matter_view
from shared.http.openapi import problems
from shared.http.problems import not_found
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["notices"])


class PartyView(BaseModel):
    """R34: somebody who stands for the company, and how to write to them."""

    contact_id: UUID
    role: ContactRole
    name: Annotated[str | None, Field(description="Null where it was erased.")]
    email: str | None


class PartiesView(BaseModel):
    """R1, R34: what a notice names of a case: company, unit and topic; and whom it may go to at the company."""

    cvr: str
    p_number: str
    unit: Annotated[str | None, Field(description="Name of the unit today; null if the register has none.")]
    topic: str
    contacts: list[PartyView]


@router.get("/v1/offers/{agreement_id}/matters/{occasion}", responses=problems(404))
async def read_matter(
    agreement_id: UUID, occasion: Occasion, request: Request, asker: Asker, about: AboutMatter = ""
) -> MatterView:
    """Returns whether a matter of the offer still stands, for notices only (R29)."""
    asker.require_role(Role.NOTICES)
    known = await read(runtime_of(request).store, OFFER, agreement_id)
    return matter_view(standing(known.state, occasion, about), known.version)


@router.get("/v1/offers/{agreement_id}/parties", responses=problems(404))
async def read_parties(agreement_id: UUID, request: Request, asker: Asker) -> PartiesView:
    """Returns what notices name of a case, and the contacts of the company, for notices only (R29, R34)."""
    asker.require_role(Role.NOTICES)
    runtime = runtime_of(request)
    loaded = await runtime.store.load(agreement_id, readable=True)
    state = OFFER.fold([recorded.event for recorded in loaded.events])
    if isinstance(state, Unsent):
        raise not_found()
    sent = state.sent
    unit = await runtime.database.ask(units_on, (sent.p_number, local_day(runtime.clock.now())))
    contacts = contacts_now([recorded.event for recorded in loaded.events])
    return PartiesView(
        cvr=sent.cvr,
        p_number=sent.p_number,
        unit=unit.name if unit else None,
        topic=sent.topic,
        contacts=[
            PartyView(
                contact_id=named.contact_id,
                role=named.role,
                name=named.details.name if named.details else None,
                email=named.details.email if named.details else None,
            )
            for named in contacts
        ],
    )
