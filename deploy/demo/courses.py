"""The courses of the demo, each from offer to end. A course yields the instant at which it continues."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from deploy.demo.companies import (
    CONTROLLED_BY_PHONE,
    EMPLOYEES_TOOK_PART,
    GUIDANCE_DECLINED,
    GUIDANCE_UNKNOWN,
    NOT_IN_USE,
    SPREAD_FURTHER,
    TURNED_INTO_GUIDANCE,
    Company,
)
from deploy.demo.people import INSPECTORS, People, Person
from deploy.local.foreign_facts import ForeignSystem
from shared.contracts.orders import (
    OrderCompliedWith,
    OrderIssued,
    OrderKind,
    OtherCaseClosed,
    OtherCaseKind,
    OtherCaseOpened,
)
from shared.deadlines.copenhagen import COPENHAGEN, local_day
from shared.eventstore.events import Event
from shared.http.tokens import Role, pseudonym
from shared.reference.reference import is_psychosocial

Course = AsyncIterator[datetime]
_WITHOUT_ADDRESS = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DemoContext:
    """The people, the order system and the output that the courses use."""

    people: People
    orders: ForeignSystem
    settle: Callable[[], Awaitable[None]]
    """Waits until all facts have been processed."""
    say: Callable[[str], None]


def at(day: date, hour: int = 10) -> datetime:
    """Returns an hour of a day in Copenhagen."""
    return datetime.combine(day, time(hour), COPENHAGEN)


async def fulfilled(context: DemoContext, company: Company, first_day: date) -> Course:
    """Plays one of the 20 companies from offer to fulfilment, with a follow-up a year later."""
    inspector, director = _inspector(context, company), context.people.company(company.cvr)
    yield at(first_day)
    agreement_id = await _offer_and_deliver(context, company, months=6 if company.number % 2 else 3)
    yield at(first_day + 2 * _DAY)
    await context.people.portal().do("offers", f"/v1/offers/{agreement_id}/opening")
    yield at(first_day + (5 + company.number) * _DAY)
    await director.do("offers", f"/v1/offers/{agreement_id}/acceptance", {"has_read": True})
    await context.settle()
    context.say(f"company {company.number} accepted")

    async for instant in _guidance(inspector, director, company, agreement_id):
        yield instant

    agreement = await director.get("control", f"/v1/agreements/{agreement_id}")
    yield at(date.fromisoformat(agreement["compliance_deadline"]["last_day"]) - 20 * _DAY)
    await director.do("control", f"/v1/agreements/{agreement_id}/documentation", _documentation(company))
    await context.settle()

    if company.number in TURNED_INTO_GUIDANCE:
        yield await _booked_day(inspector, agreement_id)
        turned = {
            "reason": TURNED_INTO_GUIDANCE[company.number],
            "participants": ["manager", "safety_representative"],
            "purposes": ["how-to-approach"],
            "involvement": _involvement(company),
            "summary": "Der kunne ikke konkluderes ved besøget.",
        }
        await inspector.do("control", f"/v1/agreements/{agreement_id}/conversion", turned)
        await context.settle()
        context.say(f"company {company.number}'s control was turned into guidance")

    yield await _booked_day(inspector, agreement_id)
    await inspector.do(
        "control", f"/v1/agreements/{agreement_id}/controls", await _control(inspector, company, agreement_id)
    )
    await context.settle()
    context.say(f"company {company.number} fulfilled its agreement")

    agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    yield at(date.fromisoformat(agreement["follow_up_on"]))
    await inspector.do("control", f"/v1/agreements/{agreement_id}/follow-up", _follow_up(company, agreement))


async def lapses(context: DemoContext, company: Company, first_day: date) -> Course:
    """Plays a made-up company that does not answer: the offer lapses (R6), and an investigation follows (R7)."""
    yield at(first_day)
    agreement_id = await _offer_and_deliver(context, company, months=3)
    resumed_on = first_day + 40 * _DAY
    yield at(resumed_on)
    context.say(f"company {company.number} let its offer lapse")
    investigation = uuid5(NAMESPACE_OID, f"investigation after {agreement_id}")
    opened = OtherCaseOpened(
        case_id=investigation,
        case_kind=OtherCaseKind.INVESTIGATION,
        cvr=company.cvr,
        p_number=company.p_number,
        topic=company.topic,
        inspector=_inspector_id(company),
        opened_on=resumed_on,
        agreement_id=UUID(agreement_id),
        number=f"U-{resumed_on.year}/{company.number}",
    )
    await context.orders.publish([(investigation, opened, at(resumed_on))])
    found_nothing_on = resumed_on + 30 * _DAY
    yield at(found_nothing_on)
    closed = OtherCaseClosed(case_id=investigation, closed_on=found_nothing_on)
    await context.orders.publish([(investigation, closed, at(found_nothing_on))])


async def declines(context: DemoContext, company: Company, first_day: date) -> Course:
    """Plays a made-up company that declines the offer (R7)."""
    yield at(first_day)
    agreement_id = await _offer_and_deliver(context, company, months=3)
    yield at(first_day + 9 * _DAY)
    refusal = {"reason": None}
    await context.people.company(company.cvr).do("offers", f"/v1/offers/{agreement_id}/refusal", refusal)
    context.say(f"company {company.number} declined")


async def breaches(context: DemoContext, company: Company, first_day: date) -> Course:
    """Plays a made-up company that breaches the agreement: hearing, order, quarantine, a refused offer (R8, R22)."""
    inspector, director = _inspector(context, company), context.people.company(company.cvr)
    yield at(first_day)
    agreement_id = await _offer_and_deliver(context, company, months=3)
    yield at(first_day + 6 * _DAY)
    await director.do("offers", f"/v1/offers/{agreement_id}/acceptance", {"has_read": True})
    await context.settle()
    agreement = await director.get("control", f"/v1/agreements/{agreement_id}")
    # Without documentation and guidance the control is booked automatically all the same (R17).
    yield at(date.fromisoformat(agreement["compliance_deadline"]["last_day"]))
    yield await _booked_day(inspector, agreement_id)
    found = {
        "outcome": "violation",
        "judged_by": ["seen_in_use"],
        "spoke_with": ["manager", "employees"],
        "involvement": {"employees": "not"},
        "findings": "Støjen ved maskinen er uændret.",
    }
    await inspector.do("control", f"/v1/agreements/{agreement_id}/controls", found)
    await context.settle()
    context.say(f"company {company.number} breached its agreement")
    agreement = await director.get("control", f"/v1/agreements/{agreement_id}")
    heard_by = date.fromisoformat(agreement["hearing_deadline"]["last_day"])
    yield at(heard_by - 4 * _DAY)
    answer = {"answer": "Vi har bestilt en afskærmning."}
    await director.do("control", f"/v1/agreements/{agreement_id}/hearing-answer", answer)
    yield at(heard_by)
    reasons = {"reasons": "Støjbelastningen er ikke nedbragt, jf. kontrollen."}
    requested = await inspector.do("control", f"/v1/agreements/{agreement_id}/order-request", reasons)
    request_id = UUID(requested["recorded"][0]["data"]["request_id"])
    order_id = uuid5(NAMESPACE_OID, f"order after {agreement_id}")
    issued_on = heard_by + 5 * _DAY
    yield at(issued_on)
    deadline = issued_on + 60 * _DAY
    order = OrderIssued(
        case_id=order_id,
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=company.cvr,
        p_number=company.p_number,
        topic=company.topic,
        inspector=_inspector_id(company),
        issued_on=issued_on,
        deadline=deadline,
        agreement_id=UUID(agreement_id),
        request_id=request_id,
        number=f"P-{issued_on.year}/{company.number}",
    )
    await context.orders.publish([(order_id, order, at(issued_on))])
    yield at(issued_on + 20 * _DAY)
    refused = await inspector.attempt("offers", "/v1/offers", _offer(company, 3))
    problem = refused.json()
    context.say(
        f"company {company.number}'s next offer: {refused.status_code} {problem.get('rule')}, {problem['detail']}"
    )
    yield at(deadline - 3 * _DAY)
    complied = OrderCompliedWith(case_id=order_id, complied_on=deadline - 3 * _DAY)
    await context.orders.publish([(order_id, complied, at(deadline - 3 * _DAY))])


async def offered_again(context: DemoContext, company: Company, first_day: date) -> Course:
    """Plays a new agreement after the quarantine of a made-up company; it runs when the demo ends (R22)."""
    yield at(first_day)
    agreement_id = await _offer_and_deliver(context, company, months=3)
    yield at(first_day + 7 * _DAY)
    acceptance = {"has_read": True}
    await context.people.company(company.cvr).do("offers", f"/v1/offers/{agreement_id}/acceptance", acceptance)
    await context.settle()
    context.say(f"company {company.number} accepted a new agreement after its quarantine")


async def other_cases(context: DemoContext, company: Company, first_day: date, *, left_open: bool) -> Course:
    """Plays a made-up inspection and its order, as the authority's other systems report them (R25, R26)."""
    inspection, order = (uuid5(NAMESPACE_OID, f"{what} at {company.p_number}") for what in ("inspection", "order"))
    last_day = first_day + 60 * _DAY
    yield at(first_day)
    opened = OtherCaseOpened(
        case_id=inspection,
        case_kind=OtherCaseKind.INSPECTION,
        cvr=company.cvr,
        p_number=company.p_number,
        inspector=_inspector_id(company),
        opened_on=first_day,
        number=f"T-{first_day.year}/{company.number}",
    )
    issued = OrderIssued(
        case_id=order,
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=company.cvr,
        p_number=company.p_number,
        topic="073",
        inspector=_inspector_id(company),
        issued_on=first_day,
        deadline=last_day,
        number=f"P-{first_day.year}/{company.number}",
    )
    facts: list[tuple[UUID, Event, datetime]] = [(inspection, opened, at(first_day)), (order, issued, at(first_day))]
    await context.orders.publish(facts)
    if left_open:
        return
    yield at(last_day)
    complied = OrderCompliedWith(case_id=order, complied_on=last_day)
    closed = OtherCaseClosed(case_id=inspection, closed_on=last_day)
    await context.orders.publish([(order, complied, at(last_day)), (inspection, closed, at(last_day))])


