"""The meaning of every code, read once from the files next to this module."""

import csv
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from shared.contracts.vocabulary import ContactRole
from shared.reference.errors import FaultyReference

REFERENCE_FILES = Path(__file__).parent / "files"


ValidityDay = Annotated[date | None, BeforeValidator(lambda written: written or None)]
"""A day in a reference file; None if the cell is empty."""


class Term(BaseModel):
    """A code and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(min_length=1)]
    danish: Annotated[str, Field(min_length=1)]
    english: Annotated[str, Field(min_length=1)]
    made_up: bool
    """Whether the code (of an industry: the name) is ours and not published in the evaluation."""
    valid_from: ValidityDay = None
    """The first day on which the code is used; None if it always was."""
    valid_to: ValidityDay = None
    """The last day on which the code is used; None if no end is set. Facts keep codes forever, so none is removed."""

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    def is_valid_on(self, day: date) -> bool:
        """Returns whether a command of that day may use the code; facts with the code stay valid forever."""
        return (self.valid_from is None or day >= self.valid_from) and (self.valid_to is None or day <= self.valid_to)


class ProblemGroup(Term):
    """A group of working environment problems."""

    psychosocial: bool


class Topic(Term):
    """One concrete working environment problem; an agreement concerns exactly one."""

    code: Annotated[str, Field(pattern=r"^\d{3}$")]
    group: str


class Industry(Term):
    """One of the authority's 36 industry groups."""

    construction: bool


class CompanyMessage(Term):
    """R29, R34: describes a message that a company gets while its case runs, and which of its contacts get it."""

    legally_responsible: bool
    unit_manager: bool
    safety_representative: bool


TermT = TypeVar("TermT", bound=Term)


@cache
def reference_version() -> str:
    """Returns the version of all reference files together; a change of any file needs a new version."""
    return str(tomllib.loads((REFERENCE_FILES / "version.toml").read_text(encoding="utf-8"))["version"])


@cache
def problem_groups() -> Mapping[str, ProblemGroup]:
    """Returns problem groups by code, e.g. `musculoskeletal`."""
    return read_terms(REFERENCE_FILES / "problem_groups.csv", ProblemGroup)


@cache
def topics() -> Mapping[str, Topic]:
    """Returns topics by their three-digit code, e.g. `056`."""
    return read_terms(REFERENCE_FILES / "topics.csv", Topic)


@cache
def industries() -> Mapping[str, Industry]:
    """Returns industry groups by code, e.g. `day-care`."""
    return read_terms(REFERENCE_FILES / "industries.csv", Industry)


@cache
def measure_kinds() -> Mapping[str, Term]:
    """R16: returns the kinds of measures by code, e.g. `technical-aid`."""
    return read_terms(REFERENCE_FILES / "measure_kinds.csv", Term)


@cache
def size_classes() -> Mapping[str, Term]:
    """Returns sizes of companies in employees by code, e.g. `10-34`."""
    return read_terms(REFERENCE_FILES / "size_classes.csv", Term)


@cache
def sectors() -> Mapping[str, Term]:
    """Returns the sectors by code: public, private and other."""
    return read_terms(REFERENCE_FILES / "sectors.csv", Term)


@cache
def non_use_reasons() -> Mapping[str, Term]:
    """R35: returns the reasons why a measure is used little or not at all, by code."""
    return read_terms(REFERENCE_FILES / "non_use_reasons.csv", Term)


@cache
def acceptance_reasons() -> Mapping[str, Term]:
    """R36: returns the reasons why an offer was accepted, by code."""
    return read_terms(REFERENCE_FILES / "acceptance_reasons.csv", Term)


@cache
def decline_reasons() -> Mapping[str, Term]:
    """R36: returns the reasons why an offer was declined, by code."""
    return read_terms(REFERENCE_FILES / "decline_reasons.csv", Term)


@cache
def guidance_decline_reasons() -> Mapping[str, Term]:
    """R36: returns the reasons why guidance was declined, by code."""
    return read_terms(REFERENCE_FILES / "guidance_decline_reasons.csv", Term)


