"""The commands ./aftale view ...: the one view is folded again from all facts, or compared with such a fold."""

import time
from typing import Any

import typer

from deploy.local.as_operator import Operator
from deploy.local.counted import counted
from deploy.local.machine import Machine
from deploy.local.processes import Fault
from deploy.local.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="The one view: is it what the facts say, and make it so.")
_LOOK_EVERY_SECONDS = 0.2


@commands.command()
def rebuild() -> None:
    """Fold all facts again and switch to the result; reading and taking facts go on meanwhile.

    For when the check below names rows, or after an upgrade whose notes ask for it. It goes on where this command is
    stopped, and one runs at a time.
    """
    done = _until_done("rebuild")
    print(f"The view is rebuilt from {counted(done['facts'], 'fact')}.")


@commands.command()
def check() -> None:
    """Compare the view with a fold of all facts; ends with 1 where they differ, and names the rows.

    It changes nothing. Rows differ where somebody wrote to them by hand, or where a release folds a fact otherwise than
    the one that took it.
    """
    differences = _until_done("check")["differences"]
    if differences:
        raise Fault("\n".join(["The view differs from its facts; ./aftale view rebuild mends it:", *differences]))
    print("The view is what its facts say.")


def _until_done(work: str) -> Any:
    """The outcome. The work goes on where this command is stopped."""
    operator = Operator(Machine(Settings()))
    begun = operator.begin_view_work(work)
    while True:
        now = operator.view_work()
        if now is None or now["began_at"] != begun["began_at"]:
            raise Fault(f"reporting was started again in the middle of the {work}: give the command once more.")
        match now["state"]:
            case "done":
                return now
            case "failed":
                raise Fault(f"The {work} failed ({now['fault']}): ./aftale logs reporting says why.")
        time.sleep(_LOOK_EVERY_SECONDS)
