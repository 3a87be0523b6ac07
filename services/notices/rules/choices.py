"""What people may choose not to be told of: everything that has no legal effect (R29)."""

from collections.abc import Collection, Iterable

from services.notices.rules.occasions import OCCASIONS
from shared.contracts.notices import Occasion, Recipient
from shared.eventstore.errors import Refused

AT_THE_AUTHORITY = frozenset({Recipient.INSPECTOR, Recipient.LEADER, Recipient.VISITOR})


def can_be_unwanted(recipients: Collection[Recipient]) -> list[Occasion]:
    """R29: returns what recipients are told of and may choose not to be told of, in the order of the table."""
    return [
        rule.occasion
        for rule in OCCASIONS.values()
        if not rule.has_legal_effect and not {*rule.recipients}.isdisjoint(recipients)
    ]


def refuse_unfit(unwanted: Iterable[Occasion], recipients: Collection[Recipient]) -> None:
    """R29: refuses a choice not to be told of what has legal effect, or of what these recipients are never told of."""
    for occasion in unwanted:
        rule = OCCASIONS[occasion]
        if {*rule.recipients}.isdisjoint(recipients):
            raise Refused("R29", "{occasion} is told to others only: there is nothing to choose", occasion=occasion)
        if rule.has_legal_effect:
            raise Refused(
                "R29", "{occasion} has legal effect: nobody can choose not to be told of it", occasion=occasion
            )
