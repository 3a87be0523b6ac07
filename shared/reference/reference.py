"""What every code means, read once from the files beside this module."""

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
"""A day of a file; None where the file says nothing."""


class Term(BaseModel):
    """A code and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(min_length=1)]
    danish: Annotated[str, Field(min_length=1)]
    english: Annotated[str, Field(min_length=1)]
    made_up: bool
    """Whether the code (of an industry: the name) is ours and not published in the evaluation."""
    valid_from: ValidityDay = None
    """The first day on which the code is used; None where it always was."""
    valid_to: ValidityDay = None
    """The last day; None where no end is set. A code is never taken out, since facts keep it for ever."""

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    def is_valid_on(self, day: date) -> bool:
        """Whether the code may be given on a day; read it can be for ever."""
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
    """R29, R34: what a company is told of while its case runs, and which of its contacts it concerns."""

    legally_responsible: bool
    unit_manager: bool
    safety_representative: bool


TermT = TypeVar("TermT", bound=Term)


@cache
def reference_version() -> str:
    """Version of the reference files as a whole: a change of any file is a new one."""
    return str(tomllib.loads((REFERENCE_FILES / "version.toml").read_text(encoding="utf-8"))["version"])


@cache
def problem_groups() -> Mapping[str, ProblemGroup]:
    """Problem groups by code, e.g. `musculoskeletal`."""
    return read_terms(REFERENCE_FILES / "problem_groups.csv", ProblemGroup)


@cache
def topics() -> Mapping[str, Topic]:
    """Topics by their three-digit code, e.g. `056`."""
    return read_terms(REFERENCE_FILES / "topics.csv", Topic)


@cache
def industries() -> Mapping[str, Industry]:
    """Industry groups by code, e.g. `day-care`."""
    return read_terms(REFERENCE_FILES / "industries.csv", Industry)


@cache
def measure_kinds() -> Mapping[str, Term]:
    """R16: kinds of measures by code, e.g. `technical-aid`."""
    return read_terms(REFERENCE_FILES / "measure_kinds.csv", Term)


@cache
def size_classes() -> Mapping[str, Term]:
    """Sizes of companies in employees by code, e.g. `10-34`."""
    return read_terms(REFERENCE_FILES / "size_classes.csv", Term)


@cache
def sectors() -> Mapping[str, Term]:
    """Public, private and other."""
    return read_terms(REFERENCE_FILES / "sectors.csv", Term)


@cache
def non_use_reasons() -> Mapping[str, Term]:
    """R35: why a measure is used little or not at all."""
    return read_terms(REFERENCE_FILES / "non_use_reasons.csv", Term)


@cache
def acceptance_reasons() -> Mapping[str, Term]:
    """R36: why an offer was accepted."""
    return read_terms(REFERENCE_FILES / "acceptance_reasons.csv", Term)


@cache
def decline_reasons() -> Mapping[str, Term]:
    """R36: why an offer was declined."""
    return read_terms(REFERENCE_FILES / "decline_reasons.csv", Term)


@cache
def guidance_decline_reasons() -> Mapping[str, Term]:
    """R36: why guidance was declined."""
    return read_terms(REFERENCE_FILES / "guidance_decline_reasons.csv", Term)


@cache
def termination_reasons() -> Mapping[str, Term]:
    """R36: why an agreement was terminated."""
    return read_terms(REFERENCE_FILES / "termination_reasons.csv", Term)


@cache
def control_form_reasons() -> Mapping[str, Term]:
    """R18: the special situations in which a control is held by phone or virtually."""
    return read_terms(REFERENCE_FILES / "control_form_reasons.csv", Term)


@cache
def control_late_reasons() -> Mapping[str, Term]:
    """R7, R17, R21: why a day is a late one.

    The system itself gives `calendar-full`, `no-day-left` and the two by which a control decided nothing.
    """
    return read_terms(REFERENCE_FILES / "control_late_reasons.csv", Term)


@cache
def undecided_reasons() -> Mapping[str, Term]:
    """R21: why a control could not decide and was turned into guidance."""
    return read_terms(REFERENCE_FILES / "undecided_reasons.csv", Term)


@cache
def guidance_purposes() -> Mapping[str, Term]:
    """R12: what a contact was for."""
    return read_terms(REFERENCE_FILES / "guidance_purposes.csv", Term)


@cache
def participants() -> Mapping[str, Term]:
    """R12, R15: who took part in a meeting, by role."""
    return read_terms(REFERENCE_FILES / "participants.csv", Term)


@cache
def delivery_failures() -> Mapping[str, Term]:
    """R4: why an offer did not arrive."""
    return read_terms(REFERENCE_FILES / "delivery_failures.csv", Term)


@cache
def company_messages() -> Mapping[str, CompanyMessage]:
    """R29: what a company is told of; never a control that is not announced (R18)."""
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
"""Every list by its name, read when it is first asked for."""


@cache
def closed_lists() -> Mapping[str, Mapping[str, Term]]:
    """The names of codes that only a release can add to, by list; each list is an enumeration of the code itself."""
    found: dict[str, dict[str, Term]] = {}
    with (Path(__file__).parent / "closed_lists.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            term = Term(code=row["code"], danish=row["danish"], english=row["english"], made_up=True)
            found.setdefault(row["list"], {})[term.code] = term
    return found


def messages_to(role: ContactRole) -> tuple[CompanyMessage, ...]:
    """R34: what concerns a contact, in the order of the file."""
    return tuple(message for message in company_messages().values() if getattr(message, role.value))


def is_psychosocial(topic: str) -> bool:
    """R16, R21, R22: whether a topic is treated as psychosocial. KeyError where it is not known."""
    return problem_groups()[topics()[topic].group].psychosocial


def read_terms(file: Path, kind: type[TermT]) -> Mapping[str, TermT]:
    """The terms of a file by code, in the order of the file. Raises FaultyReference."""
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
