"""What the one view shows of a case, waited for until it shows it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from deploy.demo.people import Person, Unexpected

_PATIENCE_SECONDS = 300.0
_PAUSE_SECONDS = 0.05


class View:
    """Reporting, as the authority reads it."""

    def __init__(self, reader: Person) -> None:
        self._reader = reader

    async def shows(self, case: str | UUID, *, facts: Mapping[str, int] | None = None, **fields: object) -> None:
        """Wait until the case has fields as told (`...` is anything but null) and so many facts of a name.

        Raises AssertionError with what is shown instead.
        """
        wanted = {**fields, **{f"{name} in the timeline": times for name, times in (facts or {}).items()}}
        shown: Mapping[str, Any] = {}
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not _as_told(shown := await self._shown(case, wanted), wanted):
                    await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError as error:
            raise AssertionError(f"case {case} shows {shown}, not {wanted}") from error

    async def _shown(self, case: str | UUID, wanted: Mapping[str, object]) -> Mapping[str, Any]:
        try:
            read = await self._reader.get("reporting", f"/v1/cases/{case}")
        except Unexpected as not_there_yet:
            return {"answer": str(not_there_yet)}
        types = [entry["type"] for entry in read["timeline"]]
        counted = {f"{name} in the timeline": types.count(name) for name in types}
        return {name: {**read, **counted}.get(name) for name in wanted}


def _as_told(shown: Mapping[str, Any], wanted: Mapping[str, object]) -> bool:
    if not shown.keys() >= wanted.keys():
        return False
    return all(shown[name] is not None if told is ... else shown[name] == told for name, told in wanted.items())
