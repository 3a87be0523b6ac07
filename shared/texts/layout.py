"""Lays a message out as plain text and as HTML. What it says is escaped where HTML is written, and nowhere else."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from shared.deadlines.in_words import Language

_WIDTH: Final = 72
_STYLE: Final = "font-family: sans-serif; line-height: 1.5; max-width: 40em"


@dataclass(frozen=True)
class Heading:
    """A heading below the one of the message."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, on one line."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list, each item on one line."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A link, with the words that say where it leads."""

    words: str
    address: str


Block = Heading | Paragraph | Items | Link


def plain(blocks: Sequence[Block]) -> str:
    """Returns the message as plain text in lines of at most 72 characters; only an address can be longer."""
    return "\n\n".join("\n".join(_lines(block)) for block in blocks) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            yield from _wrapped(text.upper())
        case Paragraph(text):
            yield from _wrapped(text)
        case Items(lines):
            for line in lines:
                yield from _wrapped(line, "- ", "  ")
        case Link(words, address):
            yield from _wrapped(f"{words}:")
            yield address


def _wrapped(text: str, first: str = "", others: str = "") -> Sequence[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def html(subject: str, blocks: Sequence[Block], language: Language) -> str:
    """Returns the message as a page that a screen reader can follow: its language, headings, lists, no images."""
    page = Element("html", lang=language)
    head = SubElement(page, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "title").text = subject
    main = SubElement(SubElement(page, "body", style=_STYLE), "main")
    SubElement(main, "h1").text = subject
    for block in blocks:
        _add(main, block)
    return f"<!DOCTYPE html>\n{tostring(page, encoding='unicode', method='html')}\n"


def _add(main: Element, block: Block) -> None:
    match block:
        case Heading(text):
            SubElement(main, "h2").text = text
        case Paragraph(text):
            SubElement(main, "p").text = text
        case Items(lines):
            listed = SubElement(main, "ul")
            for line in lines:
                SubElement(listed, "li").text = line
        case Link(words, address):
            SubElement(SubElement(main, "p"), "a", href=address).text = words
