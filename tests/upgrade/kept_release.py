"""A kept release: its dump, its part of the state folder and its manifest; how it is written and how it comes back."""

import lzma
import shutil
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.upgrade.manifest import Manifest

FOLDER = Path(__file__).parent
_KEPT_OF_THE_STATE = ("clock", "attachments", "secrets/consistency-key")
"""Kept commands answer with tokens under that key. The issuer's key is made anew: so are its tokens."""
_MAKE_ROLES = """
do $$
declare name text;
begin
  for name in select unnest(array[{names}]) loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I nologin', name);
    end if;
  end loop;
end $$;
"""


@dataclass(frozen=True)
class KeptRelease:
    """One folder under tests/upgrade."""

    folder: Path

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""
        return Manifest.model_validate_json(self._manifest.read_text(encoding="utf-8"))

    def keep(self, sql: str, state: Path, manifest: Manifest) -> None:
        """Write it, in place of what was kept in the folder before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._dump.write_bytes(lzma.compress(sql.encode(), preset=9 | lzma.PRESET_EXTREME))
        for name in _KEPT_OF_THE_STATE:
            kept = self._state / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (state / name).is_dir() else shutil.copyfile)(state / name, kept)
        self._manifest.write_text(f"{manifest.model_dump_json(indent=1)}\n", encoding="utf-8")

    async def restore(self, dsn: str) -> None:
        """Put everything into an empty database, with its owners. Needs a superuser, of whatever name."""
        names = ", ".join(f"'{role}'" for role in self.manifest.roles)
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(_MAKE_ROLES.format(names=names))
            await connection.execute(lzma.decompress(self._dump.read_bytes()).decode())
        finally:
            await connection.close()

    def restore_state(self, folder: Path) -> None:
        """Put the kept part of the state folder where services that go on find it."""
        shutil.copytree(self._state, folder, dirs_exist_ok=True)

    @property
    def _dump(self) -> Path:
        return self.folder / "dump.sql.xz"

    @property
    def _manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def _state(self) -> Path:
        return self.folder / "state"


def kept_releases() -> list[KeptRelease]:
    """All that are in the repository, the oldest first."""
    return [KeptRelease(file.parent) for file in sorted(FOLDER.glob("release-*/manifest.json"))]
