"""What is seen together, when and why: orders, the one view, reasons of days, timers, and erasing (R25-R28, R31)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from deploy.demo.courses import at
from deploy.demo.rules.scene import DAY, LIFTING, Course, Scene
from shared.contracts.orders import OrderAppealed, OrderCompliedWith, OrderIssued, OrderKind
from shared.eventstore.events import Event


async def r25(scene: Scene) -> Course:
    """Orders live in the order system, and reach us as its facts."""
    yield scene.day(0)
    order = await _order(scene)
    scene.notes("the order system issues an order", await _where_it_stands(scene, order))
    yield scene.day(20)
    day = scene.first_day + 20 * DAY
    await _publish(scene, order, OrderAppealed(case_id=order, appealed_on=day, suspends=True))
    scene.notes("the company appeals in time", await _where_it_stands(scene, order))
    yield scene.day(50)
    await _publish(scene, order, OrderCompliedWith(case_id=order, complied_on=scene.first_day + 50 * DAY))
    scene.notes("the order is complied with", await _where_it_stands(scene, order))


async def r26(scene: Scene) -> Course:
    """One view: agreements and orders together, with what must happen next, by whom and when."""
    yield scene.day(0)
    await scene.agreed()
    await _order(scene)
    company = await scene.inspector.get("reporting", f"/v1/companies/{scene.cvr}")
    for case in sorted(company["cases"]["cases"], key=lambda one: str(one["case_type"])):
        scene.notes(f"look at the company's {case['case_type']}", _stands(case))


async def r27(scene: Scene) -> Course:
    """Every deadline says why it is that day, in Danish and English."""
    yield scene.day(0)
    agreement = await scene.agreed()
    for language in ("da", "en"):
        course = await scene.director.get("control", f"/v1/agreements/{agreement}", language=language)
        scene.notes(f"ask for the reason ({language})", course["compliance_deadline"]["why"])


async def r28(scene: Scene) -> Course:
    """A timer has its effect once; when its day moves, the old day means nothing any more."""
    yield scene.day(0)
    offer = await scene.offer(LIFTING)
    yield scene.day(2)
    mended = {"available_at": scene.day(1).isoformat(), "reason": "Portalen var nede."}
    await scene.tries(
        "the offer was available a day later", scene.portal, "offers", f"/v1/offers/{offer}/delivery-correction", mended
    )
    yield scene.day(90)
    case = await scene.case(offer)
    lapsed = [one for one in case["timeline"] if one["type"] == "Lapsed"]
    scene.notes("wait for three months", f"{case['status']}, recorded {len(lapsed)} time(s)")


async def r31(scene: Scene) -> Course:
    """Texts can be erased for ever, and the history stays whole."""
    yield scene.day(0)
    agreement = await scene.agreed()
    path, body = "/v1/operations/offers/erasures", {"case": agreement}
    facts = len((await scene.case(agreement))["timeline"])
    would = await scene.operator.do("offers", f"{path}?dry_run=true", body)
    scene.notes("ask what would be erased", f"{len(would['parts'])} part(s), {would['files']} files")
    await scene.operator.do("offers", path, body)
    seen = await scene.inspector.get("offers", f"/v1/offers/{agreement}")
    kept = len((await scene.case(agreement))["timeline"])
    scene.notes(
        "erase it, and look again",
        f"observations: {seen['observations']}; {'all' if kept == facts else 'not all'} facts are still there",
    )


async def _order(scene: Scene) -> UUID:
    order = uuid4()
    issued = OrderIssued(
        case_id=order,
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=scene.cvr,
        p_number=scene.unit(),
        topic=LIFTING,
        issued_on=scene.first_day,
        deadline=scene.first_day + 60 * DAY,
    )
    await _publish(scene, order, issued)
    return order


async def _publish(scene: Scene, order: UUID, fact: Event) -> None:
    await scene.stage.orders.publish([(order, fact, at(scene.first_day))])
    for service in ("control", "reporting"):
        await scene.stage.orders.until_taken(service)


async def _where_it_stands(scene: Scene, order: UUID) -> str:
    return _stands(await scene.case(str(order)))


def _stands(case: Mapping[str, Any]) -> str:
    """Where a case stands, and what must happen next, by whom and when."""
    following = case["next"]
    if following is None:
        return f"{case['status']}; nothing more"
    until = f" until {following['due'][:10]}" if following["due"] else ""
    return f"{case['status']}; {following['step']} by {following['by']}{until}"
