"""What guidance does about facts of control: schedule, take over a turned control, close."""

from collections.abc import Callable
from typing import Any

from services.guidance import guidance
from services.guidance.guidance import GUIDANCE
from shared.contracts.control import Breached, ComplianceDeadlineSet, ControlTurnedIntoGuidance, Fulfilled
from shared.kernel.commands import Intent
from shared.kernel.reactor import React, Reaction, Reactions
from shared.kernel.received import Received
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """By the class of the fact."""

    def reacting(command: Callable[[Any], guidance.Command]) -> React:
        async def react(received: Received) -> Reaction:
            fact: Any = received.event
            return Reaction([Intent(GUIDANCE, fact.agreement_id, command(fact))])

        return react

    def schedule(fact: ComplianceDeadlineSet) -> guidance.Command:
        policy = runtime.policies.at(fact.accepted_at)
        return guidance.ScheduleGuidance(at=runtime.clock.now(), policy=policy, fact=fact)

    def take_over(fact: ControlTurnedIntoGuidance) -> guidance.Command:
        return guidance.NoteTurnedControl(at=runtime.clock.now(), fact=fact)

    def close(fact: Fulfilled | Breached) -> guidance.Command:
        return guidance.CloseGuidance(at=runtime.clock.now())

    return {
        ComplianceDeadlineSet: reacting(schedule),
        ControlTurnedIntoGuidance: reacting(take_over),
        Fulfilled: reacting(close),
        Breached: reacting(close),
    }
