"""Python's search for cycles of garbage, set for a process that serves."""

import gc

_NEW_OBJECTS = 50_000
_YOUNGER_COLLECTIONS = 20


def collect_rarely() -> None:
    """Once everything is imported: what is there now is never looked at again, and what comes only seldom.

    As Python sets it, the search takes a fifth of the time of a command: facts and rows are many objects and no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNGER_COLLECTIONS, _YOUNGER_COLLECTIONS)
