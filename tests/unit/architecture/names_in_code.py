"""The names that the code puts into data, gathered by kind; docs/names-in-data.md lists the same."""

import ast
import csv
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard
from uuid import UUID

from deploy.local import machine
from deploy.local.settings import Settings
from migrations.revisions import CHAINS
from migrations.topics import TOPICS
from services.control.service import SERVICE as CONTROL
from services.guidance.service import SERVICE as GUIDANCE
from services.notices.service import SERVICE as NOTICES
from services.offers.service import SERVICE as OFFERS
from shared import contracts
from shared.eventstore.commands import timer_rows
from shared.eventstore.decider import Decider
from shared.eventstore.events import Event, Metadata, private_fields
from shared.messaging.bus import RepublishRequest
from shared.messaging.cloudevents import Message
from shared.service import EventSourced
from shared.telemetry.context import ATTRIBUTES
from tests.unit.architecture.code_patterns import (
    PROJECT,
    SOURCES,
    Source,
    argument,
    called,
    callees,
    literals,
    names_of,
    pattern,
    source,
    sources,
    sql_files,
    tree_of,
)

SERVICES: tuple[EventSourced, ...] = (OFFERS, GUIDANCE, CONTROL, NOTICES)
DECIDERS: tuple[Decider[Any, Any], ...] = tuple(subject for service in SERVICES for subject in service.subjects)
_IN_MEMORY_ONLY = frozenset({"Place"})
"""Enumerations whose values are never written anywhere: shared/messaging/inbox.py has the one."""
_THE_CASE = '""'
_AT = datetime(2026, 3, 5, tzinfo=UTC)


def contract_modules() -> list[ModuleType]:
    """Those with facts."""
    modules = (
        importlib.import_module(f"{contracts.__name__}.{one.name}") for one in pkgutil.iter_modules(contracts.__path__)
    )
    return [module for module in modules if hasattr(module, "FACTS")]


def facts() -> tuple[type[Event], ...]:
    """Every fact that anybody publishes."""
    return tuple(fact for module in contract_modules() for fact in module.FACTS)


def fact_types() -> Iterator[str]:
    return (f"{fact.__name__} {fact.schema_version}" for fact in facts())


def ce_sources() -> Iterator[str]:
    """Our services', what contracts and the consumer call others, and what is written into a message by hand."""
    yield from (service.name for service in SERVICES)
    yield from (module.SOURCE for module in contract_modules() if hasattr(module, "SOURCE"))
    for one in sources():
        yield from (text for name, text in one.texts.items() if name in ("SOURCE", "UNREADABLE"))
        for _, call in one.calls:
            match argument(call, 99, "source"):
                case ast.Constant(value=str(text)) if called(call) == "Message":
                    yield text


def message_headers() -> Iterator[str]:
    """What a message carries, what is read of it anywhere, and what deciders say that facts concern."""
    message = Message(
        source="offers",
        stream=UUID(int=1),
        epoch=1,
        version=1,
        event_id=UUID(int=2),
        type="OfferSent",
        schema_version=1,
        occurred_at=_AT,
        recorded_at=_AT,
        body="{}",
        actor="inspector",
        on_behalf_of="13748136",
        policy="2024-01-01",
        traceparent="00-1-1-01",
    )
    yield from (name for name, _ in message.headers())
    for one in sources():
        yield from (text for text in _written(one) if re.fullmatch(r"ce_[a-z]+", text))
    yield from (f"ce_{name}" for name in concerns())


def concerns() -> Iterator[str]:
    """Keys of the dictionaries in functions called `concerns`, or given under that name."""
    for one in sources():
        for node in one.nodes:
            match node:
                case ast.FunctionDef(name="concerns") | ast.keyword(arg="concerns"):
                    yield from _keys(node)


