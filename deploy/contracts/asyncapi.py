"""Describes the facts on Kafka as an AsyncAPI document: topics, CloudEvents headers, and each fact's public part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from pydantic.json_schema import models_json_schema

from migrations.topics import TOPICS
from shared.contracts import control, guidance, notices, offers, orders, people, register
from shared.eventstore.events import Event, Origin, private_fields
from shared.messaging.bus import REPUBLISH_TOPIC, RepublishRequest
from shared.messaging.heads import HEADS_TOPIC, Heads, HeadsRequest
from shared.service import AGREEMENTS_TOPIC, NOTICES_TOPIC, ORDERS_TOPIC, PEOPLE_TOPIC, REGISTER_TOPIC
from shared.visibility import ShownToCompany, markers

_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}
_INSTANT = {"type": "string", "format": "date-time"}
_ID = {"type": "string", "format": "uuid"}
_COUNT = {"type": "string", "pattern": "^[0-9]+$"}


@dataclass(frozen=True)
class _Topic:
    name: str
    key: str
    facts: Mapping[str, Sequence[type[Event]]]
    """The facts of each producer, by its `ce_source`."""


_PUBLISHED = (
    _Topic(
        AGREEMENTS_TOPIC,
        "The agreement (or a quarantine's register), so that causes come before effects.",
        {"offers": offers.FACTS, "guidance": guidance.FACTS, "control": control.FACTS},
    ),
    _Topic(ORDERS_TOPIC, "The case in the system that it comes from.", {orders.SOURCE: orders.FACTS}),
    _Topic(NOTICES_TOPIC, "The agreement, or the person who gets digests.", {notices.SOURCE: notices.FACTS}),
    _Topic(PEOPLE_TOPIC, "The person, or the centre.", {people.SOURCE: people.FACTS}),
    _Topic(REGISTER_TOPIC, "The production unit.", {register.SOURCE: register.FACTS}),
)
_HEADERS = {
    "type": "object",
    "required": [
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "ce_sequence",
        "ce_epoch",
        "ce_schemaversion",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_ID, "description": "Id of the fact, the same in every duplicate."},
        "ce_type": {**_TEXT, "description": "Name of the fact. Consumers ignore names that they do not know."},
        "ce_source": {**_TEXT, "description": "Its one producer."},
        "ce_subject": {**_ID, "description": "The stream that it belongs to; an agreement's is its id."},
        "ce_time": {**_INSTANT, "description": "Domain time, UTC."},
        "ce_recordedtime": {**_INSTANT, "description": "Machine time at the source, UTC."},
        "ce_sequence": {**_COUNT, "description": "Version of the stream, from 1 and without gaps."},
        "ce_epoch": {**_COUNT, "description": "Grows when a source was restored from a backup and lost facts."},
        "ce_schemaversion": {**_COUNT, "description": "Version of the fact's schema."},
        "ce_actor": {**_TEXT, "description": "Pseudonymous id of who acted, never a name."},
        "ce_onbehalfof": {
            **_TEXT,
            "description": "For whom the actor acted: a company's CVR, or the pseudonymous id of the responsible "
            "inspector for whom a colleague stood in. Absent if the actor acted for nobody else.",
        },
        "ce_policy": {**_TEXT, "description": "Version of the policy under which it was decided."},
        "ce_origin": {
            **_TEXT,
            "enum": [origin.value for origin in Origin],
            "description": "Where the fact comes from; absent for `live`. Of a case that was imported or replayed, "
            "nobody is told, nothing is booked and nothing falls due.",
        },
        "ce_causation": {
            **_TEXT,
            "description": "Source, stream and version of the fact that the producer reacted to. Absent if it "
            "reacted to none, and in facts of earlier releases.",
        },
        "ce_commandid": {
            **_ID,
            "description": "The command that recorded the fact; it does not identify who gave it. A producer that was "
            "restored from a backup uses it to skip commands that it has carried out. Absent in older facts.",
        },
        "ce_cvr": {**_TEXT, "description": "The legal entity that it concerns."},
        "ce_pnumber": {**_TEXT, "description": "The production unit that it concerns."},
        "ce_traceparent": {**_TEXT, "description": "W3C trace context of the request that led to it."},
        "traceparent": {**_TEXT, "description": "The same, for tracing of Kafka."},
        "content-type": {"const": "application/json"},
    },
}
_REQUEST = RepublishRequest.__name__
_HEADS_REQUEST = HeadsRequest.__name__
_HEADS = Heads.__name__
_REQUESTS: dict[str, Any] = {
    "address": REPUBLISH_TOPIC,
    "description": "Key: the source that is asked. Consumers that lack part of a stream request it from its source.",
    "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (_REQUEST, _HEADS_REQUEST)},
    "bindings": {"kafka": {"topic": REPUBLISH_TOPIC, "partitions": TOPICS[REPUBLISH_TOPIC]}},
}
_ANSWERS: dict[str, Any] = {
    "address": HEADS_TOPIC,
    "description": "Key: the source that answers. Kept for an hour: only the service that asked needs it.",
    "messages": {_HEADS: {"$ref": f"#/components/messages/{_HEADS}"}},
    "bindings": {"kafka": {"topic": HEADS_TOPIC, "partitions": TOPICS[HEADS_TOPIC]}},
}
_REQUEST_MESSAGE: dict[str, Any] = {
    "name": _REQUEST,
    "summary": getdoc(RepublishRequest),
    "contentType": "application/json",
    "payload": {"$ref": f"{_SCHEMAS}{_REQUEST}"},
}
_HEADS_REQUEST_MESSAGE: dict[str, Any] = {
    "name": _HEADS_REQUEST,
    "summary": getdoc(HeadsRequest),
    "contentType": "application/json",
    "payload": {"$ref": f"{_SCHEMAS}{_HEADS_REQUEST}"},
}
_HEADS_MESSAGE: dict[str, Any] = {
    "name": _HEADS,
    "summary": getdoc(Heads),
    "contentType": "application/json",
    "payload": {"$ref": f"{_SCHEMAS}{_HEADS}"},
}
_TELLING: dict[str, Any] = {
    "action": "receive",
    "channel": {"$ref": f"#/channels/{REPUBLISH_TOPIC}"},
    "title": "How a source proves that its consumers have everything",
    "description": "A source that is asked for heads answers on the topic `heads`: for each stream that it published "
    "and that changed after the position, or for each stream that is named, the newest fact that Kafka has "
    "acknowledged. Positions are the source's own: whole numbers that grow with each fact. Consumers accept a new "
    "epoch, or another event at a known version, only if the heads confirm it. Facts of a source that does not answer "
    "are shown as unproven.",
    "messages": [{"$ref": f"#/channels/{REPUBLISH_TOPIC}/messages/{_HEADS_REQUEST}"}],
    "reply": {
        "channel": {"$ref": f"#/channels/{HEADS_TOPIC}"},
        "messages": [{"$ref": f"#/channels/{HEADS_TOPIC}/messages/{_HEADS}"}],
    },
}
_ANSWERING: dict[str, Any] = {
    "action": "receive",
    "channel": {"$ref": f"#/channels/{REPUBLISH_TOPIC}"},
    "title": "What every source must do for its consumers",
    "description": "Every source, also other systems such as the order system and the business register, publishes the "
    "stream again on its topic, from that version on, each fact with the id, version and epoch that it had. If a "
    "source does not answer, the stream stays parked at its consumers, where operators see it.",
    "messages": [{"$ref": f"#/channels/{REPUBLISH_TOPIC}/messages/{_REQUEST}"}],
}


def document() -> dict[str, Any]:
    """Returns the document as it is published."""
    facts = [(source, fact) for topic in _PUBLISHED for source, of_source in topic.facts.items() for fact in of_source]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Aftale facts",
            "version": "1",
            "description": "CloudEvents 1.0 in binary mode. Only public parts are published: ids, codes, dates and "
            "numbers; no person's name and no free text. At least once: the same source, epoch, subject and sequence "
            "is the same fact. Absent fields have their default; ignore unknown ones.",
        },
        "defaultContentType": "application/json",
        "channels": {
            **{topic.name: _channel(topic) for topic in _PUBLISHED},
            REPUBLISH_TOPIC: _REQUESTS,
            HEADS_TOPIC: _ANSWERS,
        },
        "operations": {
            f"{source}-publishes-to-{topic.name}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "title": f"Facts of {source}",
                "messages": [{"$ref": f"#/channels/{topic.name}/messages/{fact.__name__}"} for fact in of_source],
            }
            for topic in _PUBLISHED
            for source, of_source in topic.facts.items()
        }
        | {"every-source-answers-requests": _ANSWERING, "a-source-tells-heads": _TELLING},
        "components": {
            "messages": {
                **{fact.__name__: _message(source, fact) for source, fact in facts},
                _REQUEST: _REQUEST_MESSAGE,
                _HEADS_REQUEST: _HEADS_REQUEST_MESSAGE,
                _HEADS: _HEADS_MESSAGE,
            },
            "messageTraits": {"cloudevent": {"headers": _HEADERS}},
            "schemas": {
                **_schemas([fact for _, fact in facts]),
                _REQUEST: RepublishRequest.model_json_schema(),
                **_of_heads(),
            },
        },
    }


def _of_heads() -> dict[str, Any]:
    _, made = models_json_schema(
        [(HeadsRequest, "validation"), (Heads, "validation")], ref_template=f"{_SCHEMAS}{{model}}"
    )
    schemas: dict[str, Any] = made["$defs"]
    return schemas


def _channel(topic: _Topic) -> dict[str, Any]:
    facts = [fact for of_source in topic.facts.values() for fact in of_source]
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}",
        "messages": {fact.__name__: {"$ref": f"#/components/messages/{fact.__name__}"} for fact in facts},
        "bindings": {"kafka": {"topic": topic.name, "partitions": TOPICS[topic.name]}},
    }


def _message(source: str, fact: type[Event]) -> dict[str, Any]:
    return {
        "name": fact.__name__,
        "summary": getdoc(fact),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"$ref": f"{_SCHEMAS}{fact.__name__}"},
        "x-source": source,
        "x-schema-version": fact.schema_version,
        "x-held-from": fact.held,
        "x-always-seen-by-company": any(marker.where is None for marker in markers(fact).values()),
        "x-shown-to-company": {name: _condition(marker) for name, marker in markers(fact).items()},
    }


def _condition(marker: ShownToCompany) -> str:
    """R18: returns when a company is shown the field."""
    return "always" if marker.where is None else f"{marker.where} is {' or '.join(map(str, marker.among))}"


def _schemas(facts: Sequence[type[Event]]) -> dict[str, Any]:
    """Returns the schemas of the public part of every fact, and of the types to which it refers."""
    _, made = models_json_schema([(fact, "validation") for fact in facts], ref_template=f"{_SCHEMAS}{{model}}")
    schemas: dict[str, Any] = made["$defs"]
    for fact in facts:
        for private in private_fields(fact):
            del schemas[fact.__name__]["properties"][private]
    wanted: set[str] = set()
    unread = {fact.__name__ for fact in facts}
    while unread:
        wanted |= unread
        unread = {name for one in unread for name in _references(schemas[one])} - wanted
    return {name: schema for name, schema in schemas.items() if name in wanted}


def _references(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for part in schema for name in _references(part)}
    if not isinstance(schema, dict):
        return set()
    found = {name for part in schema.values() for name in _references(part)}
    reference = schema.get("$ref")
    return found | {reference.removeprefix(_SCHEMAS)} if isinstance(reference, str) else found
