"""Describes a policy file as a JSON schema, from the model that reads the files."""

from typing import Any

from shared.policy.policy import Policy


def document() -> dict[str, Any]:
    """Returns the schema as it is published. It lacks `version`, which is the name of the file and no key."""
    schema = Policy.model_json_schema()
    del schema["properties"]["version"]
    schema["required"].remove("version")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Aftale policy",
        "description": "One dated policy file (TOML), named for the day from which it holds. Every key is required and "
        "no other is allowed, so that nothing holds by accident; the files in shared/policy/files explain each key.",
    }
