"""Which changes of a contract break those who rely on it."""

from copy import deepcopy
from typing import Any

from deploy.contracts.breaking import breaking_changes

Document = dict[str, Any]


def interface() -> Document:
    """An OpenAPI document with one command and one question."""
    return {
        "paths": {
            "/v1/offers/{id}/answer": {
                "post": {
                    "parameters": [{"in": "query", "name": "dry_run", "schema": {"type": "string"}}],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
                    },
                    "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
                },
            },
            "/v1/offers/{id}": {
                "get": {
                    "responses": {
                        "200": {
                            "headers": {"ETag": {}},
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Offer"}}},
                        }
                    }
                }
            },
        },
        "components": {
            "schemas": {
                "Answer": {
                    "type": "object",
                    "required": ["accepted"],
                    "properties": {
                        "accepted": {"type": "boolean"},
                        "reason": {"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}]},
                        "form": {"enum": ["visit", "phone"], "type": "string"},
                    },
                },
                "Offer": {
                    "type": "object",
                    "required": ["status", "topics"],
                    "properties": {
                        "status": {"type": "string"},
                        "topics": {"type": "array", "items": {"type": "string"}},
                        "next": {"$ref": "#/components/schemas/Offer"},
                        "previous": {"anyOf": [{"$ref": "#/components/schemas/Offer"}, {"type": "null"}]},
                    },
                },
            }
        },
    }


def facts() -> Document:
    """An AsyncAPI document with one fact."""
    headers = {"properties": {"ce_id": {"type": "string"}}, "required": ["ce_id"]}
    return {
        "channels": {"agreements": {"messages": {"Lapsed": {}}, "bindings": {"kafka": {"partitions": 48}}}},
        "components": {
            "messages": {"Lapsed": {"payload": {"$ref": "#/components/schemas/Lapsed"}}},
            "messageTraits": {"cloudevent": {"headers": headers}},
            "schemas": {
                "Lapsed": {
                    "type": "object",
                    "required": ["agreement_id"],
                    "properties": {"agreement_id": {"type": "string", "format": "uuid"}, "day": {"type": "string"}},
                }
            },
        },
    }


OLD = interface()


def changed() -> tuple[Document, Document, Document]:
    """A copy to change, with what a request and an answer hold in it."""
    copy = deepcopy(OLD)
    return copy, copy["components"]["schemas"]["Answer"], copy["components"]["schemas"]["Offer"]


def test_nothing_breaks_where_nothing_changed() -> None:
    assert breaking_changes(OLD, interface()) == []
    assert breaking_changes(facts(), facts()) == []


def test_what_is_only_added_breaks_nothing() -> None:
    new, answer, offer = changed()
    new["paths"]["/v1/new"] = {"get": {"responses": {}}}
    new["paths"]["/v1/offers/{id}"]["get"]["responses"]["503"] = {}
    new["paths"]["/v1/offers/{id}/answer"]["post"]["parameters"].append({"in": "header", "name": "X", "schema": {}})
    answer["properties"]["remark"] = {"type": "string"}
    answer["properties"]["form"]["enum"].append("virtual")
    answer["properties"]["reason"]["anyOf"][0]["maxLength"] = 30
    answer["required"] = []
    offer["properties"]["letter"] = {"type": "string"}
    offer["required"].append("letter")
    assert breaking_changes(OLD, new) == []


def test_a_path_or_a_method_that_is_gone_breaks() -> None:
    new, *_ = changed()
    del new["paths"]["/v1/offers/{id}"]
    new["paths"]["/v1/offers/{id}/answer"] = {"put": new["paths"]["/v1/offers/{id}/answer"]["post"]}
    assert breaking_changes(OLD, new) == ["POST /v1/offers/{id}/answer: is gone", "GET /v1/offers/{id}: is gone"]


def test_a_field_that_is_gone_breaks_requests_and_answers() -> None:
    new, answer, offer = changed()
    del answer["properties"]["reason"]
    del offer["properties"]["status"]
    assert breaking_changes(OLD, new) == [
        "POST /v1/offers/{id}/answer body.reason: is gone",
        "GET /v1/offers/{id} 200.status: is gone",
    ]


def test_a_field_that_is_demanded_now_breaks() -> None:
    new, answer, _ = changed()
    answer["required"].append("reason")
    assert breaking_changes(OLD, new) == ["POST /v1/offers/{id}/answer body.reason: is required now"]


def test_a_parameter_that_is_demanded_now_or_gone_breaks() -> None:
    new, *_ = changed()
    demanded = {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}
    new["paths"]["/v1/offers/{id}/answer"]["post"]["parameters"] = [demanded]
    assert breaking_changes(OLD, new) == [
        "POST /v1/offers/{id}/answer query dry_run: is gone",
        "POST /v1/offers/{id}/answer header If-Match: is required now",
    ]


def test_a_narrower_type_breaks_a_request() -> None:
    new, answer, _ = changed()
    answer["properties"]["reason"] = {"type": "string", "maxLength": 20}
    assert breaking_changes(OLD, new) == ["POST /v1/offers/{id}/answer body.reason: no longer takes null"]


