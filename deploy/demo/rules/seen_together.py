"""Courses of the view: orders, cases, reasons of days, timers, and erasing (R25-R28, R31)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from deploy.demo.courses import at
from deploy.demo.rules.rule_scenario import DAY, LIFTING, Course, RuleScenario
from shared.contracts.orders import OrderAppealed, OrderCompliedWith, OrderIssued, OrderKind
from shared.eventstore.events import Event


async def r25(scenario: RuleScenario) -> Course:
    """Orders belong to the order system, and reach Aftale as its facts."""
    yield scenario.day(0)
    order = await _order(scenario)
    scenario.note("the order system issues an order", await _status_of(scenario, order))
    yield scenario.day(20)
    day = scenario.first_day + 20 * DAY
    await _publish(scenario, order, OrderAppealed(case_id=order, appealed_on=day, suspends=True))
    scenario.note("the company appeals in time", await _status_of(scenario, order))
    yield scenario.day(50)
    await _publish(scenario, order, OrderCompliedWith(case_id=order, complied_on=scenario.first_day + 50 * DAY))
    scenario.note("the order is complied with", await _status_of(scenario, order))


async def r26(scenario: RuleScenario) -> Course:
    """Agreements and orders are in one view, with what must happen next, by whom and when."""
    yield scenario.day(0)
    await scenario.make_agreement()
    await _order(scenario)
    company = await scenario.inspector.get("reporting", f"/v1/companies/{scenario.cvr}")
    for case in sorted(company["cases"]["cases"], key=lambda one: str(one["case_type"])):
        scenario.note(f"look at the company's {case['case_type']}", _status(case))


async def r27(scenario: RuleScenario) -> Course:
    """Every deadline says why it is that day, in Danish and English."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    for language in ("da", "en"):
        course = await scenario.director.get("control", f"/v1/agreements/{agreement}", language=language)
        scenario.note(f"ask for the reason ({language})", course["compliance_deadline"]["why"])


async def r28(scenario: RuleScenario) -> Course:
    """A timer has its effect once; when its day moves, the old day has no effect any more."""
    yield scenario.day(0)
    offer = await scenario.offer(LIFTING)
    yield scenario.day(2)
    correction = {"available_at": scenario.day(1).isoformat(), "reason": "Portalen var nede."}
    await scenario.attempt(
        "the offer was available a day later",
        scenario.portal,
        "offers",
        f"/v1/offers/{offer}/delivery-correction",
        correction,
    )
    yield scenario.day(90)
    case = await scenario.case(offer)
    lapsed = [one for one in case["timeline"] if one["type"] == "Lapsed"]
    scenario.note("wait for three months", f"{case['status']}, recorded {len(lapsed)} time(s)")


async def r31(scenario: RuleScenario) -> Course:
    """Texts can be erased for ever, and the history of facts stays complete."""
    yield scenario.day(0)
    agreement = await scenario.make_agreement()
    path, body = "/v1/operations/offers/erasures", {"case": agreement}
    facts = len((await scenario.case(agreement))["timeline"])
    would = await scenario.operator.do("offers", f"{path}?dry_run=true", body)
    scenario.note("ask what would be erased", f"{len(would['parts'])} part(s), {would['files']} files")
    await scenario.operator.do("offers", path, body)
    seen = await scenario.inspector.get("offers", f"/v1/offers/{agreement}")
    kept = len((await scenario.case(agreement))["timeline"])
    scenario.note(
        "erase it, and look again",
        f"observations: {seen['observations']}; {'all' if kept == facts else 'not all'} facts are still there",
    )


async def _order(scenario: RuleScenario) -> UUID:
    order = uuid4()
    issued = OrderIssued(
        case_id=order,
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=scenario.cvr,
        p_number=scenario.unit(),
        topic=LIFTING,
        issued_on=scenario.first_day,
        deadline=scenario.first_day + 60 * DAY,
    )
    await _publish(scenario, order, issued)
    return order


async def _publish(scenario: RuleScenario, order: UUID, fact: Event) -> None:
    await scenario.context.orders.publish([(order, fact, at(scenario.first_day))])
    for service in ("control", "reporting"):
        await scenario.context.orders.until_taken(service)


async def _status_of(scenario: RuleScenario, order: UUID) -> str:
    return _status(await scenario.case(str(order)))


def _status(case: Mapping[str, Any]) -> str:
    """Describes the status of a case, and what must happen next, by whom and when."""
    following = case["next"]
    if following is None:
        return f"{case['status']}; nothing more"
    until = f" until {following['due'][:10]}" if following["due"] else ""
    return f"{case['status']}; {following['step']} by {following['by']}{until}"
