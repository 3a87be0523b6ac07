"""Faults in the files of texts are all found when they are read, each with its file and its field."""

import pytest

from services.notices.lookups.text_files import contents
from services.notices.rules.errors import FaultyTexts
from services.notices.rules.text_reading import read_texts

FILES = contents()


def faults(**changed: str) -> tuple[str, ...]:
    """The faults once files are changed: `en_result` stands for `en/result.toml`."""
    named = {f"{name[:2]}/{name[3:].replace('_', '-')}.toml": content for name, content in changed.items()}
    with pytest.raises(FaultyTexts) as faulty:
        read_texts({**FILES, **named})
    return faulty.value.faults


def changed(path: str, old: str, new: str) -> str:
    assert old in FILES[path], "the test changes what stands there"
    return FILES[path].replace(old, new)


def test_a_name_that_the_occasion_is_not_told_is_refused() -> None:
    text = changed("en/hearing-answered.toml", "{company}", "{company} {colour} {days_left}")
    assert faults(en_hearing_answered=text) == (
        "en/hearing-answered.toml: {colour} is nothing that this occasion is told",
        "en/hearing-answered.toml: {days_left} is nothing that this occasion is told",
    )


def test_a_value_that_no_sentence_names_is_refused() -> None:
    text = changed("en/extension-asked.toml", "{day}", "soon")
    assert faults(en_extension_asked=text) == (
        "en/extension-asked.toml: {day} is told on this occasion, and no sentence names it",
    )


def test_a_section_that_is_missing_is_named_with_for_whom() -> None:
    text = changed("en/offer-lapsed.toml", "[code.spread]\ndo = ", "[code.spread]\nuntil = ")
    assert faults(en_offer_lapsed=text) == ("en/offer-lapsed.toml: has no do for inspector, spread",)


def test_words_for_an_outcome_or_a_recipient_that_there_is_not_are_refused() -> None:
    text = FILES["en/result.toml"] + '\n[code.lost]\ndo = "Look for it."\n\n[to.leader]\ndo = "Wait."\n'
    assert faults(en_result=text) == (
        "en/result.toml: code.lost is no outcome of this occasion",
        "en/result.toml: to.leader is never told of it",
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('do = "{topic.code}"', "{topic.code} must be the name of a value and nothing else"),
        ('do = "{topic:>9}"', "{topic} must be the name of a value and nothing else"),
        ('do = "{topic!r}"', "{topic} must be the name of a value and nothing else"),
        ('do = "{topic"', "expected '}' before end of string"),
        ('do = "  "', "must say something"),
        ('otherwise = "Here: {items}"', "{items} must be a paragraph of its own"),
        (f'subject = "{"long " * 20}"', "String should have at most 70 characters"),
        ('subject = """a\nb"""', "String should match pattern"),
        ('colour = "red"', "Extra inputs are not permitted"),
    ],
)
def test_a_field_that_is_not_well_formed_is_named(line: str, fault: str) -> None:
    text = "\n".join(one for one in FILES["en/extension-asked.toml"].split("\n") if not one.startswith(line.split()[0]))
    (told,) = faults(en_extension_asked=f"{line}\n{text}")
    assert told.startswith(f"en/extension-asked.toml: {line.split()[0]}: ")
    assert fault in told


def test_faults_of_the_frame_are_named() -> None:
    text = changed("da/frame.toml", "visitor = ", "visitors = ")
    assert all(fault.startswith("da/frame.toml: to.visitors") for fault in faults(da_frame=text))
    text = "\n".join(line for line in FILES["da/frame.toml"].split("\n") if not line.startswith("visitor = "))
    assert faults(da_frame=text) == ("da/frame.toml: to.visitor: is missing",)
    text = changed("da/frame.toml", "{number}", "{count}")
    assert faults(da_frame=text) == ("da/frame.toml: digest_subject: must name {number} and nothing else",)
    text = changed("da/frame.toml", "{case}", "{day}")
    assert faults(da_frame=text) == ("da/frame.toml: {day} is not told of every case",)


def test_all_files_are_looked_through_before_the_first_fault_is_told() -> None:
    named = [fault.partition(":")[0] for fault in faults(da_result="version = 0", en_follow_up="subject = 1")]
    assert sorted(set(named)) == ["da/result.toml", "en/follow-up.toml"]


def test_a_text_has_another_version_if_any_of_its_words_is_another() -> None:
    before = read_texts(FILES).versions
    words = read_texts({**FILES, "en/result.toml": changed("en/result.toml", "Thank", "Praise")}).versions
    assert {name for name, version in before.items() if words[name] != version} == {("en", "result")}
    frame = read_texts({**FILES, "en/frame.toml": changed("en/frame.toml", "Next step", "What to do")}).versions
    assert {name for name, version in before.items() if frame[name] != version} == {
        one for one in before if "en" in one
    }
    assert before["en", None].startswith("1-")
