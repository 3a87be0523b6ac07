"""Verifies bearer tokens against the issuer's keys, and issues tokens in mode `local`.

python -m shared.http.tokens ROLE NAME [--cvr CVR] [--leads CENTRE] prints a token for a trial (needs AFTALE_STATE).
"""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, OKPKey

from shared.contracts.vocabulary import Centre
from shared.http.errors import InvalidToken
from shared.http.secret_files import keep_first
from shared.reference.identifiers import is_valid_cvr

AUDIENCE = "aftale"
LIFETIME_SECONDS = 12 * 3600
READ_KEYS_AGAIN_SECONDS = 5.0
"""Shortest time between two reads of the issuer's keys because of tokens that name an unknown key."""
KNOWN_SECONDS = 60.0
"""How long verified tokens and keys are cached: a token with a withdrawn key is accepted at most twice as long."""
KNOWN_TOKENS = 10_000
LONGEST = 8_192
"""Longest token, in characters, that is verified; those of the local issuer have some 400."""
_ALGORITHM = "Ed25519"
_log = structlog.get_logger()


class Role(StrEnum):
    """The role in a token. What a role may see and do is decided in shared/http/access.py."""

    INSPECTOR = "inspector"
    SUPPORTER = "supporter"
    COMPANY = "company"
    PORTAL = "portal"
    OPERATOR = "operator"
    LEADER = "leader"
    PERSONNEL_REGISTER = "personnel_register"
    NOTICES = "notices"
    """The service that tells people of deadlines. It asks other services what stands, and whom to tell."""


@dataclass(frozen=True)
class Identity:
    """Who sends a request (`subject`), and for which legal entity (`cvr`)."""

    role: Role
    subject: str
    """Pseudonymous id, never a name."""
    cvr: str | None = None
    """The legal entity that the asker acts for; only companies have one."""
    leads: Centre | None = None
    """R42: the centre that the asker leads; only leaders have one."""


@dataclass(frozen=True)
class _Verified:
    identity: Identity
    until: float
    """When the cache entry expires, in seconds since 1970."""


class TokenVerifier:
    """Verifies tokens against a JWKS file, which is read again when a token names an unknown key."""

    def __init__(self, jwks_file: Path) -> None:
        self._file = jwks_file
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._verified: dict[str, _Verified] = {}

    def verify(self, token: str) -> Identity:
        """Returns whom a token identifies; caches the result, as checking a signature is slow. Raises InvalidToken."""
        if len(token) > LONGEST:
            raise InvalidToken("the token has more than {longest} characters", longest=LONGEST)
        now = time.time()
        known = self._verified.get(token)
        if known is None or now >= known.until:
            identity, expires_at = self._verify(token)
            known = _Verified(identity, min(expires_at, now + KNOWN_SECONDS))
            if len(self._verified) >= KNOWN_TOKENS:
                self._verified.clear()
            self._verified[token] = known
        return known.identity

    def _verify(self, token: str) -> tuple[Identity, float]:
        try:
            claims = self._claims(token)
            jwt.JWTClaimsRegistry(
                exp={"essential": True}, sub={"essential": True}, aud={"essential": True, "value": AUDIENCE}
            ).validate(claims)
            identity = _identity(claims)
        except ExpiredTokenError as error:
            raise InvalidToken("the token has expired") from error
        except (BadSignatureError, InvalidKeyIdError) as error:
            raise InvalidToken("the token is not signed by the issuer that is trusted here") from error
        except (JoseError, ValueError, KeyError, TypeError) as error:
            _log.info("token_not_valid", error=repr(error))
            raise InvalidToken("the token cannot be read, or lacks a claim") from error
        except RecursionError as error:
            raise InvalidToken("the token is nested too deeply") from error
        if (identity.role is Role.COMPANY) != (identity.cvr is not None):
            raise InvalidToken("a company's token names its cvr, and no other token does")
        if (identity.role is Role.LEADER) != (identity.leads is not None):
            raise InvalidToken("a leader's token names the centre in leads, and no other token does")
        return identity, claims["exp"]

    def _claims(self, token: str) -> dict[str, Any]:
        if self._keys is not None and time.monotonic() - self._read_at > KNOWN_SECONDS:
            try:
                self._read_keys()
            except (OSError, ValueError) as error:  # it may be written at this moment
                _log.warning("keys_of_tokens_not_read", error=repr(error))
        keys = self._keys or self._read_keys()
        try:
            return dict(jwt.decode(token, keys, algorithms=[_ALGORITHM]).claims)
        except InvalidKeyIdError:
            if time.monotonic() - self._read_at < READ_KEYS_AGAIN_SECONDS:  # made-up ids must not keep the disk busy
                raise
            return dict(jwt.decode(token, self._read_keys(), algorithms=[_ALGORITHM]).claims)

    def _read_keys(self) -> KeySet:
        self._read_at = time.monotonic()
        self._keys = KeySet.import_key_set(json.loads(self._file.read_text()))
        return self._keys


