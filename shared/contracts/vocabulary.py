"""Words that several facts share: coded values of the process, and nothing else."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.kernel.events import PrivatePart

PrivateText = Annotated[str | None, PrivatePart()]
"""Free text about the case: encrypted at rest, never published, None where it cannot be read."""


class AgreementKind(StrEnum):
    """R2: on suspicion, or a found violation solved in several places."""

    SUSPICION = "suspicion"
    SPREAD = "spread"


class ContactForm(StrEnum):
    """How the authority met the company (R12, R18)."""

    VISIT = "visit"
    PHONE = "phone"
    VIRTUAL = "virtual"


class Participation(StrEnum):
    """R33: how far one side of the safety organisation was involved."""

    NOT = "not"
    INFORMED = "informed"
    CONSULTED = "consulted"
    TOOK_PART = "took_part"


class MeasureUse(StrEnum):
    """R35: whether a measure was seen or told to be in use."""

    IN_USE = "in_use"
    LIMITED = "limited"
    NOT_IN_USE = "not_in_use"
    UNKNOWN = "unknown"


class ControlOutcome(StrEnum):
    """R20: what the control found on the topic of the agreement."""

    NO_VIOLATION = "no_violation"
    VIOLATION = "violation"


class JudgedBy(StrEnum):
    """R20: what the judgement rests on."""

    SEEN_IN_USE = "seen_in_use"
    SHOWN = "shown"
    ON_PAPER = "on_paper"
    TOLD = "told"


class SpokeWith(StrEnum):
    """R20: with whom the control was held."""

    MANAGER = "manager"
    SAFETY_REPRESENTATIVE = "safety_representative"
    EMPLOYEES = "employees"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Involvement(_Value):
    """R33: asked at guidance and at control; None where it was not answered."""

    safety_representative: Participation | None = None
    safety_organisation: Participation | None = None
    employees: Participation | None = None


class Measure(_Value):
    """R16: what the company did, coded; its description is private and travels beside it."""

    measure_id: UUID
    kind: str
    """Code from shared/reference, e.g. `technical-aid`."""
    ladder_level: Annotated[int, Field(ge=1, le=5)]
    psychosocial_level: Annotated[int, Field(ge=1, le=5)] | None = None


class MeasureObservation(_Value):
    """R20, R35: what control or follow-up saw of one measure."""

    measure_id: UUID
    use: MeasureUse
    verified: bool | None = None
    non_use_reason: str | None = None
    """Code from shared/reference where the use is limited or none."""


class FileReference(_Value):
    """A file that lies in the attachment storage; held as a private part."""

    name: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: str
    size_bytes: Annotated[int, Field(ge=0)]
