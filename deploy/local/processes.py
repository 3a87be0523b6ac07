"""Manages background processes that outlive the command that started them; each is known by its pid file."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.state import State

# The child writes its own pid and then becomes the server, so that no server runs without a pid file.
_WRITE_PID_THEN_BECOME = 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"'
_STARTED = b"---- started ----\n"
_CLOCK_SLACK = 2.0
"""Seconds by which a pid file can seem older than its process, because start times are rounded to a tick."""


class UserError(Exception):
    """An error that the user can correct; its text says what is wrong and what to do."""


@dataclass(frozen=True)
class Process:
    """One named background process of a state folder."""

    state: State
    name: str

    @property
    def pid_file(self) -> Path:
        return self.state.run / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        return self.state.logs / f"{self.name}.log"

    @property
    def port(self) -> int | None:
        """The port on which the process was started last."""
        file = self.state.run / f"{self.name}.port"
        return int(file.read_text()) if file.exists() else None

    def start(
        self, command: Sequence[str], *, cwd: Path, port: int | None, env: Mapping[str, str] | None = None
    ) -> None:
        """Starts the process in its own session, out of reach of Ctrl-C. `port` is noted for `./aftale status`."""
        self.pid_file.unlink(missing_ok=True)
        if port is not None:
            (self.state.run / f"{self.name}.port").write_text(str(port))
        with self.log.open("ab") as log:
            log.write(_STARTED)
            log.flush()
            child = subprocess.Popen(
                ["/bin/sh", "-c", _WRITE_PID_THEN_BECOME, str(self.pid_file), *command],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 10
        while not self.pid_file.exists() and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)

    def running(self) -> psutil.Process | None:
        """Returns the live process, or None. A pid that another process has got since does not count."""
        try:
            process = psutil.Process(int(self.pid_file.read_text()))
            written = self.pid_file.stat().st_mtime
            if process.status() == psutil.STATUS_ZOMBIE or process.create_time() > written + _CLOCK_SLACK:
                return None
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process

    def vital_sign(self) -> tuple[int, int]:
        """Returns what changes as the process starts: the size of its log in bytes, and its memory in steps of 4 MB."""
        running = self.running()
        try:
            memory = running.memory_info().rss if running else 0
        except psutil.Error:
            memory = 0
        return (self.log.stat().st_size if self.log.exists() else 0), memory // (4 * 2**20)

    def stop(self, *steps: tuple[signal.Signals, float]) -> bool:
        """Sends each signal and waits its seconds, then kills; returns whether it ran. Raises UserError on failure."""
        process = self.running()
        if process is not None:
            for number, seconds in (*steps, (signal.SIGKILL, 10.0)):
                if _ended_by(process, number, seconds):
                    break
            else:
                raise UserError(f"{self.name} (process {process.pid}) does not end, not even when killed.")
        self.pid_file.unlink(missing_ok=True)
        return process is not None

    def last_lines(self, count: int = 15) -> str:
        """Returns the end of the log since the last start, for messages about a process that did not start."""
        latest = self.log.read_bytes().rpartition(_STARTED)[2].decode(errors="replace")
        return "\n".join(latest.splitlines()[-count:])


def _ended_by(process: psutil.Process, number: signal.Signals, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    try:
        process.send_signal(number)
        # Not `wait`: it would also wait until the adoptive parent reaps the process, which may never happen.
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        raise UserError(
            f"Process {process.pid} belongs to {process.username()}: stop it as that user, or with sudo."
        ) from None
    return True
