"""Agreements and orders on services in memory, as far as the tests of conflicts need them (R41)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts import orders
from shared.contracts.orders import OrderIssued, OrderKind
from shared.eventstore.events import Event
from shared.messaging.cloudevents import Message
from shared.policy.policies import Policies, load_policies
from tests.model.memory_world import MemoryWorld

CVR, UNIT, OTHER_UNIT, TOPIC = "13748136", "1003388394", "1003388395", "056"
OTHER_CVR, FOREIGN_UNIT = "24256790", "1003388400"
BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)


class ConflictingCases:
    """A world in which agreements are made and orders are issued in any order."""

    def __init__(self, open_per_topic: int = 1) -> None:
        """With so many open agreements per topic and unit as a policy may allow (R8)."""
        owners = {UNIT: CVR, OTHER_UNIT: CVR, FOREIGN_UNIT: OTHER_CVR}
        units = {
            unit: {"p_number": unit, "cvr": cvr, "industry": "day-care", "name": "Unit"} for unit, cvr in owners.items()
        }
        self.world = MemoryWorld(BEGINS, units, seed=7, policies=_policies(open_per_topic))
        self._versions: dict[UUID, int] = {}
        self._keys = self._all_keys()

    def offered(self, topic: str = TOPIC, unit: str = UNIT, *, spread: bool = False, cvr: str = CVR) -> str:
        """An offer that was delivered."""
        grounds = {
            "violation": "found" if spread else "suspected",
            "concrete": True,
            "material": True,
            "reaction_due": "order_with_deadline",
            "exists_elsewhere": True,
            "can_be_carried_over": True,
        }
        body = {
            "kind": "spread" if spread else "suspicion",
            "cvr": cvr,
            "p_number": unit,
            "topic": topic,
            "inspection_id": "I-1",
            "period_months": 3,
            "observations": "Der løftes tungt.",
            "grounds": grounds,
        }
        agreement: str = self.done("offers", "/v1/offers", "inspector anna", body)["id"]
        delivered = {"delivered": True, "available_at": self.world.now.isoformat()}
        self.done("offers", f"/v1/offers/{agreement}/delivery", "portal advi", delivered)
        return agreement

    def accept(self, agreement: str, *others: str, cvr: str = CVR, settle: bool = True) -> str:
        """The company says yes, and names further units."""
        body = {"has_read": True, "includes": [{"p_number": unit} for unit in others]}
        self.done("offers", f"/v1/offers/{agreement}/acceptance", f"company karen {cvr}", body, settle=settle)
        return agreement

    def agreed(self, topic: str = TOPIC) -> str:
        """An agreement that runs at the one unit."""
        return self.accept(self.offered(topic))

    def controlled(self, agreement: str, outcome: str, *, concludes: bool = False, settle: bool = True) -> str:
        """The id of a control that decided."""
        body = {
            "outcome": outcome,
            "concludes": concludes,
            "judged_by": ["seen_in_use"],
            "spoke_with": ["manager"],
        }
        self.done("control", f"/v1/agreements/{agreement}/documentation", f"company karen {CVR}", {"complete": True})
        path = f"/v1/agreements/{agreement}/controls"
        (answer,) = [
            fact["data"]["control_id"]
            for fact in self.done("control", path, "inspector anna", body, settle=settle)["recorded"]
            if fact["type"] == "ControlCompleted"
        ]
        return str(answer)

    def corrected(self, agreement: str, control_id: str, outcome: str) -> None:
        """R30: the control found something else."""
        body = {
            "outcome": outcome,
            "form": "visit",
            "judged_by": ["seen_in_use"],
            "spoke_with": ["manager"],
            "reason": "Forkert noteret",
        }
        self.done("control", f"/v1/agreements/{agreement}/controls/{control_id}/correction", "inspector anna", body)

    def issue(
        self, topic: str | None = TOPIC, unit: str = UNIT, cvr: str = CVR, *, settle: bool = True, **more: Any
    ) -> UUID:
        """An order of the order system."""
        order = OrderIssued(
            case_id=uuid4(),
            order_kind=OrderKind.WITH_DEADLINE,
            cvr=cvr,
            p_number=unit,
            topic=topic,
            issued_on=date(2026, 3, 2),
            **more,
        )
        self.tell(order.case_id, order, settle=settle)
        return order.case_id

    def tell(self, case: UUID, fact: Event, *, settle: bool = True) -> None:
        """As the order system publishes it."""
        self._versions[case] = self._versions.get(case, 0) + 1
        self.world.publish(
            Message(
                source=orders.SOURCE,
                stream=case,
                epoch=1,
                version=self._versions[case],
                event_id=uuid4(),
                type=type(fact).__name__,
                schema_version=fact.schema_version,
                occurred_at=self.world.now,
                recorded_at=self.world.now,
                body=fact.public_json(),
                actor=orders.SOURCE,
            )
        )
        if settle:
            self.world.settle()

    def done(self, service: str, path: str, who: str, body: Any, *, settle: bool = True) -> Any:
        """What a command that succeeds answers; a little later everybody has heard of it."""
        status, answer = self.world.request(service, "POST", path, who, body, key=next(self._keys))
        assert status in (200, 201), answer
        if settle:
            self.world.advance_to(self.world.now + timedelta(minutes=1))
        return answer

    def tasks(self, case: str) -> set[str]:
        """What an inspector has to do about a case."""
        _, answer = self.world.request("reporting", "GET", f"/v1/tasks?case_id={case}", "inspector anna")
        return {str(task["kind"]) for task in answer["tasks"]}

    def facts(self, case: str, service: str = "control") -> list[dict[str, Any]]:
        """The conflicts that were recorded on a case, each with its type."""
        loaded = self.world.recorded(service, UUID(case))
        return [
            {"type": type(event).__name__, **event.model_dump()}
            for event in loaded
            if "Conflict" in type(event).__name__
        ]

    def links(self, case: str, audience: str = "authority") -> set[tuple[str, str, bool]]:
        """The conflicts of a case in the view: with which other case, of which kind, and whether it stands."""
        rows = [link for of_case in self.world.rows().links.values() for link in of_case.values()]
        told = [(one.case_id, one.other_case_id, one.kind, one.ended_at) for one in rows if one.audience == audience]
        both = [*told, *((other, own, kind, ended) for own, other, kind, ended in told)]
        return {(str(other), kind.value, ended is None) for own, other, kind, ended in both if own == UUID(case)}

    @staticmethod
    def _all_keys() -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield f"key {number}"


def _policies(open_per_topic: int) -> Policies:
    return Policies(
        tuple(
            policy.model_copy(
                update={"offer": policy.offer.model_copy(update={"open_per_topic_and_unit": open_per_topic})}
            )
            for policy in load_policies().by_effective_date
        )
    )