def test_a_whole_number_breaks_only_who_sent_another() -> None:
    old, new = interface(), interface()
    for copy, kind in ((old, "integer"), (new, "number")):
        copy["components"]["schemas"]["Answer"]["properties"]["days"] = {"type": kind}
    assert breaking_changes(old, new) == []
    assert breaking_changes(new, old) == ["POST /v1/offers/{id}/answer body.days: no longer takes number"]


def test_fewer_values_break_a_request() -> None:
    new, answer, _ = changed()
    answer["properties"]["form"]["enum"] = ["visit"]
    answer["properties"]["accepted"]["enum"] = [True]
    assert breaking_changes(OLD, new) == [
        "POST /v1/offers/{id}/answer body.accepted: no longer takes any other value",
        "POST /v1/offers/{id}/answer body.form: no longer takes phone",
    ]


def test_values_that_a_pattern_listed_can_be_listed_as_such() -> None:
    old, before, _ = changed()
    new, answer, _ = changed()
    before["properties"]["form"] = {"type": "string", "pattern": "^(visit|phone)$"}
    answer["properties"]["form"] = {"type": "string", "enum": ["phone", "visit", "virtual"]}
    assert breaking_changes(old, new) == []
    answer["properties"]["form"]["enum"] = ["visit"]
    assert breaking_changes(old, new) == ["POST /v1/offers/{id}/answer body.form: no longer takes phone"]


def test_tighter_bounds_break_a_request_also_in_one_of_several_types() -> None:
    new, answer, _ = changed()
    answer["properties"]["reason"]["anyOf"][0] = {"type": "string", "maxLength": 10, "minLength": 1, "pattern": "^a"}
    where = "POST /v1/offers/{id}/answer body.reason"
    assert breaking_changes(OLD, new) == [
        f"{where}: minLength is 1 now, and was none",
        f"{where}: maxLength is 10 now, and was 20",
        f"{where}: pattern is ^a now, and was none",
    ]


def test_unknown_fields_that_are_no_longer_taken_break() -> None:
    new, answer, _ = changed()
    answer["additionalProperties"] = False
    assert breaking_changes(OLD, new) == ["POST /v1/offers/{id}/answer body: no longer takes unknown fields"]


def test_a_wider_type_breaks_an_answer_also_within_a_list() -> None:
    new, _, offer = changed()
    offer["properties"]["status"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    offer["properties"]["topics"]["items"] = {"type": "integer"}
    assert breaking_changes(OLD, new) == [
        "GET /v1/offers/{id} 200.status: may now be null",
        "GET /v1/offers/{id} 200.topics[]: may now be integer",
    ]


def test_what_an_answer_always_had_and_may_lack_now_breaks() -> None:
    new, _, offer = changed()
    offer["required"] = ["status"]
    del new["paths"]["/v1/offers/{id}"]["get"]["responses"]["200"]["headers"]
    assert breaking_changes(OLD, new) == [
        "GET /v1/offers/{id} 200.topics: may be missing now",
        "GET /v1/offers/{id} 200 header ETag: is gone",
    ]


def test_another_media_type_breaks() -> None:
    new, *_ = changed()
    answers = new["paths"]["/v1/offers/{id}"]["get"]["responses"]
    answers["200"]["content"] = {"text/csv": answers["200"]["content"]["application/json"]}
    assert breaking_changes(OLD, new) == ["GET /v1/offers/{id} 200: is no longer application/json"]


def test_a_topic_or_a_fact_that_is_gone_breaks() -> None:
    new = facts()
    new["channels"]["agreements"]["messages"] = {"Declined": {}}
    assert breaking_changes(facts(), new) == ["topic agreements Lapsed: is gone"]
    new["channels"] = {}
    assert breaking_changes(facts(), new) == ["topic agreements: is gone"]


def test_another_number_of_partitions_breaks() -> None:
    new = facts()
    new["channels"]["agreements"]["bindings"]["kafka"]["partitions"] = 96
    assert breaking_changes(facts(), new) == ["topic agreements: has 96 partitions now, which breaks the order per key"]


def test_a_fact_that_was_once_recorded_must_still_read_and_its_readers_must_understand_it() -> None:
    new = facts()
    lapsed = new["components"]["schemas"]["Lapsed"]
    lapsed["required"] = ["day"]
    lapsed["properties"]["day"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert breaking_changes(facts(), new) == [
        "topic agreements Lapsed.day: is required now",
        "topic agreements Lapsed.day: may now be null",
        "topic agreements Lapsed.agreement_id: may be missing now",
    ]


def test_a_file_that_could_be_read_must_still_read() -> None:
    old = {
        "properties": {"offer": {"$ref": "#/$defs/Offer"}},
        "required": ["offer"],
        "$defs": {"Offer": {"type": "object", "properties": {"weeks": {"type": "integer", "minimum": 1}}}},
    }
    new = deepcopy(old)
    assert breaking_changes(old, new) == []
    new["$defs"]["Offer"] = {"type": "object", "properties": {"weeks": {"type": "integer", "minimum": 2}}}  # type: ignore[index]
    new["required"] = ["offer", "order"]
    assert breaking_changes(old, new) == [
        "file.offer.weeks: minimum is 2 now, and was 1",
        "file.order: is required now",
    ]


def test_a_header_that_is_gone_breaks() -> None:
    new = facts()
    new["components"]["messageTraits"]["cloudevent"]["headers"] = {"properties": {}}
    assert breaking_changes(facts(), new) == ["headers.ce_id: is gone"]
