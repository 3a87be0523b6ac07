"""What a policy file may say, as a JSON schema made of the model that reads the files."""

from typing import Any

from shared.policy.policy import Policy


def document() -> dict[str, Any]:
    """As it is published. The version is no key of a file: it is the file's name."""
    schema = Policy.model_json_schema()
    del schema["properties"]["version"]
    schema["required"].remove("version")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Aftale policy",
        "description": "One dated policy file (TOML), named for the day from which it holds. Every key is needed and "
        "no other is taken, so that nothing holds by accident; shared/policy/files tells what each serves.",
    }
