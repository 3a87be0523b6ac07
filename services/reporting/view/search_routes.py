"""Searches over HTTP: cases and units by what people write (R26)."""

from operator import itemgetter
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.reporting.view.models import CaseItem
from services.reporting.view.queries import CaseFilter
from services.reporting.view.request_parameters import Reader, reading
from services.reporting.view.routes import LARGEST_PAGE, PAGE_SIZE, Limit, case_filter
from services.reporting.view.search_models import BoundedCount, FoundCases, FoundCode, FoundUnit, FoundUnits
from services.reporting.view.search_queries import RARE, search_cases, search_units
from services.reporting.view.search_terms import MOST_WORDS, SearchTerm, codes_found, is_too_short, terms_of
from shared.danish_text import GRAM, folded
from shared.http import pages
from shared.http.errors import FieldError, Problem
from shared.http.openapi import problems
from shared.http.pages import PageCursor
from shared.refusals.sentences import Sentence

router = APIRouter(prefix="/v1/search", tags=["reporting"])


async def searched(
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="Words, in any order and in capitals or not. å is found as aa, ø as oe, æ as ae, é as e.",
            examples=["solsikken aarhus"],
        ),
    ],
) -> str:
    """Route dependency: returns what is searched for. Raises Problem (422) for too few letters or too many words."""
    if is_too_short(q):
        text, values = "a search needs a word of at least {least} letters or digits", {"least": GRAM}
    elif len(q.split()) > MOST_WORDS:
        text, values = "a search has at most {most} words", {"most": MOST_WORDS}
    else:
        return q
    faults = [FieldError("query.q", Sentence(text, values), rule="R26")]
    raise Problem(422, "Not valid", text, rule="R26", values=values, faults=faults)


Searched = Annotated[str, Depends(searched)]


@router.get("", responses=problems(400, 404))
async def search(
    request: Request,
    asker: Reader,
    text: Searched,
    asked: Annotated[CaseFilter, Depends(case_filter)],
    cursor: PageCursor = None,
    limit: Limit = PAGE_SIZE,
) -> FoundCases:
    """R26: returns the cases that have all words: in their number, the name or number of a unit, or the name of a code.

    The codes are topics, problem groups and industries. Former names and addresses of a unit count, too.
    """
    if asked.cvr is not None:
        asker.require_company(asked.cvr)
    terms = terms_of(text)
    after = pages.read_cursor(cursor, pages.instant, pages.uuid)
    async with reading(request, asker) as connection, connection.transaction():
        found, number = await search_cases(connection, asker, terms, asked, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("opened_at", "case_id"))
    codes = [
        FoundCode.model_validate({"list": name, **term.model_dump(include={"code", "danish", "english"})})
        for name, term in codes_found(terms)
    ]
    return FoundCases(
        cases=[CaseItem.of(row) for row in page],
        count=BoundedCount(number=min(number, RARE), more=number > RARE),
        codes=codes,
        next_cursor=further,
    )


@router.get("/units", responses=problems(400))
async def search_for_units(
    request: Request,
    asker: Reader,
    text: Searched,
    cursor: PageCursor = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Units on a page, at most.")] = PAGE_SIZE,
) -> FoundUnits:
    """R26: returns the units that have all words in their name, address, postcode or numbers, in Danish order.

    A unit stands there under each name and owner that fits, with the days.
    """
    after = pages.read_cursor(cursor, pages.text, pages.text, pages.day)
    term = SearchTerm(tuple(filter(None, map(folded, text.split()))))
    async with reading(request, asker) as connection, connection.transaction():
        found = await search_units(connection, asker, term, after=after, limit=limit + 1)
    page, further = pages.cut(found, limit, itemgetter("sort_key", "p_number", "effective_from"))
    return FoundUnits(units=[FoundUnit.model_validate(dict(unit)) for unit in page], next_cursor=further)
