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

from deploy.local import dates, mail, notice, parked, portal, view
from deploy.local.analyst import make_login, remove_login
from deploy.local.as_operator import Operator
from deploy.local.calendar_week import show_week
from deploy.local.checks import run_checks, run_tests
from deploy.local.drift import compare_rows
from deploy.local.erase import erase as erase_everywhere
from deploy.local.install import benchmarks, name_a_benchmark, version
from deploy.local.logins import ADMINISTRATOR
from deploy.local.machine import Machine
from deploy.local.ports import HOST
from deploy.local.processes import UserError
from deploy.local.reconcile import command as compare
from deploy.local.settings import EVENT_SOURCED, ROLES, SERVICES, Settings
from deploy.local.status import now_of, show_status
from shared.deadlines.copenhagen import local_day

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
register = typer.Typer(no_args_is_help=True, help="The register of companies and units.")
app.add_typer(register, name="register")
people = typer.Typer(no_args_is_help=True, help="The directory of people.")
app.add_typer(people, name="people")
app.add_typer(parked.commands, name="parked")
app.add_typer(dates.commands, name="dates")
app.add_typer(view.commands, name="view")
app.add_typer(notice.commands, name="notice")
app.add_typer(portal.commands, name="portal")

DEMO_BEGINS = datetime(2020, 9, 1, 6, tzinfo=UTC)
"""Where the demo's virtual clock begins: the register of agreements begins in September 2020."""
RULES_BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""Where the virtual clock begins for `demo rules` if no demo was played before."""
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.callback(invoke_without_command=True)
def about(show: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Aftale on this machine: PostgreSQL, Kafka and the five services, with nothing to install by hand."""
    if show:
        print(version())
        raise typer.Exit


@app.command()
def demo(
    what: Annotated[
        str | None, typer.Argument(metavar="[rules]", help="rules: one short course per rule, with each answer.")
    ] = None,
) -> None:
    """Start everything on a virtual clock, and play a demo on it."""
    if what not in (None, "rules"):
        raise UserError(f"There is no demo {what}; there are ./aftale demo and ./aftale demo rules.")
    machine = Machine(Settings(clock="virtual"))
    machine.set_up_clock(RULES_BEGIN if what else DEMO_BEGINS)
    machine.up()
    machine.become("deploy.demo", [what] if what else [])


@app.command()
def up(
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Only PostgreSQL and Kafka.")] = False,
) -> None:
    """Start what does not run yet: PostgreSQL, Kafka, schemas, topics and the services. What dies is restarted."""
    machine = Machine(Settings())
    if servers_only:
        with machine.exclusive_lock():
            machine.servers_up()
            machine.watch()
    else:
        machine.up()
    _say_where(machine, services=not servers_only)


@app.command()
def down() -> None:
    """Stop everything; the data stays."""
    machine = Machine(Settings())
    with machine.exclusive_lock():
        stopped = machine.down()
    print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command()
def status() -> None:
    """Show what runs, since when and with how much memory, the clock, and the size of the data."""
    show_status(Machine(Settings()), Console())


@app.command()
def reset(
    everything: Annotated[bool, typer.Option("--everything", help="Also what was installed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete all data."""
    machine = Machine(Settings())
    if not yes and not sys.stdin.isatty():
        raise UserError("No terminal to confirm on. `./aftale reset --yes` deletes all data without asking.")
    if not yes:
        typer.confirm(f"Delete all data in {machine.state.folder}?", abort=True)
    with machine.exclusive_lock():
        machine.down()
        machine.reset(everything=everything)
    print("All data is deleted" + (", and what was installed." if everything else "."))
    if machine.settings.postgres or machine.settings.kafka:
        print("The servers that AFTALE_POSTGRES and AFTALE_KAFKA name were not changed.")


@app.command()
def serve(services: Annotated[list[str], typer.Argument(metavar="SERVICE...", help=", ".join(SERVICES))]) -> None:
    """Run services in one process, in this terminal."""
    machine = Machine(Settings())
    for name in services:
        if name not in SERVICES:
            raise UserError(f"There is no service {name}; there are {', '.join(SERVICES)}.")
        if machine.service(name).running() is not None:
            raise UserError(f"{name} already runs in the background: ./aftale down first.")
    with machine.exclusive_lock():
        machine.servers_up()
        machine.migrate()
    machine.become_services(services)


@app.command()
def migrate() -> None:
    """Bring schemas and topics up to date."""
    machine = Machine(Settings())
    with machine.exclusive_lock():
        machine.servers_up()
        machine.migrate()


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="A new file; in the state folder if none is named.")] = None,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
) -> None:
    """Copy databases, attachments, secrets and policies into one file, while everything runs."""
    machine = Machine(Settings())
    if file is None:
        file = machine.state.sub("backups") / f"aftale-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
    if file.exists():
        raise UserError(f"There is a file {file} already.")
    with machine.exclusive_lock():
        machine.servers_up()
    machine.become("deploy.local.backup", [str(file.absolute()), *_only(service)])


