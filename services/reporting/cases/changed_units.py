"""How a change of a unit's legal entity, or its end, changes an agreement's row (R40)."""

from services.reporting.cases.case import Case, Columns
from services.reporting.cases.fold_rules import Rules
from shared.contracts import control, offers

rules = Rules[Case, Columns]()


@rules.on
def _unit_changed(case: Case, event: offers.OfferUnitChanged | control.AgreementUnitChanged) -> Columns:
    """R40: until nothing is left to decide about the unit."""
    others = {p_number: told for p_number, told in case.changed_units.items() if p_number != event.p_number}
    if event.settled:
        return {"changed_units": others}
    changed = {"since": event.holds_from.isoformat(), "ceased": event.ceased}
    return {"changed_units": {**others, event.p_number: changed}}
