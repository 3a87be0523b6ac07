"""The form of a file of texts: the words of one occasion in one language, with their variants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from services.notices.rules.text_needs import COMMON, Need
from services.notices.rules.text_values import ITEMS
from shared.contracts.notices import Recipient
from shared.texts.templates import Part, placeholders, well_formed

SECTIONS: Final = ("about", "do", "until", "otherwise", "ask")
"""What a text says, in the order in which it is read."""
_FIELDS: Final = ("subject", *SECTIONS)


def _well_formed(text: str) -> str:
    return well_formed(text, (ITEMS,))


Words = Annotated[str, AfterValidator(_well_formed)]
Heading = Annotated[str, Field(max_length=70, pattern=r"^\S.*\S$"), AfterValidator(_well_formed)]


class Sections(Part):
    """Words for some or all parts of a text; None where others hold."""

    subject: Heading | None = None
    about: Words | None = None
    do: Words | None = None
    otherwise: Words | None = None
    until: Words | None = None
    ask: Words | None = None


class _ByRecipient(Sections):
    to: Mapping[Recipient, Sections] = {}
    """Words for one recipient."""


class TextFile(_ByRecipient):
    """The words of an occasion in one language."""

    version: Annotated[int, Field(ge=1)]
    code: Mapping[str, _ByRecipient] = {}
    """Words for one outcome or kind."""

    def words(self, recipient: Recipient, code: str | None) -> "Template":
        """Returns the words for a recipient and an outcome: the narrower ones hold. Raises ValueError if some lack."""
        narrower = self.code.get(code or "", _ByRecipient())
        layers = (self, self.to.get(recipient), narrower, narrower.to.get(recipient))
        chosen = {
            name: text for layer in layers if layer for name in _FIELDS if (text := getattr(layer, name)) is not None
        }
        if missing := [name for name in _FIELDS if name not in chosen]:
            raise ValueError(f"has no {', '.join(missing)} for {recipient}{f', {code}' if code else ''}")
        return Template(subject=chosen["subject"], sections={name: chosen[name] for name in SECTIONS})

    def faults(self, need: Need) -> Iterator[str]:
        """Yields what does not fit what the occasion needs."""
        yield from self._unknown_variants(need)
        named: set[str] = set()
        for recipient, code in need.variants():
            try:
                named |= self.words(recipient, code).names()
            except ValueError as missing:
                yield str(missing)
        for name in sorted(named - COMMON - need.values):
            yield f"{{{name}}} is nothing that this occasion is told"
        for name in sorted(need.values - named):
            yield f"{{{name}}} is told on this occasion, and no sentence names it"

    def _unknown_variants(self, need: Need) -> Iterator[str]:
        for code in self.code:
            if code not in need.codes:
                yield f"code.{code} is no outcome of this occasion"
        for part in (self, *self.code.values()):
            yield from (f"to.{one} is never told of it" for one in part.to if one not in need.recipients)


@dataclass(frozen=True)
class Template:
    """The words for one recipient and one outcome, with the names of values in braces."""

    subject: str
    sections: Mapping[str, str]

    def names(self) -> frozenset[str]:
        """Returns the names of the values in it."""
        return placeholders(self.subject).union(*(placeholders(text) for text in self.sections.values()))


class Frame(Part):
    """What all texts of a language have in common: headings, and what stands around them."""

    version: Annotated[int, Field(ge=1)]
    do: Heading
    otherwise: Heading
    until: Heading
    ask: Heading
    case: Heading
    about_case: Words
    """Names the case at the end of a message."""
    open_case: Heading
    """The words of the link."""
    nothing: Heading
    """Stands for a list without lines."""
    digest_subject: Heading
    digest_about: Words
    to: Mapping[Recipient, Words]
    """Says to each recipient why they get the message."""

    def faults(self) -> Iterator[str]:
        """Yields the recipients without words, and the names in braces that no text is told."""
        yield from (f"to.{recipient}: is missing" for recipient in Recipient if recipient not in self.to)
        named = frozenset[str]().union(*map(placeholders, (self.about_case, *self.to.values())))
        yield from (f"{{{name}}} is not told of every case" for name in sorted(named - COMMON))
        if placeholders(self.digest_subject) != {"number"}:
            yield "digest_subject: must name {number} and nothing else"
