"""A control is a visit; by phone or virtually only in special situations, with the reason (R18)."""

from shared.contracts.vocabulary import ContactForm
from shared.eventstore.errors import Refused
from shared.reference.reference import control_form_reasons


def refuse_faulty_form(form: ContactForm, reason: str | None) -> None:
    """R18: refuses a control by phone or virtually without a known reason, and a visit with one.

    A visit needs no reason for its form; with one it would be counted as a special situation.
    """
    known = control_form_reasons()
    if form is not ContactForm.VISIT and reason not in known:
        raise Refused("R18", "a control by {form} needs a reason: {known}", form=form, known=", ".join(known))
    if form is ContactForm.VISIT and reason is not None:
        raise Refused("R18", "a visit has no reason for its form: {given}", given=reason)
