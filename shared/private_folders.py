"""Folders that nobody but their owner enters: data, logs and spans name cases, and secrets open them."""

from pathlib import Path

PRIVATE = (
    *("attachments", "backups", "erasures", "kafka", "logs", "other-systems", "restores", "run", "secrets", "spans"),
)
"""Of a state folder. PostgreSQL sees to its own."""
_OWNER_ONLY = 0o700
_OTHERS = 0o077


def private_folder(folder: Path) -> Path:
    """Make a folder, and those above it that are missing; one that was open to others is closed."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    if folder.stat().st_mode & _OTHERS:
        folder.chmod(_OWNER_ONLY)
    return folder


def close_folders(state: Path) -> None:
    """Close those of a state folder that an earlier release has left open."""
    for name in PRIVATE:
        if (state / name).is_dir():
            private_folder(state / name)
