"""What messages say of a case that is open: the time and secrecy of a visit, and what its reader is told next (R18)."""

from datetime import date, time

import pytest

from services.notices.lookups.owners import Parties
from services.notices.lookups.text_files import load_texts
from services.notices.lookups.wording import Due
from services.notices.rules.case_decider import NOTICES
from services.notices.rules.phases import Followed
from shared.contracts.notices import MatterOwner, Occasion, Recipient
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.events import Event
from shared.http.matters import MatterView
from tests.unit.notices.notices_facts import CVR, INSPECTOR, PLACE, POLICY, TOPIC, UNIT, at, followed, matter

VISIT = date(2026, 7, 8)
NOW = at("2026-07-06", "08:00")
PARTIES = Parties(cvr=CVR, p_number=UNIT, unit="Nordby Bageri", topic=TOPIC, contacts=())


def told(occasion: Occasion, recipient: Recipient, code: str | None, stands: MatterView, *history: Event) -> str:
    """The message in Danish, on one line."""
    owner = MatterOwner.CONTROL
    raised = matter(occasion, recipient, NOW, about=str(PLACE), owner=owner).model_copy(update={"code": code})
    state = NOTICES.fold([followed(), *history])
    assert isinstance(state, Followed)
    due = Due(state, raised, PARTIES, stands, NOW, POLICY, INSPECTOR)
    return " ".join(due.text(load_texts(), "da").plain.split())


@pytest.mark.rule("R17", "R18")
@pytest.mark.parametrize(
    ("begins", "when"), [(time(9, 30), "8. juli 2026 kl. 09.30."), (None, "8. juli 2026. Det bliver et besøg")]
)
def test_whoever_goes_is_told_the_time_of_a_booking_that_has_one(begins: time | None, when: str) -> None:
    stands = MatterView(stands=True, version=3, day=VISIT, begins=begins, form=ContactForm.VISIT)
    text = told(Occasion.CONTROL_SOON, Recipient.VISITOR, "unannounced", stands)
    assert when in text
    assert "Virksomheden må ikke kende dagen." in text


@pytest.mark.rule("R15")
def test_a_new_inspector_reads_on_which_day_each_matter_comes() -> None:
    ahead = [
        matter(Occasion.GUIDANCE_DUE, Recipient.INSPECTOR, at("2026-07-20", "08:00")),
        matter(Occasion.GUIDANCE_COMING_DUE, Recipient.INSPECTOR, at("2026-07-10", "08:00")),
        matter(Occasion.DOCUMENTATION_DUE_SOON, Recipient.UNIT_MANAGER, at("2026-07-12", "08:00")),
    ]
    text = told(
        Occasion.CASE_TAKEN_OVER, Recipient.INSPECTOR, None, MatterView(stands=True, version=3, day=None), *ahead
    )
    first = "- fredag den 10. juli 2026: Vejledning skal snart tilbydes"
    assert f"{first} - mandag den 20. juli 2026: Vejledning skal tilbydes i dag" in text
    assert "Dokumentation" not in text
