"""Every word that a company may not know is explained where it first stands in a message."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from services.notices.lookups.text_files import contents, load_texts
from services.notices.rules.text_examples import example_values, preview
from services.notices.rules.text_needs import COMPANY, NEEDS
from services.notices.rules.text_reading import LANGUAGES, read_texts
from shared.contracts.notices import Occasion, Recipient
from shared.deadlines.in_words import Language
from shared.policy.policies import load_policies
from shared.texts.words import WORDS_FILE, Word, explain, read_words

POLICY = load_policies().at(datetime.fromisoformat("2027-03-01T10:00+01:00"))
TEXTS = load_texts()
ORDER = Word("order", ("order", "orders"), "a demand")
Message = tuple[Occasion, Recipient, str | None, Language]


def to_companies() -> Iterator[Message]:
    for occasion, need in NEEDS.items():
        for recipient, code in need.variants():
            if recipient in COMPANY:
                yield from ((occasion, recipient, code, language) for language in LANGUAGES)


def rows(language: Language) -> Iterator[tuple[str, str, str]]:
    """Each word with the pattern of its forms and its explanation, read without the code that explains."""
    with WORDS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["language"] == language:
                yield row["word"], rf"(?<![\w-])({row['forms']})(?![\w-])", row["explanation"]


def as_read(occasion: Occasion, recipient: Recipient, code: str | None, language: Language) -> str:
    """The message in the order in which it is read, on one line, without headings, addresses and lines of lists."""
    plain = preview(TEXTS, occasion, recipient, language, code, POLICY).plain
    paragraphs = [one for one in plain.split("\n\n") if not one.isupper() and "://" not in one and one[0] != "-"]
    read = " ".join(" ".join(paragraphs).split())
    why = example_values(occasion, language, code, POLICY).get("why", "")
    return read.replace(str(why), "") if why else read


@pytest.mark.rule("R1", "R29")
@pytest.mark.parametrize("message", list(to_companies()), ids=lambda one: "-".join(str(part) for part in one if part))
def test_a_company_reads_what_a_word_means_where_it_first_stands(message: Message) -> None:
    read = as_read(*message)
    for word, forms, explanation in rows(message[3]):
        found = re.search(forms, read, re.IGNORECASE)
        if found is not None:
            assert re.match(r" \(| – ", read[found.end() :]), f"{word}: {read[found.start() : found.end() + 60]}"
            assert read.count(f"({explanation})") == 1, word


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_used(language: Language) -> None:
    told = " ".join(as_read(*message) for message in to_companies() if message[3] == language)
    unused = {word for word, forms, _ in rows(language) if not re.search(forms, told, re.IGNORECASE)}
    assert unused <= {"juridisk enhed", "P-enhed", "legal entity", "P-unit"}


def test_no_inspector_is_told_what_an_order_is() -> None:
    text = preview(TEXTS, Occasion.OFFER_TO_ASK_ABOUT, Recipient.INSPECTOR, "en", "opened", POLICY)
    assert "not an order, and" in text.plain


@pytest.mark.parametrize(
    ("told", "explained"),
    [
        (["No order.", "The order."], ["No order (a demand).", "The order."]),
        (["Reordered.", "Orders come."], ["Reordered.", "Orders (a demand) come."]),
        (["An order (of ours).", "The order."], ["An order (of ours).", "The order."]),
        (["An order – a demand."], ["An order – a demand."]),
        (["In-order."], ["In-order."]),
    ],
)
def test_a_word_is_explained_once_as_a_whole_word(told: list[str], explained: list[str]) -> None:
    assert explain(told, [ORDER]) == explained


def test_the_name_of_a_company_is_no_word_to_explain() -> None:
    values = {**example_values(Occasion.OFFER_WITHDRAWN, "en", None, POLICY), "unit": "Order and Portal Ltd"}
    text = TEXTS.render(Occasion.OFFER_WITHDRAWN, Recipient.UNIT_MANAGER, "en", values)
    assert "Order and Portal Ltd" in " ".join(text.plain.split())


@pytest.mark.parametrize(
    "content",
    [
        "language,word,forms\nda,påbud,påbud",
        "language,word,forms,explanation\nda,påbud,påbud,",
        "language,word,forms,explanation\nfr,ordre,ordre,un ordre",
    ],
)
def test_a_line_of_words_that_lacks_something_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match=r"columns|line 2"):
        read_words(content)


def test_what_is_read_first_is_explained_first() -> None:
    path = "en/offer-withdrawn.toml"
    files = contents()
    told = re.sub("^(until|otherwise) = ", r'\1 = "The quarantine is over."\n# ', files[path], flags=re.MULTILINE)
    told = re.sub(r'^# """\n.*?"""$', "", told, flags=re.MULTILINE | re.DOTALL)
    values = example_values(Occasion.OFFER_WITHDRAWN, "en", None, POLICY)
    texts = read_texts({**files, path: told})
    text = texts.render(Occasion.OFFER_WITHDRAWN, Recipient.UNIT_MANAGER, "en", values).plain
    read = [" ".join(one.split()) for one in text.split("\n\n") if "quarantine" in one]
    assert read == ["The quarantine (a time without new agreements) is over.", "The quarantine is over."]
