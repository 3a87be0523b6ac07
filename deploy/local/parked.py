"""The commands ./aftale parked ...: show messages that wait, and why; retake, replay or discard them."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.as_operator import Operator, Parked
from deploy.local.machine import Machine
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.settings import SERVICES, Settings

commands = typer.Typer(
    no_args_is_help=True, help="Messages that wait because they, or earlier ones, could not be processed."
)
_SHOWN = 20
"""How many messages of a stream are shown."""
_LONGEST_DETAIL = 300
_SHOWN_FIRST = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_sequence", "ce_epoch", "ce_specversion")
"""Headers that are shown as words and not in the list of headers."""

_Service = Annotated[str, typer.Argument(help="The service at which the stream waits.")]
_Source = Annotated[str, typer.Argument(help="The source of the stream.")]
_Stream = Annotated[str, typer.Argument(help="The stream's id.")]


@commands.command("list")
def list_streams(
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
) -> None:
    """List the streams that wait: where, since when, why, and with how many messages."""
    operator = _operator()
    table = _table("service", "source", "stream, and why it waits", "reason", "waiting")
    silent: list[str] = []
    for name in [service] if service else SERVICES:
        try:
            found = operator.streams(name)
        except UserError as fault:
            silent.append(str(fault))
            continue
        for one in found:
            why = f"{one['stream']}\nsince {_local(one['parked_at'])}: {one['detail'][:_LONGEST_DETAIL]}"
            table.add_row(name, Text(one["source"]), Text(why), one["reason"], str(one["waiting"]))
    if table.row_count:
        Console().print(table)
    if silent:
        raise UserError("\n".join(silent))
    if not table.row_count:
        print("Nothing waits.")


@commands.command()
def show(service: _Service, source: _Source, stream: _Stream) -> None:
    """Show the messages that wait in a stream, and why each of them waits."""
    found = _operator().messages(Parked(service, source, stream), _SHOWN)
    for message in found["messages"]:
        _print_message(message)
    if more := found["waiting"] - len(found["messages"]):
        print(f"\n... and {quantity(more, 'message')} more.")


@commands.command()
def retake(service: _Service, source: _Source, stream: _Stream) -> None:
    """Ask the source to publish a stream again; try this before `replay` or `discard`. Waits up to 20 seconds."""
    parked = Parked(service, source, stream)
    done = _operator().retake(parked)
    if done["came"]:
        print(f"{source} has published {stream} again from version {done['from_version']} on.")
    else:
        print(f"{source} has not sent version {done['from_version']} of {stream} again.")
    print(_how_it_stands(parked, done["waiting"]))
    if done["why"]:
        print(f"Why: {done['why'][:_LONGEST_DETAIL]}")


@commands.command()
def replay(service: _Service, source: _Source, stream: _Stream) -> None:
    """Process the waiting messages again once the cause is fixed; what is missing is requested again."""
    parked = Parked(service, source, stream)
    print(_how_it_stands(parked, _operator().replay(parked)["waiting"]))


@commands.command()
def discard(
    reason: Annotated[str, typer.Option(help="Why it is not needed; kept for ever, with your name.")],
    service: Annotated[str | None, typer.Argument(help="The service at which the stream waits.")] = None,
    source: Annotated[str | None, typer.Argument(help="The source of the stream.")] = None,
    stream: Annotated[str | None, typer.Argument(help="The stream's id.")] = None,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="Discard all records that do not say which fact they are.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Last resort: discard the first waiting message of a stream permanently and continue with the next one."""
    if unreadable and source is None:
        _discard_unreadable([service] if service else SERVICES, reason, yes=yes)
    elif service and source and stream and not unreadable:
        _discard_first(Parked(service, source, stream), reason, yes=yes)
    else:
        raise UserError("Name SERVICE SOURCE STREAM, or --unreadable with or without a SERVICE.")


