"""What it means for a service to discard a fact permanently, in words for the operator who decides it."""

from collections.abc import Mapping

from shared.contracts import control, guidance, offers, orders, people, register
from shared.eventstore.events import Event

_MEANINGS: Mapping[type[Event], str] = {
    offers.OfferSent: "the offer is not known: nobody follows it, and it stands in no list",
    offers.OfferDelivered: "the time to answer is not known to run",
    offers.ResponseDeadlineRecounted: "the earlier day to answer seems to hold",
    offers.Accepted: "the agreement has no deadline, no control, no guidance and no timers, for ever",
    offers.Declined: "no task follows the no, and no inspection resumes the investigation",
    offers.Lapsed: "no task follows the offer that was not answered, and no inspection resumes the investigation",
    offers.Withdrawn: "the offer seems to be open still",
    offers.AcceptanceConflictFlagged: "nobody sees that the agreement was accepted in spite of a breach",
    offers.AcceptanceAnnulled: "the agreement goes on, with its deadline and its control, although it was annulled",
    offers.AgreementEndNoted: "the unit and the topic seem to be taken still",
    offers.OfferUnitChanged: "the unit seems to be the company's still that was asked, and its inspector has no task",
    offers.UnitChangeNoted: "the change of the unit is no fact of the agreement, and a control books itself there",
    offers.QuarantineImposed: "the quarantine is not seen: the unit, or every unit of the legal entity, seems free",
    offers.QuarantineEnded: "the quarantine seems to stand for longer than it did",
    control.ComplianceDeadlineSet: "the agreement has no compliance deadline, and no guidance falls due",
    control.ExtensionGranted: "the earlier deadline seems to hold, and every date that hangs on it is too early",
    control.ComplianceDeadlineRecounted: "the deadline of the wrong calendar seems to hold, with all that hangs on it",
    control.InspectorChanged: "tasks stay with the inspector who is no longer responsible",
    control.Terminated: "the agreement seems to go on, and keeps its topic at the unit",
    control.DecisionRevoked: "what rested on the mistake stands: a quarantine is not lifted, an end stays",
    control.Fulfilled: "the agreement seems to go on, and keeps its topic at the unit; no follow-up falls due",
    control.Breached: "no quarantine is imposed, offers within its reach can be accepted, the agreement goes on",
    control.ControlTurnedIntoGuidance: "the meeting that the control became is not recorded as guidance",
    control.OrderRequested: "the order is not known to have been asked for",
    guidance.GuidanceHeld: "the meeting is not known, and no control can be made of it",
    orders.OrderIssued: "the order is not known: the request for it is reminded and becomes overdue",
    orders.OrderRevoked: "the order seems to stand still",
    orders.OrderAppealed: "the order seems to be in force although an appeal suspends it",
    register.UnitRegistered: "the unit keeps the legal entity and industry that were known before, or is unknown",
    register.UnitCeased: "the unit seems to exist still: offers can be made there, and those that are open lapse",
}
_KNOWN: Mapping[str, type[Event]] = {
    fact.__name__: fact for source in (offers, guidance, control, people, orders, register) for fact in source.FACTS
}


def meaning_of_loss(type_name: str) -> str:
    """Returns a text that says what will be missing once a fact of this type is discarded."""
    fact = _KNOWN.get(type_name)
    if fact is None:
        return "nobody here knows what follows from it: ask its source before it is passed over"
    if fact in _MEANINGS:
        return _MEANINGS[fact]
    told = (fact.__doc__ or "").strip().splitlines()[0].rpartition(": ")[2].rstrip(".")
    return f"it is not known that {told[0].lower()}{told[1:]}" if told else "what follows from it does not happen"
