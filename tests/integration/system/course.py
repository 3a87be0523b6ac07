"""One course over HTTP, step by step, so that a test can do something between any two of them."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deploy.demo.courses import at
from shared.contracts.register import UnitRegistered
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import next_working_day
from shared.policy.policies import load_policies
from tests.integration.system.running_system import RunningSystem

CVR, P_NUMBER = "13748136", "1003388394"
TOPIC = "056"
SISTER_P_NUMBER = "1003388395"
UNIT = UnitRegistered(
    p_number=P_NUMBER,
    cvr=CVR,
    name="Made up",
    industry="day-care",
    sector="private",
    size_class="10-34",
    effective_from=date(2020, 1, 1),
)
SISTER = UNIT.model_copy(update={"p_number": SISTER_P_NUMBER})
POLICY = load_policies().at(datetime(2026, 1, 1, tzinfo=UTC))
CONTROLLED_AFTER = timedelta(days=30)
"""The inspector chooses the day of the control: another day would be drawn in each run."""
PLANTED = "Zebedæus Klejnstrup"
"""A name in every text and file name of the course: it must be found nowhere but with its owner."""
PHOTO = {"name": f"{PLANTED}.jpg", "sha256": "ab" * 32, "media_type": "image/jpeg", "size_bytes": 10}


async def play(system: RunningSystem, outcome: str, p_number: str = P_NUMBER) -> AsyncIterator[str]:
    """Play a course to its end; yields the name of each step that was taken, first the id of the agreement."""
    inspector, company, portal = system.people.inspector("anna"), system.people.company(CVR), system.people.portal()
    offered = await inspector.do("offers", "/v1/offers", offer(p_number))
    agreement_id: str = offered["id"]
    yield agreement_id
    await portal.do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    yield "delivered"
    await company.do("offers", f"/v1/offers/{agreement_id}/acceptance", {"has_read": True})
    yield "accepted"
    await system.time.settle()
    guidance = await inspector.get("guidance", f"/v1/guidance/{agreement_id}")
    await system.time.advance_to(at(local_day(datetime.fromisoformat(guidance["due"]))))
    await inspector.do("guidance", f"/v1/guidance/{agreement_id}/offer", {"form": "phone"})
    yield "guidance offered"
    await company.do("guidance", f"/v1/guidance/{agreement_id}/answer", {"accepted": True})
    meeting = {"form": "phone", "participants": ["manager"], "summary": f"Talt med {PLANTED}."}
    await inspector.do("guidance", f"/v1/guidance/{agreement_id}/meetings", meeting)
    yield "guidance held"
    await company.do("control", f"/v1/agreements/{agreement_id}/documentation", documentation())
    yield "documented"
    await system.time.settle()
    agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    day = next_working_day(local_day(system.time.clock.now()) + CONTROLLED_AFTER, POLICY).isoformat()
    await inspector.do("control", f"/v1/agreements/{agreement_id}/bookings", {"day": day, "announced": True})
    yield "booked"
    await system.time.advance_to(at(date.fromisoformat(day)))
    await inspector.do("control", f"/v1/agreements/{agreement_id}/controls", control(agreement, outcome))
    yield "controlled"
    if outcome == "violation":
        answer = {"answer": f"{PLANTED} er uenig."}
        await company.do("control", f"/v1/agreements/{agreement_id}/hearing-answer", answer)
        yield "heard"
        reasons = {"reasons": f"{PLANTED} gjorde intet."}
        await inspector.do("control", f"/v1/agreements/{agreement_id}/order-request", reasons)
        yield "order requested"
    await system.time.settle()


def offer(p_number: str = P_NUMBER) -> dict[str, Any]:
    """A new offer with planted names."""
    return {
        "cvr": CVR,
        "p_number": p_number,
        "topic": TOPIC,
        "inspection_id": "I-1",
        "period_months": 3,
        "observations": f"{PLANTED} løfter tungt.",
        "photos": [PHOTO],
    }


def documentation() -> dict[str, Any]:
    """A complete documentation with planted names."""
    return {
        "complete": True,
        "text": f"Skrevet af {PLANTED}.",
        "files": [PHOTO],
        "measures": [{"kind": "technical-aid", "description": f"Løfter til {PLANTED}", "ladder_level": 4}],
    }


def control(agreement: dict[str, Any], outcome: str) -> dict[str, Any]:
    """What the inspector found, with planted names."""
    return {
        "outcome": outcome,
        "judged_by": ["seen_in_use"],
        "spoke_with": ["manager"],
        "findings": f"{PLANTED} viste det.",
        "not_seen": f"Ikke set: {PLANTED}.",
        "photos": [PHOTO],
        "measures": [{"measure_id": one["measure_id"], "use": "in_use"} for one in agreement["measures"]],
    }
