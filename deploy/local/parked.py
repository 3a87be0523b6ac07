"""The commands ./aftale parked ...: what waits, why, and what is done about it."""

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
from deploy.local.processes import Fault
from deploy.local.settings import SERVICES, Settings

commands = typer.Typer(
    no_args_is_help=True, help="Messages that wait because they, or others before them, could not be taken."
)
_SHOWN = 20
"""Messages of a stream that are shown."""
_LONGEST_DETAIL = 300
_SHOWN_FIRST = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_sequence", "ce_epoch", "ce_specversion")
"""Headers that are told in words."""

_Service = Annotated[str, typer.Argument(help="Where it waits.")]
_Source = Annotated[str, typer.Argument(help="Whose stream it is.")]
_Stream = Annotated[str, typer.Argument(help="The stream's id.")]


@commands.command("list")
def list_streams(
    service: Annotated[str | None, typer.Option(help="Only what waits there.")] = None,
) -> None:
    """The streams that wait: where, since when, why, and how many messages of each."""
    operator = _operator()
    table = _table("service", "source", "stream, and why it waits", "reason", "waiting")
    silent: list[str] = []
    for name in [service] if service else SERVICES:
        try:
            found = operator.streams(name)
        except Fault as fault:
            silent.append(str(fault))
            continue
        for one in found:
            why = f"{one['stream']}\nsince {_local(one['parked_at'])}: {one['detail'][:_LONGEST_DETAIL]}"
            table.add_row(name, Text(one["source"]), Text(why), one["reason"], str(one["waiting"]))
    if table.row_count:
        Console().print(table)
    if silent:
        raise Fault("\n".join(silent))
    if not table.row_count:
        print("Nothing waits.")


@commands.command()
def show(service: _Service, source: _Source, stream: _Stream) -> None:
    """What the messages say that wait in a stream, and why each of them waits."""
    found = _operator().messages(Parked(service, source, stream), _SHOWN)
    for message in found["messages"]:
        _print_message(message)
    if more := found["waiting"] - len(found["messages"]):
        print(f"\n... and {_counted(more)} more.")


@commands.command()
def retake(service: _Service, source: _Source, stream: _Stream) -> None:
    """Take a stream from its source again: the first way to mend it. Waits up to 20 seconds for the source."""
    parked = Parked(service, source, stream)
    done = _operator().retake(parked)
    if done["came"]:
        print(f"{source} has published {stream} again from version {done['from_version']} on.")
    else:
        print(f"{source} is silent: version {done['from_version']} of {stream} has not come again.")
    print(_how_it_stands(parked, done["waiting"]))
    if done["why"]:
        print(f"Why: {done['why'][:_LONGEST_DETAIL]}")


@commands.command()
def replay(service: _Service, source: _Source, stream: _Stream) -> None:
    """Try a stream again, once its cause is mended; where something is missing, its source is asked again."""
    parked = Parked(service, source, stream)
    print(_how_it_stands(parked, _operator().replay(parked)["waiting"]))


@commands.command()
def discard(
    reason: Annotated[str, typer.Option(help="Why nobody needs it; kept for ever, with who decided.")],
    service: Annotated[str | None, typer.Argument(help="Where it waits.")] = None,
    source: Annotated[str | None, typer.Argument(help="Whose stream it is.")] = None,
    stream: Annotated[str | None, typer.Argument(help="The stream's id.")] = None,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="All records that do not say which fact they are.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """The last way: pass over the first message that waits in a stream, for ever, and go on with the next."""
    if unreadable and source is None:
        _discard_unreadable([service] if service else SERVICES, reason, yes=yes)
    elif service and source and stream and not unreadable:
        _discard_first(Parked(service, source, stream), reason, yes=yes)
    else:
        raise Fault("Name SERVICE SOURCE STREAM, or --unreadable with or without a SERVICE.")


@commands.command()
def release(
    reason: Annotated[str, typer.Option(help="What was made sure of; kept for ever, with who decided.")],
    units: Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help="P-numbers.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All units that are held.")] = False,
) -> None:
    """Let offers be made and accepted again at units that are held, as a fact about them was discarded (R8)."""
    if everything == bool(units):
        raise Fault("Name the units that are released, or --all.")
    released = _operator().release(units or (), reason)["p_numbers"]
    print(f"Released: {', '.join(released)}." if released else "No unit is held.")


@commands.command()
def republish(
    source: Annotated[str, typer.Argument(help="The service whose stream it is.")],
    stream: _Stream,
    from_version: Annotated[int, typer.Option(min=1, help="The first version that is missing somewhere.")] = 1,
) -> None:
    """Have a service publish a stream again: who has it takes no notice, and a gap closes."""
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
            print(f"{_told(missing)} never came and will be passed over too.")
        print(f"What will be missing in {parked.service}: {first['if_discarded']}.")
        typer.confirm(f"Pass over {_told(_only(first['version']))} for ever?", abort=True)
    done = operator.discard(parked, first["event_id"], reason)
    if missing := done["missing"]:
        print(f"{_told(missing)} never came and are passed over too.")
    for lost in done["lost"]:
        print(f"Missing from now on: {lost['type'] or 'facts'}, {_told(lost['versions']).lower()}: {lost['means']}.")
    if held := done["held_units"]:
        print(f"Held until ./aftale parked release: {', '.join(held)}.")
    print(f"{_told(_only(first['version']))} is passed over. {_how_it_stands(parked, done['waiting'])}")


def _discard_unreadable(services: Sequence[str], reason: str, *, yes: bool) -> None:
    operator = _operator()
    _refuse_to_discard_unasked(yes=yes)
    if not yes:
        told = ", ".join(services)
        typer.confirm(f"Pass over every record at {told} for ever that does not say which fact it is?", abort=True)
    for service in services:
        print(f"{service}: {operator.discard_unreadable(service, reason)['discarded']} passed over.")


def _refuse_to_discard_unasked(*, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise Fault("Nobody can be asked here: with --yes it is passed over without asking.")


def _only(version: int) -> dict[str, int]:
    return {"first": version, "last": version}


def _told(versions: dict[str, int]) -> str:
    if versions["first"] == versions["last"]:
        return f"Version {versions['first']}"
    return f"Versions {versions['first']} to {versions['last']}"


def _operator() -> Operator:
    return Operator(Machine(Settings()))


def _how_it_stands(parked: Parked, waiting: int) -> str:
    if not waiting:
        return f"{parked} is free."
    return f"{parked} still waits, with {_counted(waiting)}: ./aftale parked show {parked}"


def _counted(messages: int) -> str:
    return "one message" if messages == 1 else f"{messages} messages"


def _print_message(message: dict[str, Any]) -> None:
    body = message["body"]
    told = {
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
    for name, value in told.items():
        table.add_row(name, Text(value))
    Console().print("", table)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading == "waiting" else "left")
    return table


def _local(instant: str) -> str:
    """In the time zone of this machine."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"
