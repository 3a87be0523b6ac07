"""The command line: ./aftale COMMAND."""

import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from deploy.local import parked, view
from deploy.local.analyst import make_login, remove_login
from deploy.local.as_operator import Operator
from deploy.local.checks import run_checks, run_tests
from deploy.local.drift import compare_rows
from deploy.local.erase import erase as erase_everywhere
from deploy.local.install import benchmarks, name_a_benchmark, version
from deploy.local.logins import ADMINISTRATOR
from deploy.local.machine import Machine
from deploy.local.ports import HOST
from deploy.local.processes import Fault
from deploy.local.reconcile import command as compare
from deploy.local.settings import EVENT_SOURCED, ROLES, SERVICES, Settings
from deploy.local.status import show_status

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
register = typer.Typer(no_args_is_help=True, help="The register of companies and units.")
app.add_typer(register, name="register")
app.add_typer(parked.commands, name="parked")
app.add_typer(view.commands, name="view")

DEMO_BEGINS = datetime(2020, 9, 1, 6, tzinfo=UTC)
"""The register of agreements begins in September 2020."""
RULES_BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""Where no demo was played before."""
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.callback(invoke_without_command=True)
def about(show: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False) -> None:
    """Aftale on this machine: PostgreSQL, Kafka and the four services, with nothing to install by hand."""
    if show:
        print(version())
        raise typer.Exit


@app.command()
def demo(
    what: Annotated[
        str | None, typer.Argument(metavar="[rules]", help="rules: one short course per rule, and what it said.")
    ] = None,
) -> None:
    """Everything up, with a clock of its own, and a tour through it."""
    if what not in (None, "rules"):
        raise Fault(f"There is no demo {what}; there are ./aftale demo and ./aftale demo rules.")
    machine = Machine(Settings(clock="virtual"))
    machine.set_up_clock(RULES_BEGIN if what else DEMO_BEGINS)
    machine.up()
    machine.become("deploy.demo", [what] if what else [])


@app.command()
def up(
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Only PostgreSQL and Kafka.")] = False,
) -> None:
    """Start what does not run yet: PostgreSQL, Kafka, schemas and topics, the four services; and again what dies."""
    machine = Machine(Settings())
    if servers_only:
        with machine.alone():
            machine.servers_up()
            machine.watch()
    else:
        machine.up()
    _say_where(machine, services=not servers_only)


@app.command()
def down() -> None:
    """Stop everything; the data stays."""
    machine = Machine(Settings())
    with machine.alone():
        stopped = machine.down()
    print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command()
def status() -> None:
    """What runs, since when and how big; the clock; the sizes of the data."""
    show_status(Machine(Settings()), Console())


@app.command()
def reset(
    everything: Annotated[bool, typer.Option("--everything", help="Also what was installed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete all data."""
    machine = Machine(Settings())
    if not yes and not sys.stdin.isatty():
        raise Fault("Nobody can be asked here: ./aftale reset --yes deletes all data without asking.")
    if not yes:
        typer.confirm(f"Delete all data in {machine.state.folder}?", abort=True)
    with machine.alone():
        machine.down()
        machine.reset(everything=everything)
    print("All data is deleted" + (", and what was installed." if everything else "."))
    if machine.settings.postgres or machine.settings.kafka:
        print("The servers that AFTALE_POSTGRES and AFTALE_KAFKA name were left as they are.")


@app.command()
def serve(services: Annotated[list[str], typer.Argument(metavar="SERVICE...", help=", ".join(SERVICES))]) -> None:
    """Run services in one process, in this terminal."""
    machine = Machine(Settings())
    for name in services:
        if name not in SERVICES:
            raise Fault(f"There is no service {name}; there are {', '.join(SERVICES)}.")
        if machine.service(name).running() is not None:
            raise Fault(f"{name} already runs in the background: ./aftale down first.")
    with machine.alone():
        machine.servers_up()
        machine.migrate()
    machine.become_services(services)


