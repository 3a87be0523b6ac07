"""The policy in force, for tests of deadlines, and variations of it."""

from datetime import UTC, datetime
from typing import Any

from shared.policy.policies import load_policies
from shared.policy.policy import Policy

POLICIES = load_policies()
CURRENT = POLICIES.at(datetime(2026, 3, 1, tzinfo=UTC))


def with_choice(section: str, **choices: Any) -> Policy:
    """The current policy with some choices of one section made otherwise, checked as if read from a file."""
    content = CURRENT.model_dump()
    return Policy.model_validate({**content, section: {**content[section], **choices}})
