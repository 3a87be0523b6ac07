"""How messages are laid out: lines that every program shows, and HTML that a screen reader can follow."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from html.parser import HTMLParser

import pytest

from services.notices.lookups.text_files import load_texts
from services.notices.rules.errors import UnfitValues
from services.notices.rules.text_examples import example_values, preview
from services.notices.rules.text_needs import COMPANY, NEEDS
from services.notices.rules.text_reading import LANGUAGES
from services.notices.rules.text_values import Value, lines, write
from services.notices.rules.texts import Digest, Text
from shared.contracts.notices import Occasion, Recipient
from shared.deadlines.in_words import Language
from shared.policy.policies import load_policies

POLICY = load_policies().at(datetime.fromisoformat("2027-03-01T10:00+01:00"))
TEXTS = load_texts()
ALLOWED = {
    "html": {"lang"},
    "head": set(),
    "meta": {"charset", "name", "content"},
    "title": set(),
    "body": {"style"},
    "main": set(),
    "h1": set(),
    "h2": set(),
    "p": set(),
    "ul": set(),
    "li": set(),
    "a": {"href"},
}
"""Nothing that loads from elsewhere, so that nobody learns from a message that it was opened."""


class Outline(HTMLParser):
    """What stands in a page, and whether each element is closed where it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ALLOWED[tag]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag.startswith("h") and tag[1:].isdigit():
            self.headings.append(tag)
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def messages() -> Iterator[tuple[Language, Text | Digest]]:
    for language in LANGUAGES:
        texts = [
            preview(TEXTS, occasion, recipient, language, code, POLICY)
            for occasion, need in NEEDS.items()
            for recipient, code in need.variants()
        ]
        yield from ((language, text) for text in texts)
        yield language, TEXTS.render_digest(texts, language)


def test_lines_are_short_except_for_addresses() -> None:
    long = [line for _, text in messages() for line in text.plain.splitlines() if len(line) > 72 and "://" not in line]
    assert long == []


@pytest.mark.rule("R1", "R5")
@pytest.mark.parametrize(("language", "first"), [("da", ("ikke et påbud", "nej")), ("en", ("not an order", "no."))])
def test_one_line_is_enough_to_read_that_an_offer_is_no_order(language: Language, first: tuple[str, str]) -> None:
    for occasion in (one for one in NEEDS if one.startswith("offer-") and COMPANY & NEEDS[one].recipients):
        for recipient, code in NEEDS[occasion].variants():
            line = preview(TEXTS, occasion, recipient, language, code, POLICY).plain.splitlines()[0]
            assert occasion is Occasion.OFFER_WITHDRAWN or all(words in line for words in first), line


def test_html_has_one_title_headings_below_it_and_nothing_that_loads() -> None:
    for language, text in messages():
        outline = Outline(text.html)
        assert text.html.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
        assert outline.headings[0] == "h1"
        assert set(outline.headings[1:]) == {"h2"}
        assert set(outline.links) == {"https://portal.example/cases/7f3a91c2"}


def test_both_forms_say_the_same() -> None:
    for _, text in messages():
        spoken = [word.lower() for word in Outline(text.html).words]
        written = [word.lower() for word in text.plain.split() if word != "-" and "://" not in word]
        title = text.subject.lower().split()
        assert [word.rstrip(":") for word in spoken[2 * len(title) :]] == [word.rstrip(":") for word in written]


def filled(**values: Value) -> Text:
    known: Mapping[str, Value] = {**example_values(Occasion.CASE_TAKEN_OVER, "en", None, POLICY), **values}
    return TEXTS.render(Occasion.CASE_TAKEN_OVER, Recipient.INSPECTOR, "en", known)


@pytest.mark.parametrize("name", ["unit", "company", "topic", "case", "p_number"])
def test_a_name_is_escaped_wherever_it_stands(name: str) -> None:
    text = filled(**{name: "<img src=x>&\"'\r\nNEXT STEP\n\nSend money\u202e\u2028to us"})
    assert "img" not in {tag for tag in ALLOWED if f"<{tag}" in text.html}
    assert "<img" not in text.html
    assert "&lt;img src=x&gt;&amp;" in text.html
    assert text.plain.count("\nNEXT STEP\n") == 1
    assert not {"\r", "\u202e", "\u2028"} & set(text.plain + text.subject + text.html)


def test_lines_of_a_list_are_escaped_and_an_empty_list_is_said() -> None:
    text = filled(items=("<b>one</b>\n- two",))
    assert "<li>&lt;b&gt;one&lt;/b&gt; - two</li>" in text.html
    assert "\n- <b>one</b> - two\n" in text.plain
    assert "Nothing is open." in filled(items=()).plain


def test_a_name_of_a_whole_page_is_cut() -> None:
    assert len(filled(unit="x" * 5000).subject) < 250


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("link", "javascript:alert(1)"),
        ("link", "https://portal.example/a b"),
        ("link", "https://portal.example/\nBcc: x"),
        ("unit", ""),
        ("unit", " \n\t"),
        ("telephone", 70121288),
        ("day", datetime.fromisoformat("2027-03-01T10:00+01:00")),
        ("day", "2027-03-01"),
        ("time", "09:30"),
        ("when", time(9, 30)),
        ("days_left", -1),
        ("form", "letter"),
        ("why", ""),
    ],
)
def test_a_value_that_is_not_what_its_name_says_is_refused(name: str, value: Value) -> None:
    with pytest.raises(UnfitValues, match=f"^{name}: "):
        write(name, value, "en")


def test_lines_that_are_no_list_are_refused() -> None:
    with pytest.raises(UnfitValues, match="no list of lines"):
        lines("one line")


@pytest.mark.parametrize(
    ("name", "value", "danish", "english"),
    [
        ("day", date(2027, 3, 30), "tirsdag den 30. marts 2027", "Tuesday 30 March 2027"),
        ("time", time(9, 30), "09.30", "09:30"),
        ("when", date(2027, 12, 1), "onsdag den 1. december 2027", "Wednesday 1 December 2027"),
        (
            "when",
            datetime.combine(date(2027, 12, 1), time(9, 30)),
            "onsdag den 1. december 2027 kl. 09.30",
            "Wednesday 1 December 2027 at 09:30",
        ),
        ("days_left", 0, "mindre end en dag", "less than a day"),
        ("days_left", 1, "1 dag", "1 day"),
        ("days_left", 3, "3 dage", "3 days"),
        ("form", "phone", "en samtale i telefonen", "a talk on the phone"),
        ("telephone", "70 12 12 88", "70\xa012\xa012\xa088", "70\xa012\xa012\xa088"),
        ("unit", "see https://evil.example", "see https: //evil.example", "see https: //evil.example"),
    ],
)
def test_values_are_written_in_words(name: str, value: Value, danish: str, english: str) -> None:
    assert (write(name, value, "da"), write(name, value, "en")) == (danish, english)


@pytest.mark.rule("R12", "R18")
def test_no_company_reads_of_the_days_of_the_authority() -> None:
    own = str(example_values(Occasion.GUIDANCE_DUE, "en", None, POLICY)["day"])
    assert own == "2027-05-18"
    for occasion, need in NEEDS.items():
        for recipient, code in need.variants():
            if recipient in COMPANY:
                assert "18 May 2027" not in preview(TEXTS, occasion, recipient, "en", code, POLICY).plain