@app.command()
def migrate() -> None:
    """Bring schemas and topics up to date."""
    machine = Machine(Settings())
    with machine.alone():
        machine.servers_up()
        machine.migrate()


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="A new file; in the state folder if none is named.")] = None,
    service: Annotated[str | None, typer.Option(help="Only this one.")] = None,
) -> None:
    """Copy databases, attachments, secrets and policies into one file, while everything runs."""
    machine = Machine(Settings())
    if file is None:
        file = machine.state.sub("backups") / f"aftale-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
    if file.exists():
        raise Fault(f"There is a file {file} already.")
    with machine.alone():
        machine.servers_up()
    machine.become("deploy.local.backup", [str(file.absolute()), *_only(service)])


@app.command()
def restore(
    file: Path,
    service: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put back what a backup holds; what was recorded since comes back from Kafka, without its private parts."""
    machine = Machine(Settings())
    if not file.is_file():
        raise Fault(f"There is no file {file}.")
    if running := [name for name in _only(service) or SERVICES if machine.service(name).running() is not None]:
        raise Fault(f"{', '.join(running)} still runs: ./aftale down first.")
    if not yes and not sys.stdin.isatty():
        raise Fault("Nobody can be asked here: with --yes the databases are replaced without asking.")
    if not yes:
        typer.confirm(f"Replace the database of {service or 'every service'} by the one in {file}?", abort=True)
    with machine.alone():
        machine.servers_up()
        machine.migrate()
        machine.run("deploy.local.restore", [str(file.absolute()), *_only(service)])
    print("./aftale up starts the services again.")


def _only(service: str | None) -> list[str]:
    if service is not None and service not in SERVICES:
        raise Fault(f"There is no service {service}; there are {', '.join(SERVICES)}.")
    return [service] if service else []


@app.command(context_settings=_PASS_ON)
def test(context: typer.Context) -> None:
    """All checks and tests but the nightly ones; with arguments only pytest, with them: `-m nightly` runs those."""
    raise typer.Exit(run_tests(context.args) if context.args else run_checks())


@app.command()
def logs(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="All if none is named.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many from the end.")] = 20,
) -> None:
    """The ends of the logs."""
    folder = Machine(Settings()).state.logs
    known = {file.stem: str(file) for file in sorted(folder.glob("*.log"))}
    if unknown := set(names or ()) - known.keys():
        raise Fault(f"No log of {', '.join(sorted(unknown))}; there are: {', '.join(known) or 'none yet'}.")
    if not known:
        raise Fault("There are no logs yet: nothing was started.")
    files = [known[name] for name in names or known]
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), "--", *files])


@app.command()
def reconcile(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="All if none is named.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="From the first fact on, not what is new.")] = False,
) -> None:
    """Compare what was taken with what its sources say that they published; what is missing is asked for."""
    if service not in (None, *SERVICES):
        raise Fault(f"There is no service {service}; there are {', '.join(SERVICES)}.")
    compare(Operator(Machine(Settings())), [service] if service else list(SERVICES), everything=everything)


@app.command()
def erase(
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="All private texts and files of a case.")] = None,
    person: Annotated[
        str | None, typer.Option(help="What is private about a person, by id: in the case, or else in every case.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase private texts and files for ever (R31); the history of facts stays."""
    if case is None and person is None:
        raise Fault("Name a case, a person, or both: ./aftale erase CASE, ./aftale erase --person ID.")
    operator, console = Operator(Machine(Settings())), Console()
    found = erase_everywhere(operator, case, person, dry_run=True, console=console)
    if dry_run:
        return
    if not found:
        raise Fault("There is nothing that could be erased.")
    if not yes and not sys.stdin.isatty():
        raise Fault("Nobody can be asked here: with --yes it is erased without asking.")
    if not yes:
        typer.confirm("Nobody can undo this, and no backup brings it back. Erase?", abort=True)
    erase_everywhere(operator, case, person, dry_run=False, console=console)


@app.command()
def drift(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="All if none is named.")] = None,
) -> None:
    """Compare timers and reservations with what the facts say; ends with 1 where they differ, and changes nothing.

    Both follow from the facts of their stream. They differ where somebody wrote to the tables by hand, or where a
    release declares others than the one before: that one is brought along after the start, by itself.
    """
    if service not in (None, *EVENT_SOURCED):
        raise Fault(f"{service} has no timers or reservations; {', '.join(EVENT_SOURCED)} have.")
    compare_rows(Operator(Machine(Settings())), [service] if service else list(EVENT_SOURCED))


