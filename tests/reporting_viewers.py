"""Who asks, in tests of reporting."""

from dataclasses import dataclass
from typing import Literal

from tests.reporting_facts import CVR, OTHER_CVR


@dataclass(frozen=True)
class Asking:
    audience: Literal["authority", "company"]
    cvr: str | None = None


AUTHORITY = Asking("authority")
COMPANY = Asking("company", CVR)
OTHER_COMPANY = Asking("company", OTHER_CVR)
NOBODY = Asking("company")