@cache
def termination_reasons() -> Mapping[str, Term]:
    """R36: returns the reasons why an agreement was terminated, by code."""
    return read_terms(REFERENCE_FILES / "termination_reasons.csv", Term)


@cache
def control_form_reasons() -> Mapping[str, Term]:
    """R18: returns the special situations in which a control is held by phone or virtually, by code."""
    return read_terms(REFERENCE_FILES / "control_form_reasons.csv", Term)


@cache
def control_late_reasons() -> Mapping[str, Term]:
    """R7, R17, R21: returns the reasons why a day is a late one, by code.

    The system itself gives `calendar-full`, `no-day-left` and the two by which a control decided nothing.
    """
    return read_terms(REFERENCE_FILES / "control_late_reasons.csv", Term)


@cache
def undecided_reasons() -> Mapping[str, Term]:
    """R21: returns the reasons why a control decided nothing and was turned into guidance, by code."""
    return read_terms(REFERENCE_FILES / "undecided_reasons.csv", Term)


@cache
def guidance_purposes() -> Mapping[str, Term]:
    """R12: returns the purposes that a contact may have, by code."""
    return read_terms(REFERENCE_FILES / "guidance_purposes.csv", Term)


@cache
def participants() -> Mapping[str, Term]:
    """R12, R15: returns the roles of those who take part in meetings, by code."""
    return read_terms(REFERENCE_FILES / "participants.csv", Term)


@cache
def delivery_failures() -> Mapping[str, Term]:
    """R4: returns the reasons why an offer was not delivered, by code."""
    return read_terms(REFERENCE_FILES / "delivery_failures.csv", Term)


@cache
def company_messages() -> Mapping[str, CompanyMessage]:
    """R29: returns the messages that a company gets; none is about a control that is not announced (R18)."""
    return read_terms(REFERENCE_FILES / "company_messages.csv", CompanyMessage)


CODE_LISTS: Mapping[str, Callable[[], Mapping[str, Term]]] = {
    read.__name__: read
    for read in (
        problem_groups,
        topics,
        industries,
        measure_kinds,
        size_classes,
        sectors,
        non_use_reasons,
        acceptance_reasons,
        decline_reasons,
        guidance_decline_reasons,
        termination_reasons,
        control_form_reasons,
        control_late_reasons,
        undecided_reasons,
        guidance_purposes,
        participants,
        delivery_failures,
        company_messages,
    )
}
"""The function that reads each code list, by the name of the list."""


@cache
def closed_lists() -> Mapping[str, Mapping[str, Term]]:
    """Returns the names of codes that only a release can add to, by list; in the code, each list is an enumeration."""
    found: dict[str, dict[str, Term]] = {}
    with (Path(__file__).parent / "closed_lists.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            term = Term(code=row["code"], danish=row["danish"], english=row["english"], made_up=True)
            found.setdefault(row["list"], {})[term.code] = term
    return found


def messages_to(role: ContactRole) -> tuple[CompanyMessage, ...]:
    """R34: returns the messages that a contact gets, in the order of the file."""
    return tuple(message for message in company_messages().values() if getattr(message, role.value))


def is_psychosocial(topic: str) -> bool:
    """R16, R21, R22: returns whether a topic is treated as psychosocial. Raises KeyError if it is unknown."""
    return problem_groups()[topics()[topic].group].psychosocial


def read_terms(file: Path, kind: type[TermT]) -> Mapping[str, TermT]:
    """Reads the terms of a file by code, in the order of the file. Raises FaultyReference."""
    terms: dict[str, TermT] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            term = _as_term(file, reader.line_num, row, kind)
            if term.code in terms:
                raise FaultyReference(file.name, reader.line_num, f"code {term.code} is given twice")
            terms[term.code] = term
    return MappingProxyType(terms)


def _as_term(file: Path, line: int, row: Mapping[str, str], kind: type[TermT]) -> TermT:
    try:
        return kind.model_validate(row)
    except ValidationError as error:
        fault = error.errors()[0]
        raise FaultyReference(file.name, line, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