@app.command()
def trace(case: str) -> None:
    """The way of a case from request to reporting, as a tree."""
    machine = Machine(Settings())
    machine.become("shared.telemetry.print_trace", [case, "--spans", str(machine.state.folder / "spans")])


@app.command()
def token(
    role: Annotated[str, typer.Argument(help=f"One of: {', '.join(ROLES)}.")],
    name: Annotated[str, typer.Argument(help="The id of the person or system that asks, as facts will name it.")],
    cvr: Annotated[str | None, typer.Option(help="The legal entity that a company's token speaks for.")] = None,
) -> None:
    """Print a token to try the HTTP interfaces with.

    curl -H "Authorization: Bearer $(./aftale token inspector anna)" ...
    """
    if role not in ROLES:
        raise Fault(f"There is no role {role}; there are {', '.join(ROLES)}.")
    Machine(Settings()).become("shared.http.tokens", [role, name, *(["--cvr", cvr] if cvr else [])])


@app.command()
def analyst(
    name: str,
    remove: Annotated[bool, typer.Option("--remove", help="Take the login away.")] = False,
) -> None:
    """A login for somebody who analyses with SQL: the views of reporting, to be read; again for a new password."""
    machine = Machine(Settings())
    with machine.alone():
        machine.servers_up()
        machine.migrate()
    administrator = machine.environment()[ADMINISTRATOR]
    if remove:
        remove_login(administrator, name)
        print(f"The login of {name} is gone.")
        return
    print(f"{make_login(administrator, name)}\nThis is shown once. What the views hold: docs/operations/analysts.md")


@register.command("import")
def register_import(
    file: Path, dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report; publish nothing.")] = False
) -> None:
    """Read a file of the business register and publish its units."""
    if not file.is_file():
        raise Fault(f"There is no file {file}.")
    Machine(Settings()).become(
        "deploy.local.register_import", [str(file.absolute()), *(["--dry-run"] if dry_run else [])]
    )


@app.command(context_settings=_PASS_ON)
def bench(
    context: typer.Context, name: Annotated[str | None, typer.Argument(help="Without it: which.")] = None
) -> None:
    """A benchmark by its name; further arguments go to it."""
    if name is None:
        raise Fault(name_a_benchmark())
    if name not in benchmarks():
        raise Fault(f"There is no benchmark {name}; there are: {', '.join(benchmarks())}.")
    machine = Machine(Settings())
    with machine.alone():
        machine.servers_up()
    machine.become(f"benchmarks.{name}", context.args)


def _say_where(machine: Machine, *, services: bool) -> None:
    print("\nAftale is up." if services else "\nThe servers are up.")
    for name in SERVICES if services else ():
        print(f"  {name:<11} http://{HOST}:{machine.service(name).port}")
    password = machine.state.secrets / "postgres-password"
    local = f"{HOST}:{machine.postgres.port}, database aftale, user aftale, password in {password}"
    print(f"  {'PostgreSQL':<11} {'as you set it' if machine.settings.postgres else local}")
    print(f"  {'Kafka':<11} {machine.settings.kafka or machine.kafka.bootstrap}")


def main() -> None:
    """Faults that the user can put right are shown as plain text."""
    if isinstance(sys.stdout, TextIOWrapper):
        # In a pipe, too, what is said stands before what the programs say that it starts.
        sys.stdout.reconfigure(line_buffering=True)
    try:
        app(prog_name="./aftale")
    except Fault as fault:
        sys.exit(str(fault))
    except ValidationError as wrong:
        sys.exit("\n".join(f"AFTALE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in wrong.errors()))
    except KeyboardInterrupt:
        sys.exit("\nStopped.")


if __name__ == "__main__":
    main()