async def _offer_and_deliver(context: DemoContext, company: Company, months: int) -> str:
    offered = await _inspector(context, company).do("offers", "/v1/offers", _offer(company, months))
    agreement_id: str = offered["id"]
    await _name_contacts(context.people.company(company.cvr), company, agreement_id)
    await context.people.portal().do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    return agreement_id


async def _name_contacts(director: Person, company: Company, agreement_id: str) -> None:
    """R34: a company names who stands for it; one has no e-mail address, and a letter asks to pass it on."""
    for role in ("unit_manager", "legally_responsible", "safety_representative"):
        email = None if company.number == _WITHOUT_ADDRESS else f"{role}@company{company.number}.example"
        contact = {"role": role, "name": f"{role.replace('_', ' ').capitalize()} {company.number}", "email": email}
        await director.do("offers", f"/v1/offers/{agreement_id}/contacts", contact)


async def _guidance(inspector: Person, director: Person, company: Company, agreement_id: str) -> Course:
    """R12, R33: guidance is offered before it is due; it is declined, not answered, or accepted and held."""
    guidance = await inspector.get("guidance", f"/v1/guidance/{agreement_id}")
    due = local_day(datetime.fromisoformat(guidance["due"]))
    yield at(due - 5 * _DAY)
    form = {"form": "visit" if company.number % 3 == 0 else "phone"}
    await inspector.do("guidance", f"/v1/guidance/{agreement_id}/offer", form)
    if company.number in GUIDANCE_UNKNOWN:
        return
    yield at(due - 3 * _DAY)
    accepted = company.number not in GUIDANCE_DECLINED
    await director.do("guidance", f"/v1/guidance/{agreement_id}/answer", {"accepted": accepted})
    if accepted:
        yield at(due + 4 * _DAY)
        meeting = {**form, "participants": ["manager", "safety_representative"], "involvement": _involvement(company)}
        await inspector.do("guidance", f"/v1/guidance/{agreement_id}/meetings", {**meeting, "minutes_spent": 60})


