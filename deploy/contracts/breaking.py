"""Finds changes of a contract that break clients of the released one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_EXACT = ("pattern", "format")
_LISTED = re.compile(r"\^\((\w+(?:\|\w+)*)\)\$")
"""A pattern that only lists values."""

Schema = Mapping[str, Any]


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns what was removed or is newly required; empty if no client has to change.

    It understands OpenAPI and AsyncAPI documents, and JSON schemas of files that we read, as this project writes them.
    """
    if "channels" in old:
        return list(_facts(old, new))
    if "paths" in old:
        return list(_operations(old, new))
    return list(_Comparison(old, new, sent_to_us=True).compare(old, new, "file"))


@dataclass(frozen=True)
class _Comparison:
    """Compares the schemas of two documents."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    sent_to_us: bool
    """Whether clients send the values (then a narrower type breaks), or we do (then a wider type or a missing field
    does)."""

    def compare(
        self, old: Schema, new: Schema, where: str, within: frozenset[tuple[int, int]] = frozenset()
    ) -> Iterator[str]:
        """Yields the breaking changes between two schemas."""
        old, new = _resolve(self.old, old), _resolve(self.new, new)
        before, now = _alternatives(self.old, old), _alternatives(self.new, new)
        lost = set(before) - set(now) if self.sent_to_us else set(now) - set(before)
        if lost:
            yield f"{where}: {'no longer takes' if self.sent_to_us else 'may now be'} {', '.join(sorted(lost))}"
        for kind in sorted(set(before) & set(now)):
            yield from self._alike(before[kind], now[kind], where, within)

    def _alike(self, old: Schema, new: Schema, where: str, within: frozenset[tuple[int, int]]) -> Iterator[str]:
        """Compares two schemas of one type; a schema that contains itself is compared once."""
        if (id(old), id(new)) in within:
            return
        within |= {(id(old), id(new))}
        if self.sent_to_us:
            yield from _values(old, new, where)
            yield from _bounds(old, new, where)
        yield from self._fields(old, new, where, within)
        for parts in ("items", "additionalProperties"):
            if isinstance(old.get(parts), Mapping) and isinstance(new.get(parts), Mapping):
                yield from self.compare(old[parts], new[parts], f"{where}[]", within)

    def _fields(self, old: Schema, new: Schema, where: str, within: frozenset[tuple[int, int]]) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in now:
                yield f"{where}.{name}: is gone"
            else:
                yield from self.compare(before[name], now[name], f"{where}.{name}", within)
        required_before, required_now = set(old.get("required", ())), set(new.get("required", ()))
        if self.sent_to_us:
            yield from (f"{where}.{name}: is required now" for name in sorted(required_now - required_before))
            if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
                yield f"{where}: no longer takes unknown fields"
        else:
            kept = (required_before - required_now) & set(now)
            yield from (f"{where}.{name}: may be missing now" for name in sorted(kept))


def _values(old: Schema, new: Schema, where: str) -> Iterator[str]:
    before, now = _allowed(old), _allowed(new)
    if now is None:
        return
    gone = ["any other value"] if before is None else sorted(before - now)
    if gone:
        yield f"{where}: no longer takes {', '.join(gone)}"


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for name in _LOWER_BOUNDS:
        if name in new and (name not in old or new[name] > old[name]):
            yield f"{where}: {name} is {new[name]} now, and was {old.get(name, 'none')}"
    for name in _UPPER_BOUNDS:
        if name in new and (name not in old or new[name] < old[name]):
            yield f"{where}: {name} is {new[name]} now, and was {old.get(name, 'none')}"
    for name in _EXACT:
        if name in new and new[name] != old.get(name):
            yield f"{where}: {name} is {new[name]} now, and was {old.get(name, 'none')}"


def _operations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in old["paths"].items():
        for method in (method for method in _METHODS if method in operations):
            where = f"{method.upper()} {path}"
            operation = new["paths"].get(path, {}).get(method)
            if operation is None:
                yield f"{where}: is gone"
                continue
            named, named_now = operations[method].get("operationId"), operation.get("operationId")
            if named != named_now:
                yield f"{where}: operationId is {named_now} now, and was {named}"
            yield from _parameters(old, new, operations[method], operation, where)
            yield from _bodies(old, new, operations[method], operation, where)
            yield from _answers(old, new, operations[method], operation, where)


def _parameters(
    old: Mapping[str, Any], new: Mapping[str, Any], before: Schema, now: Schema, where: str
) -> Iterator[str]:
    comparison = _Comparison(old, new, sent_to_us=True)
    asked_before = {(one["in"], one["name"]): one for one in before.get("parameters", ())}
    asked_now = {(one["in"], one["name"]): one for one in now.get("parameters", ())}
    for key, parameter in asked_before.items():
        name = f"{where} {key[0]} {key[1]}"
        if key not in asked_now:
            yield f"{name}: is gone"
        else:
            yield from comparison.compare(parameter["schema"], asked_now[key]["schema"], name)
    for key, parameter in asked_now.items():
        if parameter.get("required") and not asked_before.get(key, {}).get("required"):
            yield f"{where} {key[0]} {key[1]}: is required now"


def _bodies(old: Mapping[str, Any], new: Mapping[str, Any], before: Schema, now: Schema, where: str) -> Iterator[str]:
    body_before, body_now = before.get("requestBody"), now.get("requestBody")
    if body_now is not None and body_now.get("required") and not (body_before or {}).get("required"):
        yield f"{where} body: is required now"
    if body_before is not None:
        yield from _contents(_Comparison(old, new, sent_to_us=True), body_before, body_now or {}, f"{where} body")


def _answers(old: Mapping[str, Any], new: Mapping[str, Any], before: Schema, now: Schema, where: str) -> Iterator[str]:
    for status, answer in before["responses"].items():
        if status not in now["responses"]:
            yield f"{where} {status}: is gone"
            continue
        answer_now = now["responses"][status]
        yield from _contents(_Comparison(old, new, sent_to_us=False), answer, answer_now, f"{where} {status}")
        for header in answer.get("headers", {}):
            if header not in answer_now.get("headers", {}):
                yield f"{where} {status} header {header}: is gone"


def _contents(comparison: _Comparison, before: Schema, now: Schema, where: str) -> Iterator[str]:
    for media_type, content in before.get("content", {}).items():
        if media_type not in now.get("content", {}):
            yield f"{where}: is no longer {media_type}"
        else:
            yield from comparison.compare(
                content.get("schema", {}), now["content"][media_type].get("schema", {}), where
            )


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Compares facts in both directions: recorded ones must stay readable, and consumers rely on their fields."""
    for topic, channel in old["channels"].items():
        if topic not in new["channels"]:
            yield f"topic {topic}: is gone"
            continue
        channel_now = new["channels"][topic]
        partitions, partitions_now = (one["bindings"]["kafka"]["partitions"] for one in (channel, channel_now))
        if partitions_now != partitions:
            yield f"topic {topic}: has {partitions_now} partitions now, which breaks the order per key"
        for name in channel["messages"]:
            if name not in channel_now["messages"]:
                yield f"topic {topic} {name}: is gone"
                continue
            payload, payload_now = (one["components"]["messages"][name]["payload"] for one in (old, new))
            where = f"topic {topic} {name}"
            taken, given = (
                list(_Comparison(old, new, sent_to_us).compare(payload, payload_now, where))
                for sent_to_us in (True, False)
            )
            yield from dict.fromkeys((*taken, *given))
    headers, headers_now = (one["components"]["messageTraits"]["cloudevent"]["headers"] for one in (old, new))
    yield from _Comparison(old, new, sent_to_us=False).compare(headers, headers_now, "headers")


def _resolve(document: Mapping[str, Any], schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return _resolve(document, found)


def _alternatives(document: Mapping[str, Any], schema: Schema) -> dict[str, Schema]:
    """Returns the schemas that a value can have, by type; the type `anything` if the schema names none."""
    options: Sequence[Schema] = schema.get("anyOf") or (schema,)
    kinds: dict[str, Schema] = {}
    for option in (_resolve(document, one) for one in options):
        kind = option.get("type", "object" if "properties" in option else "anything")
        kinds[kind] = option
        if kind == "number":
            kinds.setdefault("integer", option)
    return kinds


def _allowed(schema: Schema) -> set[str] | None:
    """Returns the values that a schema lists, also by a pattern; None if it allows others."""
    if "const" in schema:
        return {str(schema["const"])}
    if "enum" in schema:
        return {str(value) for value in schema["enum"]}
    listed = _LISTED.fullmatch(schema.get("pattern", ""))
    return set(listed[1].split("|")) if listed else None