@commands.command()
def release(
    reason: Annotated[str, typer.Option(help="What you have checked; kept for ever, with your name.")],
    units: Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help="P-numbers.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All units that are held.")] = False,
) -> None:
    """Release units that are held because a fact about them was discarded, so that offers are possible again (R8)."""
    if everything == bool(units):
        raise UserError("Name the units to release, or use --all.")
    released = _operator().release(units or (), reason)["p_numbers"]
    print(f"Released: {', '.join(released)}." if released else "No unit is held.")


@commands.command()
def republish(
    source: Annotated[str, typer.Argument(help="The service that publishes the stream.")],
    stream: _Stream,
    from_version: Annotated[int, typer.Option(min=1, help="The first version to publish again.")] = 1,
) -> None:
    """Make a service publish a stream again. Consumers ignore the duplicates, and gaps are filled."""
    _operator().republish(source, stream, from_version)
    print(f"{source} publishes {stream} again from version {from_version} on.")


def _discard_first(parked: Parked, reason: str, *, yes: bool) -> None:
    operator = _operator()
    found = operator.messages(parked, 1)
    (first,) = found["messages"]
    _refuse_to_discard_unasked(yes=yes)
    if not yes:
        _print_message(first)
        print()
        if missing := found["missing"]:
            print(f"Will also be skipped, because never received: {_versions(missing).lower()}.")
        print(f"What will be missing in {parked.service}: {first['if_discarded']}.")
        typer.confirm(f"Discard {_versions(_only(first['version'])).lower()} permanently?", abort=True)
    done = operator.discard(parked, first["event_id"], reason)
    if missing := done["missing"]:
        print(f"Also skipped, because never received: {_versions(missing).lower()}.")
    for lost in done["lost"]:
        print(
            f"Missing from now on: {lost['type'] or 'facts'}, {_versions(lost['versions']).lower()}: {lost['means']}."
        )
    if held := done["held_units"]:
        print(f"Held until ./aftale parked release: {', '.join(held)}.")
    print(f"{_versions(_only(first['version']))} is discarded. {_how_it_stands(parked, done['waiting'])}")


def _discard_unreadable(services: Sequence[str], reason: str, *, yes: bool) -> None:
    operator = _operator()
    _refuse_to_discard_unasked(yes=yes)
    if not yes:
        names = ", ".join(services)
        typer.confirm(f"Discard all records at {names} that do not say which fact they are, permanently?", abort=True)
    for service in services:
        print(f"{service}: {operator.discard_unreadable(service, reason)['discarded']} discarded.")


def _refuse_to_discard_unasked(*, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise UserError("No terminal to confirm on. With --yes the message is discarded without asking.")


def _only(version: int) -> dict[str, int]:
    return {"first": version, "last": version}


def _versions(versions: dict[str, int]) -> str:
    if versions["first"] == versions["last"]:
        return f"Version {versions['first']}"
    return f"Versions {versions['first']} to {versions['last']}"


def _operator() -> Operator:
    return Operator(Machine(Settings()))


def _how_it_stands(parked: Parked, waiting: int) -> str:
    if not waiting:
        return f"{parked} is no longer parked."
    return f"{parked} still waits, with {quantity(waiting, 'message')}: ./aftale parked show {parked}"


def _print_message(message: dict[str, Any]) -> None:
    body = message["body"]
    shown = {
        "fact": f"{message['type']}, version {message['version']}, epoch {message['epoch']}",
        "event": message["event_id"],
        "if discarded": message["if_discarded"],
        message["reason"]: f"since {_local(message['parked_at'])}: {message['detail']}",
        **{name: value for name, value in message["headers"].items() if name not in _SHOWN_FIRST},
        "body": body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False),
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in shown.items():
        table.add_row(name, Text(value))
    Console().print("", table)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading == "waiting" else "left")
    return table


def _local(instant: str) -> str:
    """Formats a time in the time zone of this machine."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"
