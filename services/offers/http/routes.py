"""The HTTP interface of offers: routes to read them, and the routers of each subject to change them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.offers.http import (
    answer_routes,
    call_routes,
    contact_routes,
    internal_note_routes,
    notice_routes,
    portal_routes,
    question_routes,
    responsible_inspector_routes,
    sending_routes,
    taking_over_routes,
    time_spent_routes,
    unit_hold_routes,
)
from services.offers.http.views import OfferView, view
from services.offers.lookups.letter_details import named_in
from services.offers.lookups.preconditions import register
from services.offers.lookups.units import units_on
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Unsent
from services.offers.rules.quarantine import legal_entity_stream, stands, unit_stream
from shared.contracts.offers import QuarantineImposed
from shared.deadlines.copenhagen import local_day
from shared.deadlines.in_words import Language
from shared.http import pages
from shared.http.access import Asker
from shared.http.openapi import READ, SEEN, problems
from shared.http.problems import not_found
from shared.reference.identifiers import Cvr, PNumber
from shared.service import runtime_of

router = APIRouter(tags=["offers"])


class QuarantineView(BaseModel):
    """R22: a quarantine that stands."""

    because_of: Annotated[
        UUID | None, Field(description="The breached agreement; null in front of a company whose it was not (R40).")
    ]
    cvr: Annotated[
        str | None, Field(description="The legal entity that breached it; null in front of another one (R40).")
    ]
    p_number: str | None
    ends_at: datetime
    reason: Annotated[
        Literal["breach", "breach_of_former_owner"],
        Field(description="Code: who breached: the legal entity that is asked about, or who had the unit before."),
    ]
    why: Annotated[str, Field(description="The reason in words, in the language that is asked for.")]


@router.get("/v1/offers/{agreement_id}", responses=SEEN, **READ)
async def read_offer(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> OfferView:
    """Returns the offer, with its letter and an explanation of its deadline (R1, R23, R27)."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, OFFER, agreement_id)
    if isinstance(state, Unsent):
        raise not_found()
    response.headers.update(headers)
    return view(state, visible, language, await named_in(runtime_of(request), state.sent))


_WHY: Mapping[tuple[str, Language], str] = {
    ("breach", "da"): "En aftale er misligholdt.",
    ("breach", "en"): "An agreement was breached.",
    ("breach_of_former_owner", "da"): (
        "Produktionsenheden misligholdt en aftale, mens den hørte til en anden juridisk enhed. "
        "Den beholder sin karantæne, når den skifter juridisk enhed."
    ),
    ("breach_of_former_owner", "en"): (
        "The production unit breached an agreement while it belonged to another legal entity. "
        "It keeps its quarantine when it changes its legal entity."
    ),
}


@router.get("/v1/quarantines", responses={**pages.IN_PAGES, **problems(400, 404)}, **READ)
async def read_quarantines(
    request: Request,
    response: Response,
    asker: Asker,
    p_number: Annotated[PNumber, Query()],
    cvr: Annotated[
        Cvr | None, Query(description="The legal entity; if left out, the one that has the unit today.")
    ] = None,
    language: Annotated[Language, Query()] = "da",
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[QuarantineView]:
    """R8, R22, R40: returns the present quarantines of a unit, its own and those of its whole legal entity.

    The authority also sees those that the unit has from a former legal entity, with the case. The company that has the
    unit today sees them with the reason, but without the former owner's case.
    """
    if cvr is not None:
        asker.require_company(cvr)
    last = pages.read_cursor(cursor, pages.number, pages.instant, pages.number)
    runtime = runtime_of(request)
    await runtime.gate.wait_for_token(request, asker)
    now = runtime.clock.now()
    unit = await runtime.database.ask(units_on, (p_number, local_day(now)))
    if cvr is None:
        if unit is None or not asker.may_see_company(unit.cvr):
            raise not_found()
        cvr = unit.cvr
    owned = unit is not None and unit.cvr == cvr
    streams = (unit_stream(p_number), *(() if cvr is None else (legal_entity_stream(cvr),)))
    standing = [
        (of_legal_entity, one)
        for of_legal_entity, stream in enumerate(streams)
        for one in (await register(runtime, stream))[0]
        if stands(one.ends_at, now) and (asker.may_see_company(one.cvr) or owned)
    ]
    rest = pages.after(_placed(standing), last, itemgetter(0))
    page, further = pages.cut(rest, limit, itemgetter(0))
    pages.tell_next(response, further)
    return [_quarantine_view(one, asker, cvr, language) for _, one in page]


_Place = tuple[int, datetime, int]


def _placed(standing: Sequence[tuple[int, QuarantineImposed]]) -> list[tuple[_Place, QuarantineImposed]]:
    """Each with its place: the unit's own first, then by their end.

    Those with one end are numbered: the case of another company, which would tell them apart, must be in no cursor.
    """
    same: Counter[tuple[int, datetime]] = Counter()
    placed: list[tuple[_Place, QuarantineImposed]] = []
    for of_legal_entity, one in sorted(standing, key=lambda each: (each[0], each[1].ends_at)):
        same[of_legal_entity, one.ends_at] += 1
        placed.append(((of_legal_entity, one.ends_at, same[of_legal_entity, one.ends_at]), one))
    return placed


def _quarantine_view(one: QuarantineImposed, asker: Asker, cvr: str | None, language: Language) -> QuarantineView:
    reason: Literal["breach", "breach_of_former_owner"] = "breach" if one.cvr == cvr else "breach_of_former_owner"
    known = asker.may_see_company(one.cvr)
    return QuarantineView(
        because_of=one.agreement_id if known else None,
        cvr=one.cvr if known else None,
        p_number=one.p_number,
        ends_at=one.ends_at,
        reason=reason,
        why=_WHY[reason, language],
    )


for subject in (
    sending_routes,
    portal_routes,
    answer_routes,
    call_routes,
    contact_routes,
    responsible_inspector_routes,
    taking_over_routes,
    time_spent_routes,
    internal_note_routes,
    question_routes,
    notice_routes,
    unit_hold_routes,
):
    router.include_router(subject.router)
