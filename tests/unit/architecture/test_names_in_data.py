"""Names that stand in data are listed, each with where it is stored: what the code has and what the list has agree."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel

from deploy.rulebook.example_facts import full, least
from shared.contracts import offers, vocabulary
from shared.deadlines import deadline
from shared.eventstore.decider import Decider, no_reservations, no_timers
from tests.unit.architecture import listed_names, names_in_code
from tests.unit.architecture.code_patterns import as_source, sources, sql_files
from tests.unit.architecture.names_in_code import DECIDERS, KINDS, Kind, facts, names, relations

WHAT_TO_DO = "a name in data changes only by a migration that old processes survive; see docs/names-in-data.md"
EXAMPLES = [make(fact) for fact in facts() for make in (least, full)]


def declares(decider: Decider[Any, Any]) -> bool:
    """Whether it has timers or reservations at all: the holidays of a centre need none."""
    return decider.timers is not no_timers or decider.reservations is not no_reservations


def listed(heading: str) -> Counter[str]:
    """The names of one kind, as the file has them."""
    (kind,) = [kind for kind in KINDS if kind.heading == heading]
    return listed_names.sections()[heading].names(in_two_columns=kind.in_two_columns)


def test_the_file_has_a_section_for_every_kind_and_no_other() -> None:
    assert [*listed_names.sections()] == [kind.heading for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.heading)
def test_the_list_and_the_code_have_the_same_names(kind: Kind) -> None:
    in_code, in_list = names(kind), listed(kind.heading)
    not_listed, not_in_code = sorted((in_code - in_list).elements()), sorted((in_list - in_code).elements())
    assert (not_listed, not_in_code) == ([], []), (
        f"{kind.heading}: {WHAT_TO_DO}.\nIn the code and not in the list: {not_listed}\n"
        f"In the list and no longer in the code: {not_in_code}"
    )


@pytest.mark.parametrize("heading", [heading for heading, section in listed_names.sections().items() if section.rows])
def test_every_name_says_where_it_is_stored(heading: str) -> None:
    section = listed_names.sections()[heading]
    assert [row for row in section.rows if len(row) != len(section.head) or not all(row)] == []
    assert section.says_where()


def test_every_table_and_column_of_the_list_exists() -> None:
    tables = {relation.split()[1] for relation in relations()}
    words = {word for _, script in sql_files() for word in re.findall(r"\w+", script)}
    others = {name for heading in ("Attributes of spans", "Advisory locks") for name in listed(heading)}
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", listed_names.FILE.read_text(encoding="utf-8"))) - others
    exist = {f"{table}.{word}" for table, word in product(tables, words)}
    assert named - exist == set()


def test_every_fact_and_field_of_the_list_exists() -> None:
    fields = {value.__name__: set(value.model_fields) for value in (*facts(), *vocabulary_of_facts())}
    named = re.findall(r"`([A-Z]\w+)\.(\w+)`", listed_names.FILE.read_text(encoding="utf-8"))
    assert {f"{value}.{name}" for value, name in named if name not in fields.get(value, ())} - {"Event.upcast"} == set()


def vocabulary_of_facts() -> list[type[BaseModel]]:
    """The values that facts carry."""
    values = [value for module in (vocabulary, offers, deadline) for value in vars(module).values()]
    return [value for value in values if isinstance(value, type) and issubclass(value, BaseModel)]


@pytest.mark.parametrize("decider", [one for one in DECIDERS if declares(one)], ids=lambda decider: decider.name)
def test_what_example_facts_call_for_is_listed(decider: Decider[Any, Any]) -> None:
    """What the code's text tells is also what its functions say when they run."""
    called_for = {f"{decider.name} {name}" for state in states(decider) for name in decider.timers(state)}
    reserved = {name for state in states(decider) for name in decider.reservations(state)}
    assert called_for or reserved, "no example calls for a timer or a name"
    assert unlisted(called_for, "Timers") == set(), WHAT_TO_DO
    assert unlisted(reserved, "Reservations") == set(), WHAT_TO_DO


def states(decider: Decider[Any, Any]) -> Iterator[Any]:
    """After one, two or three facts, each with as little or as much as it can have."""
    after: list[Any] = [decider.initial]
    for _ in range(3):
        after = [state for before in after for fact in EXAMPLES if (state := decider.fold([fact], before)) != before]
        after = list({repr(state): state for state in after}.values())
        yield from after


def unlisted(used: set[str], heading: str) -> set[str]:
    """Those that no pattern of the list fits."""
    patterns = [re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name)) for name in listed(heading)]
    return {name for name in used if not any(re.fullmatch(pattern, name) for pattern in patterns)}