@app.command()
def restore(
    file: Path,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Restore a backup; facts recorded since then are read back from Kafka, without their private parts."""
    machine = Machine(Settings())
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    if running := [name for name in _only(service) or SERVICES if machine.service(name).running() is not None]:
        raise UserError(f"{', '.join(running)} still runs: ./aftale down first.")
    if not yes and not sys.stdin.isatty():
        raise UserError("No terminal to confirm on. With --yes the databases are replaced without asking.")
    if not yes:
        typer.confirm(f"Replace the database of {service or 'every service'} by the one in {file}?", abort=True)
    with machine.exclusive_lock():
        machine.servers_up()
        machine.migrate()
        machine.run("deploy.local.restore", [str(file.absolute()), *_only(service)])
    print("./aftale up starts the services again.")


def _only(service: str | None) -> list[str]:
    if service is not None and service not in SERVICES:
        raise UserError(f"There is no service {service}; there are {', '.join(SERVICES)}.")
    return [service] if service else []


@app.command(context_settings=_PASS_ON)
def test(context: typer.Context) -> None:
    """Run all checks and tests except the nightly ones. With arguments run only pytest: `-m nightly` runs those."""
    raise typer.Exit(run_tests(context.args) if context.args else run_checks())


@app.command()
def logs(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="All if none is named.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the logs until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many lines of each log.")] = 20,
) -> None:
    """Show the ends of the logs."""
    folder = Machine(Settings()).state.logs
    known = {file.stem: str(file) for file in sorted(folder.glob("*.log"))}
    if unknown := set(names or ()) - known.keys():
        raise UserError(f"No log of {', '.join(sorted(unknown))}; there are: {', '.join(known) or 'none yet'}.")
    if not known:
        raise UserError("There are no logs yet: nothing was started.")
    files = [known[name] for name in names or known]
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), "--", *files])


@app.command()
def reconcile(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="All if none is named.")] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Compare from the first fact on, not only what is new.")
    ] = False,
) -> None:
    """Compare the facts that were received with what the sources published, and request what is missing."""
    if service not in (None, *SERVICES):
        raise UserError(f"There is no service {service}; there are {', '.join(SERVICES)}.")
    compare(Operator(Machine(Settings())), [service] if service else list(SERVICES), everything=everything)


@app.command()
def erase(
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="All private texts and files of a case.")] = None,
    person: Annotated[
        str | None,
        typer.Option(
            help="Private texts about the person with this id: in the case, or in all cases if none is named."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase private texts, files and e-mails for ever (R31); the history of facts stays."""
    if case is None and person is None:
        raise UserError("Name a case, a person, or both: ./aftale erase CASE, ./aftale erase --person ID.")
    machine, console = Machine(Settings()), Console()
    operator, mailbox = Operator(machine), machine.state.folder / mail.NAME
    found = erase_everywhere(operator, case, person, mailbox=mailbox, dry_run=True, console=console)
    if dry_run:
        return
    if not found:
        raise UserError("There is nothing to erase.")
    if not yes and not sys.stdin.isatty():
        raise UserError("No terminal to confirm on. With --yes everything shown is erased without asking.")
    if not yes:
        typer.confirm("This cannot be undone, not even from a backup. Erase?", abort=True)
    erase_everywhere(operator, case, person, mailbox=mailbox, dry_run=False, console=console)


@app.command()
def calendar(
    person: Annotated[str | None, typer.Argument(metavar="[PERSON]", help="Only this inspector, by id.")] = None,
    week: Annotated[str | None, typer.Option(help="A week, as 2026-W50; this week if none is named.")] = None,
    centre: Annotated[str | None, typer.Option(help="Only inspectors of this centre, as NORTH.")] = None,
) -> None:
    """Draw a week of the inspectors' calendars, also the visits that no company knows of."""
    machine = Machine(Settings())
    year, number, _ = local_day(now_of(machine)).isocalendar()
    show_week(Operator(machine), week or f"{year}-W{number:02}", person, centre, Console())


@app.command()
def drift(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="All if none is named.")] = None,
) -> None:
    """Compare timers and reservations with what the facts say; exit with 1 if they differ. Nothing is changed.

    Timers and reservations follow from the facts of their stream. They differ if somebody wrote to the tables by hand,
    or if this release declares others than the previous one; each service corrects the latter by itself after its
    start.
    """
    if service not in (None, *EVENT_SOURCED):
        raise UserError(f"{service} has no timers or reservations; {', '.join(EVENT_SOURCED)} have.")
    compare_rows(Operator(Machine(Settings())), [service] if service else list(EVENT_SOURCED))


