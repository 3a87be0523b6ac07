"""The token with which a service asks others in its own name."""

import os
from pathlib import Path

from shared.http.tokens import LocalIssuer, Role


def service_token(state: Path, role: Role) -> str:
    """Returns the token of a service: from the file that AFTALE_TOKEN_FILE_<ROLE> names, or of the local issuer.

    The file is read each time, because whoever issues tokens replaces it before one expires. Raises OSError.
    """
    file = os.environ.get(f"AFTALE_TOKEN_FILE_{role.value.upper()}")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    return LocalIssuer(state).token(role, role.value)
