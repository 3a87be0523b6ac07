"""The command ./aftale drift: compares the timers and reservations of every stream with what the deciders declare."""

from typing import Any

from deploy.local.as_operator import Operator
from deploy.local.processes import UserError
from deploy.local.quantities import quantity


def compare_rows(operator: Operator, services: list[str]) -> None:
    """Compares all streams of these services, and prints how many. Raises UserError with every stream that differs."""
    compared, faults = 0, list[str]()
    for service in services:
        for page in operator.drift(service):
            compared += page["compared"]
            faults += [f"{service} {one['stream']}: {_as_text(one)}" for one in page["drifted"]]
    if faults:
        raise UserError("\n".join([f"{len(faults)} of {compared} streams drifted:", *faults]))
    print(f"The timers and reservations of {quantity(compared, 'stream')} match their facts.")


def _as_text(stream: Any) -> str:
    missing = [f"{timer['name']} at {timer['due']}" for timer in stream["missing_timers"]]
    parts = {
        "missing": [*missing, *stream["missing_reservations"]],
        "needless": [*stream["needless_timers"], *stream["needless_reservations"]],
    }
    return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)
