"""The services of one state folder start side by side, and all must end up with the same secrets."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.jwk import OKPKey

from shared.http.consistency import ConsistencyTokens, Seen
from shared.http.secret_files import keep_first
from shared.http.tokens import LocalIssuer, Role, TokenVerifier


def let_another_come_first(
    monkeypatch: pytest.MonkeyPatch, kind: type[AESGCM] | type[OKPKey], another: Callable[[], object]
) -> None:
    """While one service makes its key, another one starts and is done before it."""
    generate = kind.generate_key

    def overtaken(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(kind, "generate_key", generate)
        another()
        return generate(*arguments, **options)

    monkeypatch.setattr(kind, "generate_key", overtaken)


def test_a_service_that_comes_second_issues_with_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = LocalIssuer(tmp_path)
    tokens: list[str] = []
    let_another_come_first(monkeypatch, OKPKey, lambda: tokens.append(issuer.token(Role.INSPECTOR, "anna")))
    tokens.append(issuer.token(Role.OPERATOR, "olaf"))
    verifier = TokenVerifier(issuer.jwks_file)
    assert [verifier.verify(token).role for token in tokens] == [Role.INSPECTOR, Role.OPERATOR]


def test_a_service_that_comes_second_seals_with_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[ConsistencyTokens] = []
    let_another_come_first(monkeypatch, AESGCM, lambda: first.append(ConsistencyTokens.of_state(tmp_path)))
    second = ConsistencyTokens.of_state(tmp_path)
    seen = Seen("offers", UUID(int=1), 7)
    assert first[0].open(second.seal(seen)) == seen


def test_whoever_comes_first_wins_and_leaves_nothing_beside_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"
    keep_first(file, b"first")
    keep_first(file, b"second")
    assert file.read_bytes() == b"first"
    assert [path.name for path in file.parent.iterdir()] == ["key"]


def test_a_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"
    keep_first(file, b"secret")
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
