"""What an inspector has to do: tasks opened when steps of a case become pending, closed when they no longer are."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.reporting.cases.case import Case
from services.reporting.cases.steps import Pending, TaskKind


class Task(NamedTuple):
    """The columns of the table `tasks`."""

    case_id: UUID
    kind: TaskKind
    number: int
    inspector: str | None
    due: datetime | None
    since: datetime
    closed_at: datetime | None = None


def fold(tasks: Sequence[Task], case: Case, pending: Iterable[Pending], at: datetime) -> list[Task]:
    """Returns the case's tasks after a fact at `at`: open ones follow what is pending, closed ones stay as they are."""
    wanted = {kind: one.due for one in pending if one.tasks for kind in one.tasks}
    after = []
    for task in tasks:
        if task.closed_at is not None:
            after.append(task)
        elif task.kind in wanted:
            after.append(_following(task, case, wanted.pop(task.kind)))
        else:
            after.append(task._replace(closed_at=at))
    for kind, due in wanted.items():
        number = 1 + sum(task.kind is kind for task in tasks)
        after.append(Task(case.case_id, kind, number, _whose(kind, case), due, at))
    return after


def _following(task: Task, case: Case, due: datetime | None) -> Task:
    """The same task where nothing of it changed, so that it need not be written again."""
    inspector = _whose(task.kind, case)
    return task if (task.inspector, task.due) == (inspector, due) else task._replace(inspector=inspector, due=due)


def _whose(kind: TaskKind, case: Case) -> str | None:
    return None if kind is TaskKind.LOOK_INTO_GUIDANCE else case.inspector