def _written(one: Source) -> Iterator[str]:
    return (node.value for node in one.nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _keys(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            yield from (key.value for key in part.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def topics() -> Iterator[str]:
    yield from TOPICS
    for one in sources():
        yield from (text for name, text in one.texts.items() if name.endswith("_TOPIC"))


def republish_requests() -> Iterator[str]:
    yield from RepublishRequest.model_fields


def metadata_keys() -> Iterator[str]:
    """What `Metadata` holds, what `append` adds to it, and what is read of it."""
    yield from (field.name for field in fields(Metadata))
    for one in sources("shared", "services"):
        for node in one.nodes:
            match node:
                case ast.Dict(keys=[None, *_], values=[ast.Call(func=ast.Attribute(attr="as_dict")), *_]):
                    yield from _keys(node)
                case ast.Subscript(
                    value=ast.Name(id="metadata") | ast.Attribute(attr="metadata"), slice=ast.Constant(value=str(text))
                ):
                    yield text
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="metadata") | ast.Attribute(attr="metadata"), attr="get"),
                    args=[ast.Constant(value=str(text)), *_],
                ):
                    yield text


def kept_answers() -> Iterator[str]:
    """Keys of what is kept with an idempotency key, as written and as read."""
    for node in source("shared/http/commands.py").nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id="kept")], value=value):
                yield from _keys(value)
            case ast.Subscript(value=ast.Name(id="answer"), slice=ast.Constant(value=str(text))):
                yield text


def private_subjects() -> Iterator[str]:
    """Each private field by whom it is about; `""` is the case itself."""
    for fact in facts():
        for name, marker in private_fields(fact).items():
            yield f"{marker.about or _THE_CASE} {fact.__name__}.{name}"


def decider_names() -> Iterator[str]:
    """Also of deciders that no service has yet."""
    yield from (decider.name for decider in DECIDERS)
    for one in sources("shared", "services"):
        for _, call in one.calls:
            name = argument(call, 0, "name")
            if called(call) == "Decider" and name is not None:
                yield pattern(name, one.texts)


def timers() -> Iterator[str]:
    """Keys of all dictionaries that a decider's `timers`, and functions of the same kind that it calls, make."""
    for decider in DECIDERS:
        yield from (f"{decider.name} {name}" for name in _timers(decider.timers))


def _timers(function: Callable[..., Any]) -> Iterator[str]:
    names = names_of(function)
    for node in ast.walk(tree_of(function)):
        match node:
            case ast.Dict(keys=keys):
                yield from (pattern(key, names) for key in keys if key is not None)
            case ast.DictComp(key=key):
                yield pattern(key, names)
            case ast.Assign(targets=[ast.Subscript(slice=key)]):
                yield pattern(key, names)
    for callee in callees(function, [dict[str, datetime], Mapping[str, datetime]]):
        yield from _timers(callee)


def reservations() -> Iterator[str]:
    """All texts that a decider's `reservations`, and the functions that it calls, make."""
    for decider in DECIDERS:
        yield from _names_made_in(decider.reservations)


