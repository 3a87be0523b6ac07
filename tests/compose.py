"""Compose's file as a test reads it: each container with its command and its environment."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "deploy" / "containers" / "compose.yaml"
_LINE = re.compile(r"^(?P<indent> *)(?P<key>[\w<.-]+): ?(?P<value>.*)$")
_ANCHOR = re.compile(r"^&(\w+)(?: (.*))?$")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_PART = re.compile(r"(<<|\w+): (\[[^]]*\]|[^,}]+)")


@dataclass(frozen=True)
class Container:
    """One of those that Compose starts."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    logging: Mapping[str, Any]
    """How its log is kept; empty where the engine keeps all of it."""


def containers(secrets: Mapping[str, str]) -> dict[str, Container]:
    """All of them, as Compose would start them with these variables. Raises KeyError for one that is not set."""
    read = _read(iter(FILE.read_text(encoding="utf-8").splitlines()))
    return {
        name: Container(
            tuple(_items(str(made.get("command", "[]")))),
            {key: _substituted(value, secrets) for key, value in made.get("environment", {}).items()},
            made.get("logging", {}),
        )
        for name, made in read["services"].items()
    }


def _read(lines: Iterator[str]) -> dict[str, Any]:
    """Mappings, anchors and merges: what that file has of YAML, and no more."""
    anchors: dict[str, Any] = {}
    root: dict[str, Any] = {}
    stack: list[tuple[int, dict[str, Any]]] = [(-1, root)]
    for line in lines:
        found = _LINE.match(line)
        if found is None or line.lstrip().startswith("#"):
            continue
        indent, key, value = len(found["indent"]), found["key"], re.sub(r" +#.*$", "", found["value"])
        while stack[-1][0] >= indent:
            stack.pop()
        target = stack[-1][1]
        anchor = None
        if named := _ANCHOR.match(value):
            anchor, value = named[1], named[2] or ""
        made: Any = {} if not value else _value(value, anchors)
        if key == "<<":
            _merge(target, made)
        else:
            target[key] = made
        if anchor is not None:
            anchors[anchor] = made
        if not value:
            stack.append((indent, made))
    return root


def _value(text: str, anchors: Mapping[str, Any]) -> Any:
    if text.startswith("*"):
        return anchors[text[1:]]
    if text.startswith("[*"):
        return [anchors[name.strip()[1:]] for name in text[1:-1].split(",")]
    if text.startswith("{"):
        made: dict[str, Any] = {}
        for key, value in _PART.findall(text):
            if key == "<<":
                _merge(made, _value(value, anchors))
            else:
                made[key] = _value(value.strip(), anchors)
        return made
    return text.strip('"')


def _merge(target: dict[str, Any], others: Any) -> None:
    for other in others if isinstance(others, list) else [others]:
        for key, value in other.items():
            target.setdefault(key, value)


def _items(text: str) -> list[str]:
    return [item.strip().strip('"') for item in text.strip("[]").split(",") if item.strip()]


def _substituted(text: str, variables: Mapping[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        if found[2] == "-":
            return variables.get(found[1]) or found[3]
        return variables[found[1]]

    return _VARIABLE.sub(one, text)