@dataclass(frozen=True)
class Planted:
    heading: str
    code: str
    found: str


PLANTED = (
    Planted("Sources", 'SOURCE = "weather"', "weather"),
    Planted("Sources", 'Message(source="weather")', "weather"),
    Planted("Headers of messages", 'headers["ce_weather"]', "ce_weather"),
    Planted("Headers of messages", 'def concerns(state):\n    return {"weather": state.weather}', "ce_weather"),
    Planted("Topics", 'WEATHER_TOPIC = "weather"', "weather"),
    Planted("Consumer groups", 'read_topic(topics, consumer, purpose="weather")', "weather"),
    Planted(
        "Names on servers that begin with the project's", 'role = f"aftale_{schema}_reader"', "aftale_{schema}_reader"
    ),
    Planted("Metadata of events", 'metadata["weather"]', "weather"),
    Planted("Composed texts", 'Metadata(causation=f"{source}#{version}")', "{source}#{version}"),
    Planted("What seals are bound to", "def seal():\n    cipher.encrypt(nonce, text, case.weather)", "{weather} seal"),
    Planted("Deciders", 'Decider(name="weather")', "weather"),
    Planted(
        "Derived ids",
        "def control():\n    return uuid5(course.agreement_id, day)",
        "uuid5({agreement_id}, {day}) control",
    ),
    Planted("Derived ids", 'SPACE = UUID("0d6c6a52")\nuuid.uuid5(SPACE, "a")', "uuid5(0d6c6a52, a) "),
    Planted("Derived ids", "from uuid import uuid5 as derive", "uuid5 derive"),
    Planted("Derived ids", "map(uuid5, spaces, days)", "uuid5 services/planted.py"),
    Planted("Digests", "def seed():\n    return hashlib.blake2b(day.encode())", "blake2b({day}) seed"),
    Planted("Digests", "def seed():\n    return sha256(agreement_id.bytes)", "sha256({agreement_id}) seed"),
    Planted("Advisory locks", 'ask("select pg_advisory_lock(hashtext($1))", f"weather.{schema}")', "weather.{schema}"),
    Planted("Advisory locks", 'LOCK = "select pg_advisory_xact_lock(hashtext($1))"\nask(LOCK, name)', "{name}"),
    Planted("Advisory locks", "ask(\"select pg_try_advisory_lock(hashtext('weather'))\")", "weather"),
    Planted("Advisory locks", 'ask("select pg_advisory_lock(17)")', "(17)"),
    Planted("Advisory locks", 'ask("select pg_advisory_lock(" + str(number))', "("),
    Planted("Channels", "ask(\"select pg_notify('weather', '')\")", "weather"),
    Planted("Channels", 'ask("listen weather")', "weather"),
    Planted("Channels", 'connection.add_listener("weather", hear)', "weather"),
    Planted("Choices", 'weather: Literal["fair"]', "weather fair"),
    Planted("Codes that rules write", 'AgreementEndNoted(outcome="forgotten")', "outcome forgotten"),
    Planted("Deadlines in the view", "with_deadlines(case, weather=deadline)", "weather"),
    Planted("Spans", 'span("weather")', "weather"),
    Planted("Metrics", 'meter.create_counter("weather")', "weather"),
    Planted("State folder", 'settings.state / "weather"', "weather"),
    Planted("HTTP headers", 'request.headers["Weather-Report"]', "Weather-Report"),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.heading}: {planted.code}")
def test_a_new_name_in_the_code_is_found(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    source = as_source("services/planted.py", planted.code)
    monkeypatch.setattr(names_in_code, "sources", lambda *folders: (*sources(*folders), source))
    (kind,) = [kind for kind in KINDS if kind.heading == planted.heading]
    assert [*(names(kind) - listed(kind.heading))] == [planted.found]


@pytest.mark.parametrize(
    ("heading", "script", "found"),
    [
        ("Advisory locks", "perform pg_advisory_lock(hashtext(current_schema() || '.weather'));", "{schema}.weather"),
        ("Channels", "perform pg_notify('weather', '');", "weather"),
        ("Tables, views and functions", "create table weather (day date);", "event_store weather"),
    ],
)
def test_a_new_name_in_sql_is_found(heading: str, script: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = ("migrations/event_store/versions/0009_planted.sql", script)
    monkeypatch.setattr(names_in_code, "sql_files", lambda: (*sql_files(), planted))
    (kind,) = [kind for kind in KINDS if kind.heading == heading]
    assert [*(names(kind) - listed(heading))] == [found]