def _names_made_in(function: Any) -> Iterator[str]:
    names = names_of(function)
    for node in ast.walk(tree_of(function)):
        if isinstance(node, ast.JoinedStr):
            yield pattern(node, names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called_function = names.get(node.func.id)
            makes = getattr(called_function, "__annotations__", {}).get("return")
            if makes is str:
                yield pattern(node, names)
            elif makes == frozenset[str]:
                yield from _names_made_in(called_function)


_DERIVES = ("uuid3", "uuid5")


def derived_ids() -> Iterator[str]:
    """Every call that derives an id: the namespace, the name, and the function that does so. One entry per call.

    Also every place where such a function is given another name or handed on: what is called there is not seen.
    """
    for one in sources():
        seen = set()
        for function, call in one.calls:
            if called(call) in _DERIVES:
                seen.add(call.func)
                seed = ", ".join(pattern(each, one.texts) for each in call.args)
                yield f"{called(call)}({seed}) {function}"
        for node in one.nodes:
            match node:
                case ast.alias(name=name, asname=str(other)) if name in _DERIVES:
                    yield f"{name} {other}"
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in _DERIVES and node not in seen:
                    yield f"{name} {one.path}"


_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s")


def digests() -> Iterator[str]:
    """Every call that digests something. One entry per call."""
    for one in sources():
        for function, call in one.calls:
            match call.func:
                case ast.Attribute(value=ast.Name(id="hashlib" | "hmac"), attr=name) | ast.Name(id=name) if name in (
                    *_DIGESTS,
                    "file_digest",
                    "new",
                    "digest",
                ) and not (name in ("new", "digest") and isinstance(call.func, ast.Name)):
                    yield f"{name}({', '.join(pattern(each, one.texts) for each in call.args)}) {function}"


def sealed_with() -> Iterator[str]:
    """What encryption binds a text to, and who does so: with another one nothing opens that was sealed before."""
    for one in sources():
        for function, call in one.calls:
            if called(call) in ("encrypt", "decrypt") and len(call.args) == 3:
                yield f"{pattern(call.args[2], one.texts)} {function}"
        for node in one.nodes:
            match node:
                case ast.FunctionDef(
                    name="about", body=[*_, ast.Return(value=ast.Call(func=ast.Attribute(attr="encode")) as value)]
                ):
                    yield f"{pattern(value, one.texts)} about"


_LOCK = re.compile(r"pg_(?:try_)?advisory_\w*(?:\(hashtext\((?P<hashed>(?:[^()]|\(\))*)\)\)|(?P<plain>.*))")


def advisory_locks() -> Iterator[str]:
    """The name of every advisory lock, in SQL files and in SQL inside of Python."""
    yield from _sql_names(_LOCK)


_CHANNEL = re.compile(r"pg_notify\((?P<hashed>[^,)]*)|\b(?:un)?(?:listen|notify) +(?P<plain>[a-z_.\"]+)")


def channels() -> Iterator[str]:
    """Every channel that somebody is told on, or listens to."""
    yield from _sql_names(_CHANNEL)
    for one in sources():
        for _, call in one.calls:
            if called(call) in ("add_listener", "remove_listener"):
                yield _assigned(call.args[0])


def _sql_names(names: re.Pattern[str]) -> Iterator[str]:
    for _, script in sql_files():
        yield from (_of_sql(found) for found in names.finditer(script))
    for one in sources():
        documentation = set(_docstrings(one.nodes))
        for node in one.nodes:
            if isinstance(node, ast.Constant | ast.JoinedStr) and node not in documentation:
                for found in names.finditer(pattern(node, one.texts) if _is_text(node) else ""):
                    yield _given(one, node) if "$1" in found[0] else _of_sql(found)


def _is_text(node: ast.Constant | ast.JoinedStr) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(node.value, str)


def _docstrings(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _of_sql(found: re.Match[str]) -> str:
    """`current_schema() || '.rebuild'` as `{schema}.rebuild`."""
    written = found["hashed"] if found["hashed"] is not None else found["plain"]
    parts = [part.strip() for part in written.split("||")]
    return "".join("{schema}" if part == "current_schema()" else part.strip("'") for part in parts)


def _given(one: Source, statement: ast.expr) -> str:
    """What is handed to a statement for `$1`, where it is called by its name or written into the call."""
    names = {
        node.targets[0].id
        for node in one.tree.body
        if isinstance(node, ast.Assign) and node.value is statement and isinstance(node.targets[0], ast.Name)
    }
    for _, call in one.calls:
        first = call.args[0] if len(call.args) > 1 else None
        if first is statement or (isinstance(first, ast.Name) and first.id in names):
            return _assigned(call.args[1])
    return f"a statement in {one.path}, line {statement.lineno}, whose name was not found"


def _assigned(node: ast.expr) -> str:
    """The text itself, or what is assigned to the attribute that stands for it."""
    if isinstance(node, ast.Attribute):
        for one in sources():
            for assigned in one.nodes:
                match assigned:
                    case ast.Assign(targets=[ast.Attribute(attr=node.attr)], value=ast.JoinedStr() as value):
                        return pattern(value, one.texts)
    return pattern(node, {})


def enum_values() -> Iterator[str]:
    defined = {value for module in _modules("shared", "services") for value in vars(module).values() if _is_enum(value)}
    yield from (f"{enum.__name__} {member.value}" for enum in defined for member in enum)


def _is_enum(value: object) -> TypeGuard[type[Enum]]:
    if not (isinstance(value, type) and issubclass(value, Enum)):
        return False
    return value.__module__.startswith(("shared.", "services.")) and value.__name__ not in _IN_MEMORY_ONLY


def _modules(*packages: str) -> Iterator[ModuleType]:
    for package in packages:
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            yield importlib.import_module(found.name)


def literal_values() -> Iterator[str]:
    """Texts in `Literal[...]`, by the name or the field that is one."""
    for one in sources("shared", "services"):
        for node in one.nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=declared):
                    yield from _literal(name, declared)
                case ast.AnnAssign(target=ast.Name(id=name), annotation=declared):
                    yield from _literal(name, declared)


def _literal(name: str, declared: ast.expr) -> Iterator[str]:
    for part in ast.walk(declared):
        if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id == "Literal":
            yield from (f"{name} {text}" for text in literals(part.slice))


def reference_codes() -> Iterator[str]:
    for file in sorted((PROJECT / "shared" / "reference" / "files").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            yield from (f"{file.stem} {row['code']}" for row in csv.DictReader(lines))


def recorded_versions() -> Iterator[str]:
    """Versions that facts carry: of policies, and of the letter."""
    yield from (f"policy {file.stem}" for file in (PROJECT / "shared" / "policy" / "files").glob("*.toml"))
    yield f"letter {source('services/offers/rules/letter.py').texts['LETTER_VERSION']}"


_CODED_IN = ("outcome", "how", "rule", "deadline_rule", "anchor_event")
"""Text fields of facts whose values stand in the code itself, and not in a reference file or an enumeration."""
_HANDED_ON_BY_PLACE = {
    "NoteEnd": ("at", "outcome"),
    "NoteNotAccepted": ("at", "policy", "agreement_id", "how"),
    "_noted": ("state", "outcome", "at"),
    "_deadline": ("deadline_rule", "policy", "anchor", "anchor_event"),
}


def codes_in_rules() -> Iterator[str]:
    """Constants that rules give to such a field, or to the command from which a fact takes it."""
    for one in sources("services", "shared/deadlines"):
        if "/http/" in one.path or "/reporting/" in one.path:
            continue
        for _, call in one.calls:
            if called(call) == "Attachments" or called(call).startswith("refuse"):  # those rules stand in refusals
                continue
            for name, value in _given_fields(call):
                if name in _CODED_IN:
                    yield from (f"{name} {text}" for text in _choices(value, one))


def _given_fields(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    yield from ((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg is not None)
    yield from zip(_HANDED_ON_BY_PLACE.get(called(call), ()), call.args, strict=False)


def _choices(node: ast.expr, one: Source) -> Iterator[str]:
    """The constants that an expression can be; of a local variable, all that are assigned to it."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*_choices(body, one), *_choices(orelse, one))
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in one.texts:
            yield one.texts[name]
        case ast.Name(id=name):
            for assigned in one.nodes:
                match assigned:
                    case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                        yield from _choices(value, one)
                    case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                        for each, value in zip(targets, values, strict=True):
                            if isinstance(each, ast.Name) and each.id == name:
                                yield from _choices(value, one)


def composed_texts() -> Iterator[str]:
    """Texts with parts that are stored and taken apart again, or compared: causations and names of timers."""
    for one in sources("shared", "services"):
        for _, call in one.calls:
            composed = (each.value for each in call.keywords if each.arg == "causation")
            yield from (pattern(value, one.texts) for value in composed if isinstance(value, ast.JoinedStr))
    (rows,) = [node for node in ast.walk(tree_of(timer_rows)) if isinstance(node, ast.DictComp)]
    yield pattern(rows.key, names_of(timer_rows))


def deadlines_in_the_view() -> Iterator[str]:
    """Names under which deadlines stand in the view, as written and as read."""
    for one in sources("services/reporting"):
        for _, call in one.calls:
            if called(call) == "with_deadlines":
                yield from (keyword.arg for keyword in call.keywords if keyword.arg is not None)
            elif called(call) == "deadline_end":
                yield pattern(call.args[1], one.texts)


def schemas() -> Iterator[str]:
    yield from CHAINS


def revisions() -> Iterator[str]:
    """Of each chain of migrations, as alembic keeps it."""
    for one in sources("migrations"):
        if "revision" in one.texts:
            yield f"migrated_{one.path.split('/')[1]} {one.texts['revision']}"


_CREATED = re.compile(r"^\W*create (?:or replace )?(?:table|view|function) (?!if)([a-z_]+)\b", re.MULTILINE)


def relations() -> Iterator[str]:
    """Tables, views and functions that migrations make, by chain."""
    for path, script in sql_files():
        if path.startswith("migrations/"):
            yield from (f"{path.split('/')[1]} {name}" for name in _CREATED.findall(script))
    for one in sources("migrations"):
        for text in _written(one):
            yield from (f"{one.path.split('/')[1]} {name}" for name in _CREATED.findall(text))


def names_on_servers() -> Iterator[str]:
    """Texts that begin with the project's name: roles, groups, clients, connections. Spans and metrics are apart."""
    apart = set(metrics())
    for one in sources("shared", "services", "migrations"):
        for node in one.nodes:
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                text = pattern(node, one.texts)
                if re.fullmatch(r"aftale[-_]\S+", text) and text not in apart:
                    yield text


def group_purposes() -> Iterator[str]:
    """What tells the consumer groups of one service apart."""
    for one in sources("shared", "services"):
        for _, call in one.calls:
            purpose = argument(call, 99, "purpose")
            if called(call) in ("read_topic", "_read") and isinstance(purpose, ast.Constant):
                yield pattern(purpose, one.texts)


def span_names() -> Iterator[str]:
    for one in sources("shared", "services"):
        if one.path == "shared/telemetry/context.py":
            continue
        for _, call in one.calls:
            if called(call) in ("span", "mark", "rename") and call.args:
                yield pattern(call.args[0], one.texts)


def span_attributes() -> Iterator[str]:
    """Those that a span may have, and those of the process."""
    yield from ATTRIBUTES
    for _, call in source("shared/telemetry/setup.py").calls:
        if called(call) == "create":
            yield from _keys(call)


_INSTRUMENTS = (
    r"(create_(?:observable_)?(?:counter|histogram|gauge|up_down_counter)"
    r"|(?:Counter|Gauge|Histogram|Summary)(?:MetricFamily)?)"
)


def metrics() -> Iterator[str]:
    """Whatever makes an instrument of OpenTelemetry or Prometheus."""
    for one in sources():
        for _, call in one.calls:
            first = argument(call, 0, "name")
            if re.fullmatch(_INSTRUMENTS, called(call)) and isinstance(first, ast.Constant | ast.JoinedStr):
                yield pattern(first, one.texts)


def state_files() -> Iterator[str]:
    """What lies in a state folder: what `reset` removes, and whatever a service keeps below `state` or its secrets."""
    yield from machine.DATA
    for one in sources("shared", "services", "deploy/local"):
        for node in one.nodes:
            match node:
                case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=str(text))):
                    yield from (f"{folder}{text}" for folder in _folder(left))


def _folder(node: ast.expr) -> Iterator[str]:
    """Below which folder of the state folder, or nothing where it is another one."""
    match node:
        case (
            ast.Attribute(attr="state")
            | ast.Name(id="state")
            | ast.Attribute(value=ast.Attribute(attr="state"), attr="folder")
        ):
            yield ""
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=str(text))):
            yield from (f"{folder}{text}/" for folder in _folder(left))
        case ast.Attribute(attr="secrets") | ast.Attribute(value=ast.Name(id="self"), attr="_folder"):
            yield "secrets/"