async def _booked_day(inspector: Person, agreement_id: str) -> datetime:
    agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    return at(date.fromisoformat(agreement["control"]["day"]))


def _offer(company: Company, months: int) -> Mapping[str, Any]:
    return {
        "cvr": company.cvr,
        "p_number": company.p_number,
        "topic": company.topic,
        "inspection_id": f"inspection-{company.number}",
        "period_months": months,
        "observations": "Se tilsynsrapporten.",
    }


def _documentation(company: Company) -> Mapping[str, Any]:
    """R16: documents measures with the levels of the study; one psychosocial measure has none on its ladder."""
    psychosocial = is_psychosocial(company.topic)
    return {
        "complete": True,
        "text": "Vi mener, at aftalen er opfyldt.",
        "measures": [
            {
                "kind": measure.kind,
                "description": measure.description,
                "ladder_level": measure.ladder_level,
                "psychosocial_level": measure.psychosocial_level,
                "not_psychosocial": psychosocial and measure.psychosocial_level is None,
            }
            for measure in company.measures
        ],
    }


async def _control(inspector: Person, company: Company, agreement_id: str) -> Mapping[str, Any]:
    """R18, R20: controls by a visit, except the company that was controlled by phone with the photos it sent."""
    agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    verified = {measure.description: measure.verified for measure in company.measures}
    by_phone = company.number == CONTROLLED_BY_PHONE
    return {
        "outcome": "no_violation",
        "form": "phone" if by_phone else "visit",
        "form_reason": "thorough-documentation" if by_phone else None,
        "judged_by": ["on_paper"] if by_phone else ["seen_in_use", "shown"],
        "spoke_with": ["manager", "safety_representative"],
        "involvement": _involvement(company),
        "measures": [
            {"measure_id": one["measure_id"], "use": "unknown", "verified": verified[one["description"]]}
            for one in agreement["measures"]
        ],
    }


def _involvement(company: Company) -> Mapping[str, str]:
    """R33: returns who was involved: the employees as the report says, the others made up."""
    employees = "took_part" if company.number in EMPLOYEES_TOOK_PART else "consulted"
    return {"safety_representative": "took_part", "safety_organisation": "informed", "employees": employees}


def _follow_up(company: Company, agreement: Mapping[str, Any]) -> Mapping[str, Any]:
    """R24, R35, R39: returns the body of a follow-up, which says what measures are still in use a year later."""
    use = company.use_of_measures()
    reason = NOT_IN_USE.get(company.number)
    return {
        "form": "phone",
        "spoke_with": ["manager"],
        "measures": [
            {"measure_id": one["measure_id"], "use": use.value, "non_use_reason": reason}
            for one in agreement["measures"]
        ],
        "spread_further": company.number in SPREAD_FURTHER,
    }


def _inspector(context: DemoContext, company: Company) -> Person:
    return context.people.inspector(INSPECTORS[company.number % len(INSPECTORS)])


def _inspector_id(company: Company) -> str:
    return pseudonym(Role.INSPECTOR, INSPECTORS[company.number % len(INSPECTORS)])
