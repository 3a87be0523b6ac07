"""PostgreSQL refuses to run as root: finds a way in which root can run it as another user."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.local.processes import UserError


@dataclass(frozen=True)
class Runner:
    """A prefix for commands so that they do not run as root, and the id of the user who then owns their files."""

    prefix: tuple[str, ...]
    owner: int

    def may_enter(self, folder: Path) -> bool:
        """Returns whether the command's user can enter the folder. For root, any parent folder may prevent it."""
        return os.geteuid() != 0 or _works(*self.prefix, "test", "-x", str(folder))

    def own(self, path: Path) -> None:
        """Gives a file or a whole folder to the user as whom the command runs. Raises UserError if others own it."""
        owner = path.stat().st_uid
        if owner == self.owner:
            return
        if os.geteuid() != 0 or owner not in (0, _unprivileged_user()):
            raise UserError(f"{path} belongs to {_name(owner)}: run ./aftale as that user, or remove the folder.")
        for inside in (path, *path.rglob("*")):
            os.lchown(inside, self.owner, self.owner)


@cache
def runner() -> Runner:
    """Returns how to run PostgreSQL: directly as an ordinary user; as root in a user namespace, else with setpriv."""
    if os.geteuid() != 0:
        return Runner((), os.geteuid())
    user = _unprivileged_user()
    namespace = ("unshare", "--user", f"--map-user={user}")
    if _works(*namespace, "true"):
        return Runner(namespace, 0)
    other = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
    if _works(*other, "true"):
        return Runner(other, user)
    raise UserError(
        "PostgreSQL refuses to run as root, and neither unshare nor setpriv (util-linux) works here: "
        "run as an ordinary user."
    )


def _unprivileged_user() -> int:
    # initdb looks its user up by name, so the id must be in the user database.
    users = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not users:
        raise UserError(
            "PostgreSQL refuses to run as root, and this machine has no other user: add one (useradd aftale)."
        )
    return users.get("nobody") or max(users.values())


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
