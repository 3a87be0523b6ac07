"""What a kept release says of itself: which release it is, where its clock stands, and which case stands where."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeptCase(_Kept):
    """A case that was brought into a standing, and who acts in it."""

    standing: str
    subject: str
    """Name of the decider."""
    phase: str
    """Name of its class, as the release had it."""
    agreement_id: UUID
    stream: UUID
    """The one that stands there: the agreement's, or a register of quarantines."""
    cvr: str
    units: tuple[str, ...]
    inspector: str
    """Name to which a token is issued."""


class KeptText(_Kept):
    """A private text, and where its owner shows it to the inspector of the case."""

    inspector: str
    service: str
    path: str
    text: str


class KeptAttachment(_Kept):
    """A file whose bytes were put, and where its owner shows them to the inspector of the case."""

    inspector: str
    service: str
    path: str
    sha256: str


class KeptMessage(_Kept):
    """A message that was parked, and by whom."""

    consumer: str
    source: str
    stream: UUID
    version: int
    reason: str


class KeptCommand(_Kept):
    """A command that was given with a known key, and its answer: a repetition gets the same."""

    inspector: str
    service: str
    path: str
    key: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]


class Manifest(_Kept):
    """Beside each kept dump, as manifest.json."""

    release: str
    """Commit of the release that stored the data."""
    made_on: date
    clock: datetime
    """Where the virtual clock stands."""
    roles: tuple[str, ...]
    """Those that own or read something in the dump, to be made before it is restored."""
    streams_by_phase: Mapping[str, Mapping[str, int]]
    """Per decider and phase, as the release named them; every phase that it had has at least one stream."""
    timers: Mapping[str, int]
    """How many are armed, by kind: `<subject>:<timer>` without the id that some of them end with."""
    cases: tuple[KeptCase, ...]
    texts: tuple[KeptText, ...]
    attachments: tuple[KeptAttachment, ...]
    parked: tuple[KeptMessage, ...]
    command: KeptCommand
    open_inspection: UUID
    """A case of another system that is not closed yet."""
