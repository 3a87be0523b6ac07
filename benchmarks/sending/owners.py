"""Answers for the owners of matters and addresses in a benchmark: python -m benchmarks.sending.owners PORT.

It gives the answers of offers and control in their own forms, for every case and person alike, without looking anything
up: a benchmark of notices measures notices.
"""

import sys
from datetime import UTC, datetime
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.control.people.http.views import AddressView
from services.offers.http.notice_routes import PartiesView, PartyView
from shared.contracts.matters import StandingMatter
from shared.contracts.vocabulary import ContactRole
from shared.deadlines.deadlines import response_deadline
from shared.garbage_collector import collect_rarely
from shared.http.matters import matter_view
from shared.policy.policies import load_policies

DELIVERED_AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
CVR, P_NUMBER, TOPIC = "13748136", "1003388394", "056"
_DEADLINE = response_deadline(DELIVERED_AT, load_policies().at(DELIVERED_AT))
_MATTER = matter_view(StandingMatter(deadline=_DEADLINE), 3).model_dump_json()
_ADDRESS = AddressView(name="Anna Andersen", email="anna@tilsyn.example").model_dump_json()
_CONTACT = UUID(int=1)


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


async def parties(request: Request) -> Response:
    """Returns a company with a contact, whose address is that of no other case."""
    case = request.path_params["case"]
    contact = PartyView(
        contact_id=_CONTACT, role=ContactRole.LEGALLY_RESPONSIBLE, name="Somebody", email=f"{case}@company.example"
    )
    view = PartiesView(cvr=CVR, p_number=P_NUMBER, unit="Nordby Bageri", topic=TOPIC, contacts=[contact])
    return _json(view.model_dump_json())


async def matter(_: Request) -> Response:
    """Returns that the matter still stands, with its deadline and why it is that day."""
    return _json(_MATTER)


async def address(_: Request) -> Response:
    """Returns how somebody at the authority is reached."""
    return _json(_ADDRESS)


APP = Starlette(
    routes=[
        Route("/v1/offers/{case}/parties", parties),
        Route("/v1/offers/{case}/matters/{occasion}", matter),
        Route("/v1/people/{person}/address", address),
    ]
)


if __name__ == "__main__":
    collect_rarely()
    uvicorn.run(APP, port=int(sys.argv[1]), loop="uvloop", log_level="warning", access_log=False)
