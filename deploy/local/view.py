"""The commands ./aftale view ...: fold the view again from all facts, or compare it with such a fold."""

import time
from typing import Any

import typer

from deploy.local.as_operator import Operator
from deploy.local.machine import Machine
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="The one view: check it against the facts, or rebuild it.")
_LOOK_EVERY_SECONDS = 0.2


@commands.command()
def rebuild() -> None:
    """Fold all facts again and switch to the result; meanwhile the view can be read and facts are processed.

    Use it if `check` names rows, or after an upgrade whose notes ask for it. The rebuild continues in the service if
    this command is stopped; only one runs at a time.
    """
    done = _until_done("rebuild")
    print(f"The view is rebuilt from {quantity(done['facts'], 'fact')}.")


@commands.command()
def check() -> None:
    """Compare the view with a fold of all facts; exit with 1 if they differ, and name the rows. Nothing is changed.

    Rows differ if somebody wrote to them by hand, or if this release folds a fact differently from the release that
    processed it.
    """
    differences = _until_done("check")["differences"]
    if differences:
        raise UserError(
            "\n".join(["The view differs from its facts; ./aftale view rebuild corrects it:", *differences])
        )
    print("The view matches its facts.")


def _until_done(work: str) -> Any:
    """Starts a rebuild or a check in reporting, waits until it is done, and returns its result. Raises UserError."""
    operator = Operator(Machine(Settings()))
    begun = operator.begin_view_work(work)
    while True:
        now = operator.view_work()
        if now is None or now["began_at"] != begun["began_at"]:
            raise UserError(f"reporting was restarted during the {work}: run the command again.")
        match now["state"]:
            case "done":
                return now
            case "failed":
                raise UserError(f"The {work} failed ({now['fault']}): ./aftale logs reporting says why.")
        time.sleep(_LOOK_EVERY_SECONDS)
