"""What control does about facts of offers: an acceptance starts a course."""

from services.control.course import COURSE, StartCourse
from shared.contracts.offers import Accepted
from shared.kernel.commands import Intent
from shared.kernel.reactor import Reaction, Reactions
from shared.kernel.received import Received
from shared.service import Runtime


def reactions(runtime: Runtime) -> Reactions:
    """By the class of the fact."""

    async def accepted(received: Received) -> Reaction:
        fact = received.event
        assert isinstance(fact, Accepted)
        command = StartCourse(at=runtime.clock.now(), policy=runtime.policies.at(fact.accepted_at), fact=fact)
        return Reaction([Intent(COURSE, fact.agreement_id, command)])

    return {Accepted: accepted}