_VARIABLE = re.compile(r"\bAFTALE_[A-Z_]*[A-Z]\b")


def release_steps() -> Iterator[str]:
    """The names that steps are made with; one that is passed in is made elsewhere."""
    for one in sources("shared", "services"):
        for _, call in one.calls:
            match argument(call, 0, "name"):
                case ast.Name(id=name) if called(call) == "ReleaseStep":
                    yield one.texts[name]
                case ast.Constant(value=str(text)) if called(call) == "ReleaseStep":
                    yield text


def environment_variables() -> Iterator[str]:
    """What the code, the start script and the containers read; tests' own among them."""
    code = (file for folder in (*SOURCES, "tests") for file in (PROJECT / folder).rglob("*.py"))
    for file in filter(Path.is_file, (PROJECT / "aftale", *(PROJECT / "deploy" / "containers").iterdir(), *code)):
        yield from _VARIABLE.findall(file.read_text(encoding="utf-8"))
    yield from (f"AFTALE_{name.upper()}" for name in Settings.model_fields)


_HTTP_HEADER = re.compile(r"[A-Z][a-z]+(-[A-Z][a-z]+)+|ETag|Authorization|Location")


def http_headers() -> Iterator[str]:
    """Headers of requests and answers that the services read or write."""
    for one in sources("shared", "services"):
        documentation = set(_docstrings(one.nodes))
        for node in one.nodes:
            match node:
                case ast.Constant(value=str(text)) if node not in documentation and _HTTP_HEADER.fullmatch(text):
                    yield text


