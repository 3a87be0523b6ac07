"""The language of a refusal is the one that the reader prefers."""

import pytest

from shared.refusals.language import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("da", "da"),
        ("da-DK, en;q=0.8", "da"),
        ("en;q=0.4, da;q=0.7", "da"),
        ("da;q=0.4, en;q=0.7", "en"),
        ("de, da;q=0.5", "da"),
        ("da;q=0", "en"),
        ("da;q=x", "en"),
        ("fr", "en"),
    ],
)
def test_danish_or_english_whichever_is_preferred(header: str | None, language: str) -> None:
    assert language_of(header) == language
