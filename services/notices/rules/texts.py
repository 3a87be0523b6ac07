"""Writes the messages: the words of an occasion for one recipient, in one language, with the values of a case (R29)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.notices.rules.errors import UnfitValues
from services.notices.rules.text_file import SECTIONS, Frame, TextFile
from services.notices.rules.text_needs import COMMON, COMPANY, NEEDS, URGENCIES, Urgency
from services.notices.rules.text_values import ITEMS, Value, lines, write
from shared.contracts.notices import Occasion, Recipient
from shared.deadlines.in_words import Language
from shared.texts.layout import Block, Heading, Items, Link, Paragraph, html, plain
from shared.texts.templates import paragraphs
from shared.texts.words import Word, explain

CODE: Final = "code"
"""The value that chooses words and stands in no sentence: the outcome or the kind."""


@dataclass(frozen=True)
class Matter:
    """What a digest takes from a message."""

    what: tuple[Block, ...]
    """What it is about, and what to do."""
    link: Link
    urgency: Urgency
    day: date | None


@dataclass(frozen=True)
class Text:
    """A message that can be sent."""

    subject: str
    plain: str
    html: str
    version: str
    """The number in the file, and the beginning of a hash of all words, which differs if any of them does."""
    matter: Matter


@dataclass(frozen=True)
class Digest:
    """Many messages in one."""

    subject: str
    plain: str
    html: str
    version: str


@dataclass(frozen=True)
class Texts:
    """All texts, checked."""

    files: Mapping[tuple[Language, Occasion], TextFile]
    frames: Mapping[Language, Frame]
    words: Mapping[Language, Sequence[Word]]
    versions: Mapping[tuple[Language, Occasion | None], str]
    """The version of each text, and of the digests of a language."""

    def render(self, occasion: Occasion, recipient: Recipient, language: Language, values: Mapping[str, Value]) -> Text:
        """R29: returns the message about an occasion. Raises UnfitValues unless the values are those that it needs."""
        code = _fitting_code(occasion, recipient, values)
        template, frame = self.files[language, occasion].words(recipient, code), self.frames[language]
        explained = self.words[language] if recipient in COMPANY else ()
        filled = _Filled(values, language, frame.nothing)
        told = explain((*template.sections.values(), frame.about_case, frame.to[recipient]), explained)
        parts = dict(zip((*SECTIONS, "case", "to"), (tuple(filled.blocks(text)) for text in told), strict=True))
        subject, link = filled.line(template.subject), Link(frame.open_case, filled.line("{link}"))
        blocks = _laid_out(parts, link, frame)
        day = values.get("day")
        matter = Matter(
            what=(*parts["about"], *parts["do"]),
            link=link,
            urgency=NEEDS[occasion].urgency,
            day=day if isinstance(day, date) else None,
        )
        version = self.versions[language, occasion]
        return Text(subject, plain(blocks), html(subject, blocks, language), version, matter)

    def render_digest(self, texts: Sequence[Text], language: Language) -> Digest:
        """R29: returns one message for many matters, the most urgent first. Raises UnfitValues if there are none."""
        if not texts:
            raise UnfitValues("a digest needs at least one message")
        frame = self.frames[language]
        subject = frame.digest_subject.format(number=len(texts))
        blocks: list[Block] = [Paragraph(frame.digest_about)]
        for number, text in enumerate(sorted(texts, key=_most_urgent_first), start=1):
            blocks += [Heading(f"{number}. {text.subject}"), *text.matter.what, text.matter.link]
        return Digest(subject, plain(blocks), html(subject, blocks, language), self.versions[language, None])


def _laid_out(parts: Mapping[str, Sequence[Block]], link: Link, frame: Frame) -> Sequence[Block]:
    return (
        *parts["about"],
        *(Heading(frame.do), *parts["do"], link),
        *(Heading(frame.until), *parts["until"]),
        *(Heading(frame.otherwise), *parts["otherwise"]),
        *(Heading(frame.ask), *parts["ask"]),
        *(Heading(frame.case), *parts["case"], *parts["to"]),
    )


def _most_urgent_first(text: Text) -> tuple[int, date]:
    return URGENCIES.index(text.matter.urgency), text.matter.day or date.max


def _fitting_code(occasion: Occasion, recipient: Recipient, values: Mapping[str, Value]) -> str | None:
    """Returns the outcome by which words are chosen. Raises UnfitValues for what the occasion is not written for."""
    need = NEEDS[occasion]
    if recipient not in need.recipients:
        raise UnfitValues(f"{occasion}: has no text for {recipient}")
    wanted = COMMON | need.values | ({CODE} if need.codes else frozenset())
    if missing := sorted(wanted - values.keys()):
        raise UnfitValues(f"{occasion}: needs {', '.join(missing)}")
    if unneeded := sorted(values.keys() - wanted):
        raise UnfitValues(f"{occasion}: names no {', '.join(unneeded)}")
    code = values.get(CODE)
    if need.codes and code not in need.codes:
        raise UnfitValues(f"{occasion}: {CODE} is one of {', '.join(need.codes)}, and not {code!r}")
    return str(code) if need.codes else None


@dataclass(frozen=True)
class _Filled:
    """Puts the values of a case into words."""

    values: Mapping[str, Value]
    language: Language
    nothing: str

    def line(self, text: str) -> str:
        """Returns a text with its values."""
        return text.format_map(_Written(self.values, self.language))

    def blocks(self, section: str) -> Iterator[Block]:
        """Yields the paragraphs and the list of a section."""
        for one in paragraphs(section):
            if one != f"{{{ITEMS}}}":
                yield Paragraph(self.line(one))
                continue
            listed = lines(self.values[ITEMS])
            yield Items(listed) if listed else Paragraph(self.nothing)


class _Written(dict[str, str]):
    """Writes a value when a text names it."""

    def __init__(self, values: Mapping[str, Value], language: Language) -> None:
        super().__init__()
        self._values, self._language = values, language

    def __missing__(self, name: str) -> str:
        return write(name, self._values[name], self._language)
