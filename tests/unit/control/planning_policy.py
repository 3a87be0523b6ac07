"""The policies with the choice that controls are planned when an agreement is accepted, from 2024 on (R17)."""

from dataclasses import replace

from shared.policy.policies import Policies
from shared.policy.policy import Planning, Policy
from tests.unit.control.control_facts import POLICIES


def _planning(policy: Policy) -> Policy:
    return policy.model_copy(update={"planning": Planning(plans_from_acceptance=True)})


PLANNING_POLICIES: Policies = replace(
    POLICIES, by_effective_date=tuple(_planning(policy) for policy in POLICIES.by_effective_date)
)
