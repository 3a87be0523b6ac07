"""Loading the dated policy files, and finding the policy that holds at an instant."""

import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.deadlines.copenhagen import local_day
from shared.policy.errors import PolicyError
from shared.policy.policy import Policy

POLICY_FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Policies:
    """All policies, the earliest first."""

    by_effective_date: tuple[Policy, ...]

    def at(self, instant: datetime) -> Policy:
        """Returns the policy in force on the instant's day in Copenhagen. Raises PolicyError before the first one."""
        day = local_day(instant)
        later = bisect_right(self.by_effective_date, day, key=lambda policy: policy.effective_from)
        if later == 0:
            first = self.by_effective_date[0]
            raise PolicyError(
                first.version, "effective_from", f"the first policy holds from {first.effective_from}, not on {day}"
            )
        return self.by_effective_date[later - 1]

    def has(self, instant: datetime) -> bool:
        """Returns whether a policy was in force on the instant's day in Copenhagen; False before the first one."""
        return local_day(instant) >= self.by_effective_date[0].effective_from

    def reach_changes_after(self, policy: Policy) -> date | None:
        """R22: returns the day from which a later policy changes whom quarantines reach, or None."""
        for later in self.by_effective_date:
            if (
                later.effective_from > policy.effective_from
                and later.breach.quarantine_reach != policy.breach.quarantine_reach
            ):
                return later.effective_from
        return None

    def version(self, version: str) -> Policy:
        """Returns the policy with this version, as facts and deadlines name it. Raises PolicyError if there is none."""
        for policy in self.by_effective_date:
            if policy.version == version:
                return policy
        raise PolicyError(version, "version", "there is no policy of this name")


def load_policies(folder: Path = POLICY_FILES) -> Policies:
    """Reads and checks every policy file of a folder. Raises PolicyError for the first file with faults, naming all."""
    policies = sorted((_load(file) for file in sorted(folder.glob("*.toml"))), key=lambda policy: policy.effective_from)
    if not policies:
        raise PolicyError(folder.name, "effective_from", "the folder holds no policy file, so no policy ever begins")
    _refuse_two_on_a_day(policies)
    return Policies(tuple(policies))


def _load(file: Path) -> Policy:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(file.name, "(the whole file)", f"is not TOML: {error}") from error
    if "version" in content:
        raise PolicyError(file.name, "version", "is the name of the file and must not be given in it")
    policy = _validated(file, content)
    if not file.stem.startswith(policy.effective_from.isoformat()):
        raise PolicyError(
            file.name, "effective_from", f"says {policy.effective_from}, and the file's name does not begin so"
        )
    return policy


def _validated(file: Path, content: dict[str, Any]) -> Policy:
    try:
        return Policy.model_validate({**content, "version": file.stem})
    except ValidationError as error:
        faults = [(".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()]
        key, why = faults[0]
        others = "".join(f"; {key}: {why}" for key, why in faults[1:])
        raise PolicyError(file.name, key, why + others) from error


def _refuse_two_on_a_day(policies: Sequence[Policy]) -> None:
    for earlier, later in pairwise(policies):
        if earlier.effective_from == later.effective_from:
            why = f"{earlier.version}.toml holds from {later.effective_from} too"
            raise PolicyError(f"{later.version}.toml", "effective_from", why)
