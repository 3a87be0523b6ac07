"""When which kind of agreement may be offered: what the inspection has shown, and what it would lead to (R2)."""

from shared.contracts.vocabulary import AgreementKind, Grounds, ReactionDue, Violation
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused

ON_SUSPICION = Grounds(
    violation=Violation.SUSPECTED, concrete=True, material=True, reaction_due=ReactionDue.ORDER_WITH_DEADLINE
)
"""The grounds of an offer on suspicion if the inspector gives none."""


def refuse_wrong_grounds(kind: AgreementKind, grounds: Grounds | None) -> Grounds:
    """R2: returns the grounds; refuses them unless the violation is concrete and material.

    For `suspicion` it is suspected; for `spread` it is found, and its solution can be carried over.
    """
    match kind:
        case AgreementKind.SUSPICION:
            grounds = grounds or ON_SUSPICION
            with every_fault() as check:
                check(_refuse_vague, grounds)
                with check:
                    if grounds.violation is Violation.FOUND:
                        raise Refused(
                            "R2", "a violation that is found leads to an order with deadline, or to a spread offer"
                        )
            return grounds
        case AgreementKind.SPREAD:
            if grounds is None:
                raise Refused("R2", "a spread agreement needs its grounds")
            with every_fault() as check:
                check(_refuse_vague, grounds)
                check(refuse_what_does_not_spread, grounds)
            return grounds


def refuse_what_does_not_spread(grounds: Grounds) -> None:
    """R2: refuses grounds of a spread offer that could not be carried over to other places.

    The violation must be found and due an order with deadline, its work process must exist elsewhere, and its solution
    must be such that it can be carried over.
    """
    with every_fault() as check:
        with check:
            if grounds.violation is not Violation.FOUND:
                raise Refused("R2", "a spread agreement is offered only where a violation is found")
        with check:
            if grounds.reaction_due is not ReactionDue.ORDER_WITH_DEADLINE:
                reaction = grounds.reaction_due.value
                raise Refused("R2", "a spread agreement is never offered where {reaction} is due", reaction=reaction)
        with check:
            if not grounds.exists_elsewhere:
                raise Refused("R2", "the work process must exist in at least one other unit or department")
        with check:
            if not grounds.can_be_carried_over:
                raise Refused("R2", "the solution must be of realistic extent and such that it can be carried over")


def _refuse_vague(grounds: Grounds) -> None:
    if not (grounds.concrete and grounds.material):
        raise Refused("R2", "the violation must be concrete and material")