@app.command()
def trace(case: str) -> None:
    """Show the way of a case from the request to reporting as a tree."""
    machine = Machine(Settings())
    machine.become("shared.telemetry.print_trace", [case, "--spans", str(machine.state.folder / "spans")])


@app.command()
def token(
    role: Annotated[str, typer.Argument(help=f"One of: {', '.join(ROLES)}.")],
    name: Annotated[str, typer.Argument(help="The id of the person or system, as facts will record it.")],
    cvr: Annotated[str | None, typer.Option(help="The legal entity that a company's token speaks for.")] = None,
    leads: Annotated[str | None, typer.Option(help="The centre that a leader's token leads.")] = None,
) -> None:
    """Print a token to try the HTTP interfaces with.

    curl -H "Authorization: Bearer $(./aftale token inspector anna)" ...
    """
    if role not in ROLES:
        raise UserError(f"There is no role {role}; there are {', '.join(ROLES)}.")
    Machine(Settings()).become(
        "shared.http.tokens", [role, name, *(["--cvr", cvr] if cvr else []), *(["--leads", leads] if leads else [])]
    )


@app.command()
def analyst(
    name: str,
    remove: Annotated[bool, typer.Option("--remove", help="Drop the login.")] = False,
) -> None:
    """Make a login with which an analyst can read the views of reporting by SQL, or set a new password for it."""
    machine = Machine(Settings())
    with machine.exclusive_lock():
        machine.servers_up()
        machine.migrate()
    administrator = machine.environment()[ADMINISTRATOR]
    if remove:
        remove_login(administrator, name)
        print(f"The login of {name} was dropped.")
        return
    print(f"{make_login(administrator, name)}\nThis is shown once. What the views contain: docs/operations/analysts.md")


@register.command("import")
def register_import(
    file: Path, dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report; publish nothing.")] = False
) -> None:
    """Read a file of the business register and publish its units."""
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    Machine(Settings()).become(
        "deploy.local.register_import", [str(file.absolute()), *(["--dry-run"] if dry_run else [])]
    )


@people.command("import")
def people_import(
    file: Path, dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report; record nothing.")] = False
) -> None:
    """Read a file of people and list them in the directory; what it says again changes nothing."""
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    Machine(Settings()).become(
        "deploy.local.people_import", [str(file.absolute()), *(["--dry-run"] if dry_run else [])]
    )


@app.command(context_settings=_PASS_ON)
def bench(
    context: typer.Context, name: Annotated[str | None, typer.Argument(help="Without a name: list them.")] = None
) -> None:
    """Run a benchmark by its name; further arguments are passed to it."""
    if name is None:
        raise UserError(name_a_benchmark())
    if name not in benchmarks():
        raise UserError(f"There is no benchmark {name}; there are: {', '.join(benchmarks())}.")
    machine = Machine(Settings())
    with machine.exclusive_lock():
        machine.servers_up()
    machine.become(f"benchmarks.{name}", context.args)


app.command("mail")(mail.show)


def _say_where(machine: Machine, *, services: bool) -> None:
    print("\nAftale is up." if services else "\nThe servers are up.")
    for name in SERVICES if services else ():
        print(f"  {name:<11} http://{HOST}:{machine.service(name).port}")
    password = machine.state.secrets / "postgres-password"
    local = f"{HOST}:{machine.postgres.port}, database aftale, user aftale, password in {password}"
    print(f"  {'PostgreSQL':<11} {'as you set it' if machine.settings.postgres else local}")
    print(f"  {'Kafka':<11} {machine.settings.kafka or machine.kafka.bootstrap}")


def main() -> None:
    """Runs the command line. Shows errors that the user can correct as plain text, without a traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        # Keeps the order of the output, in a pipe too: ours comes before that of the programs that it starts.
        sys.stdout.reconfigure(line_buffering=True)
    try:
        app(prog_name="./aftale")
    except UserError as fault:
        sys.exit(str(fault))
    except ValidationError as wrong:
        sys.exit("\n".join(f"AFTALE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in wrong.errors()))
    except KeyboardInterrupt:
        sys.exit("\nStopped.")


if __name__ == "__main__":
    main()
