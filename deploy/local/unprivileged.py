"""PostgreSQL refuses to be root: ways for root to run it all the same."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.local.processes import Fault


@dataclass(frozen=True)
class Runner:
    """What to put before a command so that it does not run as root, and the id that then owns its files."""

    prefix: tuple[str, ...]
    owner: int

    def may_enter(self, folder: Path) -> bool:
        """Whether the command, run this way, gets at what is in the folder (as root, every parent may stop it)."""
        return os.geteuid() != 0 or _works(*self.prefix, "test", "-x", str(folder))

    def own(self, path: Path) -> None:
        """Make a file or a whole folder belong to the user that the command runs as, if root may decide that."""
        owner = path.stat().st_uid
        if owner == self.owner:
            return
        if os.geteuid() != 0 or owner not in (0, _unprivileged_user()):
            raise Fault(f"{path} belongs to {_name(owner)}: run ./aftale as that user, or remove the folder.")
        for inside in (path, *path.rglob("*")):
            os.lchown(inside, self.owner, self.owner)


@cache
def runner() -> Runner:
    """As an ordinary user nothing is needed; as root a user namespace, else another user id."""
    if os.geteuid() != 0:
        return Runner((), os.geteuid())
    user = _unprivileged_user()
    namespace = ("unshare", "--user", f"--map-user={user}")
    if _works(*namespace, "true"):
        return Runner(namespace, 0)
    other = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
    if _works(*other, "true"):
        return Runner(other, user)
    raise Fault(
        "PostgreSQL refuses to run as root, and neither unshare nor setpriv (util-linux) works here: "
        "run as an ordinary user."
    )


def _unprivileged_user() -> int:
    # initdb looks its user up by name, so a number that is not in the user database will not do.
    users = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not users:
        raise Fault("PostgreSQL refuses to run as root, and this machine has no other user: add one (useradd aftale).")
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