def token_claims() -> Iterator[str]:
    """Claims that are written into a token or read out of one."""
    for node in source("shared/http/tokens.py").nodes:
        match node:
            case ast.AnnAssign(target=ast.Name(id="claims"), value=value) if value is not None:
                yield from _keys(value)
            case ast.Subscript(value=ast.Name(id="claims"), slice=ast.Constant(value=str(text))):
                yield text
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="claims"), attr="get"), args=[ast.Constant(value=str(text)), *_]
            ):
                yield text


@dataclass(frozen=True)
class Kind:
    """Names of one kind: the heading under which the file lists them, and how the code tells them."""

    heading: str
    gather: Callable[[], Iterable[str]]
    in_two_columns: bool = False
    """A name is made of the first cell of a row and of the second."""
    each_place_counts: bool = False
    """Two places in the code that make the same text are listed twice."""


KINDS = (
    Kind("Types of facts", fact_types, in_two_columns=True),
    Kind("Sources", ce_sources),
    Kind("Headers of messages", message_headers),
    Kind("Topics", topics),
    Kind("Requests to publish again", republish_requests),
    Kind("Consumer groups", group_purposes),
    Kind("Names on servers that begin with the project's", names_on_servers),
    Kind("Metadata of events", metadata_keys),
    Kind("What facts concern", concerns),
    Kind("Composed texts", composed_texts),
    Kind("Subjects of private parts", private_subjects, in_two_columns=True),
    Kind("What seals are bound to", sealed_with, in_two_columns=True, each_place_counts=True),
    Kind("Deciders", decider_names),
    Kind("Timers", timers, in_two_columns=True),
    Kind("Reservations", reservations),
    Kind("Release steps", release_steps),
    Kind("Derived ids", derived_ids, in_two_columns=True, each_place_counts=True),
    Kind("Digests", digests, in_two_columns=True, each_place_counts=True),
    Kind("Advisory locks", advisory_locks),
    Kind("Channels", channels),
    Kind("Kept answers", kept_answers),
    Kind("Enumerations", enum_values, in_two_columns=True),
    Kind("Choices", literal_values, in_two_columns=True),
    Kind("Codes that rules write", codes_in_rules, in_two_columns=True),
    Kind("Reference codes", reference_codes, in_two_columns=True),
    Kind("Versions in facts", recorded_versions, in_two_columns=True),
    Kind("Deadlines in the view", deadlines_in_the_view),
    Kind("Schemas", schemas),
    Kind("Tables, views and functions", relations, in_two_columns=True),
    Kind("Migrations", revisions, in_two_columns=True),
    Kind("Spans", span_names),
    Kind("Attributes of spans", span_attributes),
    Kind("Metrics", metrics),
    Kind("State folder", state_files),
    Kind("HTTP headers", http_headers),
    Kind("Claims of tokens", token_claims),
    Kind("Environment variables", environment_variables),
)


def names(kind: Kind) -> Counter[str]:
    """The names that the code has of a kind."""
    found = Counter(kind.gather())
    return found if kind.each_place_counts else Counter(set(found))
