"""The command ./aftale drift: are timers and reservations of every stream what the deciders say?"""

from typing import Any

from deploy.local.as_operator import Operator
from deploy.local.processes import Fault


def compare_rows(operator: Operator, services: list[str]) -> None:
    """Says how many streams were compared. Raises Fault with what drifted."""
    compared, faults = 0, list[str]()
    for service in services:
        for page in operator.drift(service):
            compared += page["compared"]
            faults += [f"{service} {one['stream']}: {_told(one)}" for one in page["drifted"]]
    if faults:
        raise Fault("\n".join([f"{len(faults)} of {compared} streams drifted:", *faults]))
    print(f"The timers and reservations of {compared} streams are what their facts say.")


def _told(stream: Any) -> str:
    missing = [f"{timer['name']} at {timer['due']}" for timer in stream["missing_timers"]]
    parts = {
        "missing": [*missing, *stream["missing_reservations"]],
        "needless": [*stream["needless_timers"], *stream["needless_reservations"]],
    }
    return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)
