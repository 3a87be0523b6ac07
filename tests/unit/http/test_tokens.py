"""Which tokens are taken, also while the issuer replaces its keys."""

import base64
import json
import time
from pathlib import Path

import pytest

from shared.contracts.vocabulary import Centre
from shared.http import tokens
from shared.http.errors import InvalidToken
from shared.http.tokens import Identity, LocalIssuer, Role, TokenVerifier, pseudonym


@pytest.fixture
def issuer(tmp_path: Path) -> LocalIssuer:
    return LocalIssuer(tmp_path / "first")


def replaced(issuer: LocalIssuer, tmp_path: Path) -> LocalIssuer:
    """Another issuer with a key of its own, which from now on stands in the file of the first one too."""
    new = LocalIssuer(tmp_path / "second")
    keys = [key for one in (issuer, new) for key in json.loads(one.jwks_file.read_text())["keys"]]
    issuer.jwks_file.write_text(json.dumps({"keys": keys}))
    return new


def test_a_token_says_who_asks_and_for_whom_and_names_nobody(issuer: LocalIssuer) -> None:
    token = issuer.token(Role.COMPANY, "Ada", "13748136")
    assert TokenVerifier(issuer.jwks_file).verify(token) == Identity(
        Role.COMPANY, pseudonym(Role.COMPANY, "Ada"), "13748136"
    )
    claims = base64.urlsafe_b64decode(token.split(".")[1] + "==")
    assert b"Ada" not in claims


def test_a_token_under_a_new_key_is_taken_without_a_new_start(
    issuer: LocalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(issuer.jwks_file)
    old = issuer.token(Role.INSPECTOR, "anna")
    verifier.verify(old)
    new = replaced(issuer, tmp_path).token(Role.INSPECTOR, "anna")
    monkeypatch.setattr(tokens, "READ_KEYS_AGAIN_SECONDS", 0.0)
    assert verifier.verify(new) == verifier.verify(old)


def test_made_up_key_ids_do_not_make_the_keys_be_read_again_and_again(
    issuer: LocalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(issuer.jwks_file)
    verifier.verify(issuer.token(Role.INSPECTOR, "anna"))
    made_up = LocalIssuer(tmp_path / "nobody's").token(Role.INSPECTOR, "anna")
    read = []
    monkeypatch.setattr(verifier, "_read_keys", lambda: read.append("again"))
    for _ in range(3):
        with pytest.raises(InvalidToken):
            verifier.verify(made_up)
    assert read == []


def test_an_unknown_key_is_no_key_also_after_reading_again(
    issuer: LocalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "READ_KEYS_AGAIN_SECONDS", 0.0)
    verifier = TokenVerifier(issuer.jwks_file)
    with pytest.raises(InvalidToken):
        verifier.verify(LocalIssuer(tmp_path / "nobody's").token(Role.INSPECTOR, "anna"))


@pytest.mark.parametrize(("role", "cvr"), [(Role.COMPANY, None), (Role.INSPECTOR, "13748136")])
def test_a_company_names_its_cvr_and_nobody_else_does(issuer: LocalIssuer, role: Role, cvr: str | None) -> None:
    with pytest.raises(InvalidToken, match="names its cvr"):
        TokenVerifier(issuer.jwks_file).verify(issuer.token(role, "anna", cvr))


@pytest.mark.rule("R42")
@pytest.mark.parametrize(("role", "leads"), [(Role.LEADER, None), (Role.INSPECTOR, Centre.EAST)])
def test_a_leader_names_the_centre_and_nobody_else_does(issuer: LocalIssuer, role: Role, leads: Centre | None) -> None:
    with pytest.raises(InvalidToken, match="names the centre"):
        TokenVerifier(issuer.jwks_file).verify(issuer.token(role, "anna", leads=leads))


@pytest.mark.rule("R42")
def test_a_leader_is_known_with_the_centre(issuer: LocalIssuer) -> None:
    token = issuer.token(Role.LEADER, "lone", leads=Centre.EAST)
    known = TokenVerifier(issuer.jwks_file).verify(token)
    assert (known.role, known.leads) == (Role.LEADER, Centre.EAST)


def test_a_token_that_has_run_out_is_not_taken(issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LIFETIME_SECONDS", -60)
    with pytest.raises(InvalidToken, match="expired"):
        TokenVerifier(issuer.jwks_file).verify(issuer.token(Role.INSPECTOR, "anna"))


def test_a_token_that_is_known_runs_out_all_the_same(issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, token = TokenVerifier(issuer.jwks_file), issuer.token(Role.INSPECTOR, "anna")
    verifier.verify(token)
    later = time.time() + tokens.LIFETIME_SECONDS
    monkeypatch.setattr(time, "time", lambda: later + 1)
    with pytest.raises(InvalidToken, match="expired"):
        verifier.verify(token)


def test_a_token_under_a_key_that_was_withdrawn_is_taken_only_for_a_while(
    issuer: LocalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, token = TokenVerifier(issuer.jwks_file), issuer.token(Role.INSPECTOR, "anna")
    verifier.verify(token)
    issuer.jwks_file.write_text(LocalIssuer(tmp_path / "second").jwks_file.read_text())
    wall, monotonic = time.time(), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: wall + tokens.KNOWN_SECONDS + 1)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic + tokens.KNOWN_SECONDS + 1)
    with pytest.raises(InvalidToken):
        verifier.verify(token)


def test_while_the_keys_do_not_read_those_that_are_known_stand(
    issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, token = TokenVerifier(issuer.jwks_file), issuer.token(Role.INSPECTOR, "anna")
    known = verifier.verify(token)
    issuer.jwks_file.write_text('{"keys": [')
    wall, monotonic = time.time(), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: wall + tokens.KNOWN_SECONDS + 1)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic + tokens.KNOWN_SECONDS + 1)
    assert verifier.verify(token) == known
