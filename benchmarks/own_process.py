"""Runs a server process while a benchmark uses it."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psutil

from deploy.local.progress_wait import ProgressWait


@contextmanager
def own_process(port: int, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[psutil.Popen]:
    """Runs `python -m COMMAND`, and yields once it listens on the port. Raises SystemExit if it does not start."""
    process = psutil.Popen([sys.executable, "-m", *command], env={**os.environ, **environment})
    try:
        wait = ProgressWait(command[0])
        while not any(one.laddr.port == port for one in process.net_connections("tcp")):
            if process.poll() is not None or not wait.keep_waiting(process.memory_info().rss // 2**20):
                raise SystemExit(f"{command[0]} does not start")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