def _identity(claims: Mapping[str, Any]) -> Identity:
    """Reads the identity from verified claims. Raises ValueError or KeyError if one is missing or of another type."""
    subject, cvr = claims["sub"], claims.get("cvr")
    if not isinstance(subject, str) or not subject:
        raise ValueError("sub is no text")
    if cvr is not None and not isinstance(cvr, str):
        raise ValueError("cvr is no text")
    leads = claims.get("leads")
    return Identity(Role(claims["role"]), subject, cvr, None if leads is None else Centre(leads))


class LocalIssuer:
    """Issues tokens with a key in a state folder, without asking for a password: for mode `local` only."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "secrets"

    @property
    def jwks_file(self) -> Path:
        """Returns the file with the public keys, and creates it on first use."""
        self._key()
        return self._folder / "jwks.json"

    def token(self, role: Role, name: str, cvr: str | None = None, leads: Centre | None = None) -> str:
        """Issues a token for a person; it contains a pseudonym, not the name."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "sub": pseudonym(role, name),
            "role": role.value,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        if cvr is not None:
            claims["cvr"] = cvr
        if leads is not None:
            claims["leads"] = leads.value
        key = self._key()
        return jwt.encode({"alg": _ALGORITHM, "kid": key.kid}, claims, key, algorithms=[_ALGORITHM])

    def _key(self) -> OKPKey:
        private = self._folder / "issuer.json"
        if not private.exists():
            new = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
            keep_first(private, json.dumps(new.as_dict(private=True)).encode())
        key = OKPKey.import_key(json.loads(private.read_text()))
        public = self._folder / "jwks.json"
        if not public.exists():
            keep_first(public, json.dumps({"keys": [key.as_dict(private=False)]}).encode())
        return key


def pseudonym(role: Role, name: str) -> str:
    """Returns the id under which a person appears in facts: the role and a hash of the name."""
    return f"{role.value}-{hashlib.sha256(f'{role.value}/{name}'.encode()).hexdigest()[:12]}"


def main() -> None:
    """Runs `./aftale token`: prints a token of the local issuer."""
    parser = argparse.ArgumentParser(prog="aftale token")
    parser.add_argument("role", choices=[role.value for role in Role])
    parser.add_argument("name")
    parser.add_argument("--cvr")
    parser.add_argument("--leads", choices=[centre.value for centre in Centre])
    asked = parser.parse_args()
    if (asked.role == Role.COMPANY) != (asked.cvr is not None):
        parser.error("a company's token needs --cvr, and no other token takes it")
    if (asked.role == Role.LEADER) != (asked.leads is not None):
        parser.error("a leader's token needs --leads, and no other token takes it")
    if asked.cvr is not None and not is_valid_cvr(asked.cvr):
        parser.error(f"{asked.cvr} is not a CVR number: 8 digits whose weighted sum is divisible by 11")
    leads = None if asked.leads is None else Centre(asked.leads)
    print(LocalIssuer(Path(os.environ["AFTALE_STATE"])).token(Role(asked.role), asked.name, asked.cvr, leads))


if __name__ == "__main__":
    main()
