"""Makes folders that only their owner may enter: data, logs and spans name cases, and secrets give access to them."""

from pathlib import Path

PRIVATE = (
    *("attachments", "backups", "erasures", "kafka", "logs", "other-systems", "restores", "run", "secrets", "spans"),
)
"""Private folders of a state folder. PostgreSQL protects its own folder."""
_OWNER_ONLY = 0o700
_OTHERS = 0o077


def private_folder(folder: Path) -> Path:
    """Makes a folder and its missing parents for the owner only; removes the rights of others to an existing one."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    if folder.stat().st_mode & _OTHERS:
        folder.chmod(_OWNER_ONLY)
    return folder


def close_folders(state: Path) -> None:
    """Removes the rights of others to private folders that an earlier release made."""
    for name in PRIVATE:
        if (state / name).is_dir():
            private_folder(state / name)
