"""What a Consistency-Token says, sealed and opened."""

import base64
from uuid import UUID

import pytest

from shared.http.consistency import ConsistencyTokens, Seen
from shared.http.errors import Problem

TOKENS = ConsistencyTokens(bytes(32))
STREAM = UUID(int=7)


@pytest.mark.parametrize("seen", [Seen("control", STREAM, 12, "13748136"), Seen("offers", STREAM, 1)])
def test_a_token_says_what_was_recorded_and_whose_case_it_is(seen: Seen) -> None:
    assert TOKENS.open(TOKENS.seal(seen)) == seen


def test_tokens_of_the_first_release_open_without_the_legal_entity() -> None:
    nonce, text = bytes(12), f"offers\n{STREAM}\n3".ljust(80).encode()
    token = base64.urlsafe_b64encode(nonce + TOKENS._cipher.encrypt(nonce, text, None)).decode()
    assert TOKENS.open(token) == Seen("offers", STREAM, 3)


def test_tokens_of_one_service_do_not_betray_the_version_by_their_length() -> None:
    lengths = {len(TOKENS.seal(Seen("guidance", STREAM, version, "13748136"))) for version in (1, 10, 2**31 - 1)}
    assert len(lengths) == 1


def test_what_is_not_sealed_here_is_no_token() -> None:
    with pytest.raises(Problem):
        TOKENS.open(ConsistencyTokens(bytes(range(32))).seal(Seen("offers", STREAM, 3)))
