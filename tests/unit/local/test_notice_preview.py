"""./aftale notice preview shows a message, and says what there is where it has none."""

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app

RUN = CliRunner()


def test_an_offer_in_english_says_first_that_it_is_no_order() -> None:
    shown = RUN.invoke(app, ["notice", "preview", "offer-waiting", "--language", "en"])
    assert shown.exit_code == 0
    subject, first = shown.output.split("\n\n")[:2]
    assert subject == "An offer to you: you can say yes or no"
    assert first.startswith("The offer is not an order")


def test_danish_is_shown_unless_another_language_is_named() -> None:
    assert "NÆSTE SKRIDT" in RUN.invoke(app, ["notice", "preview", "follow-up"]).output


def test_recipient_outcome_and_form_can_be_chosen() -> None:
    words = ["notice", "preview", "result", "--to", "safety_representative", "--outcome", "breached", "--html"]
    shown = RUN.invoke(app, words).output
    assert shown.startswith("<!DOCTYPE html>")
    assert "Bed din leder" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name an occasion: offer-waiting, "),
        (["weather"], "There is no occasion weather; there are: offer-waiting, "),
        (["result", "--language", "fr"], "There is no language fr; there are: da, en."),
        (["result", "--to", "king"], "There is no recipient king; there are: inspector, "),
        (["result", "--to", "leader"], "result: has no text for leader."),
        (["result", "--outcome", "kept"], "result: code is one of fulfilled, breached, and not 'kept'."),
        (["hearing-opened", "--outcome", "kept"], "hearing-opened: names no code."),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(words: list[str], said: str) -> None:
    assert str(RUN.invoke(app, ["notice", "preview", *words]).exception).startswith(said)
