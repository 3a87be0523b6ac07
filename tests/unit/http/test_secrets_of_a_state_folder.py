"""The services of one state folder start side by side, and all must end up with the same secrets."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

from shared.http.consistency import ConsistencyTokens, Seen
from shared.http.secret_files import keep_first
from shared.http.tokens import Identity, LocalIssuer, Role, TokenVerifier, pseudonym

SERVICES = 8


def at_once[T](work: Callable[[], T]) -> list[T]:
    """The same work as often as there are services, begun at the same moment."""
    begin = Barrier(SERVICES)

    def one(_: int) -> T:
        begin.wait()
        return work()

    with ThreadPoolExecutor(SERVICES) as pool:
        return list(pool.map(one, range(SERVICES)))
