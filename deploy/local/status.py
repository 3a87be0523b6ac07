"""Shows operators what runs, since when and with how much memory."""

from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from deploy.local import foreign_answers, mail, watcher
from deploy.local.as_operator import HOLDS_UNITS, Operator
from deploy.local.logins import ADMINISTRATOR
from deploy.local.machine import DATA, Machine
from deploy.local.overdue import overdue_lines, untold_lines
from deploy.local.portal_status import portal_line
from deploy.local.processes import Process, UserError
from deploy.local.settings import EVENT_SOURCED, SERVICES, clock_file
from deploy.local.watcher import read_report
from shared.eventstore.clock import VirtualClock


def show_status(machine: Machine, console: Console) -> None:
    """Prints one line per process, then the clock and the sizes of the data."""
    table = Table(box=None, pad_edge=False)
    for heading in ("process", "state", "pid", "MB", "address", "since", "restarts"):
        table.add_column(heading, justify="right" if heading in ("pid", "MB", "restarts") else "left")
    report = read_report(machine.state)
    kafka = machine.settings.kafka
    named = {
        "postgres": machine.settings.postgres,
        "kafka": kafka,
        foreign_answers.NAME: kafka,
        mail.NAME: machine.settings.mail_host,
    }
    for name in ("postgres", "kafka", mail.NAME, *SERVICES, foreign_answers.NAME):
        if named.get(name):
            table.add_row(name, "yours", "", "", "set in the environment", "", "")
        else:
            restarts = str(report[name].restarts) if name in report else "not watched"
            table.add_row(*_row(machine.service(name)), restarts)
    # Processes that the watcher has restarted are its children, and have rows of their own.
    table.add_row(*_row(machine.service(watcher.NAME), with_children=False), "")
    console.print(table)
    _show_units_on_hold(machine, console)
    _show_due_and_not_done(machine, console)
    for name, restarted in report.items():
        if restarted.next_at or restarted.fault:
            console.print(f"{name}: next attempt {restarted.next_at or 'now'}. {restarted.fault or ''}", markup=False)
    console.print(f"\nclock: {_clock(machine)}")
    folder = machine.state.folder
    sizes = {name: _megabytes(folder / name) for name in (*DATA, "venv", "kafka-jars") if (folder / name).is_dir()}
    sizes["postgres"] = _megabytes(machine.postgres.data)
    console.print("data:  " + ", ".join(f"{name} {size:,.0f} MB" for name, size in sizes.items() if size >= 1))
    console.print(f"folder: {folder}", soft_wrap=True)


def _row(process: Process, *, with_children: bool = True) -> tuple[str, str, str, str, str, str]:
    running = process.running()
    if running is None:
        return process.name, "stopped", "", "", "", ""
    since = datetime.fromtimestamp(running.create_time()).astimezone()
    address = f"127.0.0.1:{process.port}" if process.port else ""
    return (
        process.name,
        "running",
        str(running.pid),
        f"{resident_megabytes(running, with_children=with_children):,.0f}",
        address,
        f"{since:%Y-%m-%d %H:%M:%S}",
    )


def _show_units_on_hold(machine: Machine, console: Console) -> None:
    """R8: prints the units at which no offer is made or accepted until an operator releases them."""
    if machine.service(HOLDS_UNITS).running() is None:
        return
    try:
        held = Operator(machine).units_on_hold()
    except UserError as fault:
        console.print(f"\nheld units: {fault}", markup=False)
        return
    facts: dict[str, list[str]] = {}
    for one in held:
        facts.setdefault(one["p_number"], []).append(f"{one['type']} of {one['source']} {one['stream']}")
    if facts:
        console.print("\nheld units, with the lost facts (./aftale parked release):")
    for unit, lost in facts.items():
        console.print(f"  {unit}: {', '.join(lost)}", markup=False, soft_wrap=True)


def _show_due_and_not_done(machine: Machine, console: Console) -> None:
    """R28, R29: prints what is due and was not done, by the services' own clock: timers, messages, and the portal's."""
    if not machine.settings.postgres and machine.service("postgres").running() is None:
        return
    console.print("\ndue and not fired (must be 0):")
    administrator = machine.environment()[ADMINISTRATOR]
    for line in overdue_lines(administrator, EVENT_SOURCED, now_of(machine)):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print("\ndue and not told (must be 0):")
    for line in untold_lines(administrator, now_of(machine)):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    portal = portal_line(administrator)
    console.print(f"\ncompany portal: {portal}", markup=False, soft_wrap=True)


def resident_megabytes(process: psutil.Process, *, with_children: bool = True) -> float:
    """Returns the memory of a process and its children; shared pages count once if the system reports them."""
    total = 0.0
    for member in (process, *(process.children(recursive=True) if with_children else ())):
        try:
            memory = member.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", memory.rss)
    return total / 1e6


def now_of(machine: Machine) -> datetime:
    """Returns the time by which the services of this machine go: that of the virtual clock, or the real one."""
    virtual = _virtual_clock(machine)
    return datetime.now(UTC) if virtual is None else virtual.now()


def _clock(machine: Machine) -> str:
    virtual = _virtual_clock(machine)
    return "real" if virtual is None else f"virtual, stopped at {virtual.now():%Y-%m-%d %H:%M:%S} UTC"


def _virtual_clock(machine: Machine) -> VirtualClock | None:
    running = [process for name in SERVICES if (process := machine.service(name).running()) is not None]
    file = clock_file(machine.state.folder)
    if file.exists() and not (running and running[0].environ().get("AFTALE_CLOCK") == "real"):
        return VirtualClock(file)
    return None


def _megabytes(folder: Path) -> float:
    return sum(file.lstat().st_blocks * 512 for file in folder.rglob("*") if not file.is_dir()) / 1e6
