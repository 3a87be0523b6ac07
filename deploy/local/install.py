"""Installs the pinned packages into .aftale/venv, once, then runs the command line there. Standard library only."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = PROJECT / ".aftale"
VENV = PROGRAMS / "venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = PROJECT / "deploy" / "requirements"
BENCHMARKS = PROJECT / "benchmarks"
COMMANDS = PROJECT / "deploy" / "local" / "commands.txt"
"""The text of ./aftale --help before anything is installed; a test compares it with the real commands."""
NEED_DEVELOPMENT = ("test", "bench")
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|Network is unreachable|Connection refused|ProxyError"
)


def main(arguments: list[str]) -> None:
    """Installs what the command needs, then becomes the command. Help, version and lists install nothing."""
    if (told := _told_without(arguments)) is not None and not _installed():
        print(told)
        return
    wanted = ["runtime", "development"] if arguments[:1] and arguments[0] in NEED_DEVELOPMENT else ["runtime"]
    try:
        with _exclusive_lock() as lock:
            if not set(wanted) <= _installed():
                _install(wanted, lock)
    except PermissionError as denied:
        sys.exit(f"{denied.filename} belongs to another user: run ./aftale as that user, or remove {PROGRAMS}.")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next ./aftale starts the installation again.")
    os.execv(PYTHON, [str(PYTHON), "-m", "deploy.local.cli", *arguments])


def _told_without(arguments: list[str]) -> str | None:
    """Returns the text of a command that only describes the program, or None if the command has something to do."""
    if arguments == ["bench"]:
        return name_a_benchmark()
    if arguments[:1] == ["--version"]:
        return version()
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        return COMMANDS.read_text(encoding="utf-8").rstrip()
    return None


def version() -> str:
    """Returns the output of ./aftale --version."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name']} {project['version']}"


def name_a_benchmark() -> str:
    """Returns the message of ./aftale bench without a name."""
    return f"Name a benchmark: ./aftale bench NAME. There are: {', '.join(benchmarks())}."


def benchmarks() -> list[str]:
    """Returns the names of all benchmarks: modules, or packages that can be run."""
    mains = {file.stem: file / "__main__.py" if file.is_dir() else file for file in BENCHMARKS.iterdir()}
    return sorted(
        name for name, main in mains.items() if main.is_file() and "__main__" in main.read_text(encoding="utf-8")
    )


def _installed() -> set[str]:
    """Returns the sets of packages that are complete and current; none after an interrupted installation."""
    stamp = VENV / "installed"
    if not stamp.exists() or not PYTHON.exists():
        return set()
    current = {f"{name} {_fingerprint(name)}": name for name in ("runtime", "development")}
    return {current[line] for line in stamp.read_text().splitlines() if line in current}


def _fingerprint(name: str) -> str:
    """Returns a hash of the pinned packages and of what ties an environment to a machine: its folder and its Python."""
    parts = [(REQUIREMENTS / f"{name}.txt").read_text(), str(VENV), str(sys.implementation.cache_tag)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _install(wanted: list[str], lock: int) -> None:
    keep = _installed()
    (VENV / "installed").unlink(missing_ok=True)
    if "runtime" not in keep:
        keep = set()
        with _shown("Making a Python environment in .aftale/venv (once)"):
            shutil.rmtree(VENV, ignore_errors=True)
            venv.create(VENV, symlinks=True)
            _run_to_the_end([str(PYTHON), "-m", "ensurepip", "--default-pip"], lock)
    for name in wanted:
        if name not in keep:
            _pip_install(name, lock)
    if set(wanted) - keep:
        with _shown("Compiling the packages (once)"):  # on all cores, unlike pip; services start sooner
            packages = VENV / "lib"
            compiler = [str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(packages)]
            subprocess.run(compiler, pass_fds=[lock], capture_output=True, check=False)  # packages ship odd test files
    lines = [f"{name} {_fingerprint(name)}\n" for name in sorted(keep | set(wanted))]
    unfinished = VENV / "installed.unfinished"
    unfinished.write_text("".join(lines))
    unfinished.replace(VENV / "installed")


def _run_to_the_end(command: list[str], lock: int) -> None:
    done = subprocess.run(command, pass_fds=[lock], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _pip_install(name: str, lock: int) -> None:
    file = REQUIREMENTS / f"{name}.txt"
    total = len(re.findall(r"^\S+==", file.read_text(), re.MULTILINE))
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "-r", str(file)]
    quiet = [
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--no-compile",
        "--no-warn-script-location",
    ]
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
    }
    environment |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    output: list[str] = []
    with (
        _shown(f"Installing {total} Python packages for {name} (once)") as say,
        subprocess.Popen(
            [*command, *quiet],
            env=environment,
            pass_fds=[lock],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as pip,
    ):
        collected = 0
        for line in pip.stdout or ():
            output.append(line)
            if found := re.match(r"(?:Collecting|Requirement already satisfied:) ([^=\s]+)", line):
                collected += 1
                say(f"{collected} of {total}: {found[1]}")
            elif line.startswith("Installing collected packages"):
                say("unpacking")
    if pip.returncode != 0:
        sys.exit(_why_pip_failed("".join(output)))


def _why_pip_failed(output: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in output:
        return (
            "The Python packages could not be downloaded: the certificate of the package index is not trusted here. A\n"
            "proxy that inspects TLS signs with its own: name the file of its certificates,\n"
            "PIP_CERT=/path/to/certificates.pem ./aftale demo (and REQUESTS_CA_BUNDLE, for Kafka)."
        )
    if _NO_NETWORK.search(output):
        return (
            "The Python packages could not be downloaded: no package index answers. Is there a network? Then try again."
        )
    errors = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-5:]
    return "\n".join(["The Python packages could not be installed:", *errors])


@contextmanager
def _shown(what: str) -> Iterator["_Progress"]:
    """Shows progress: a line that changes on a terminal, else a line every ten seconds."""
    progress = _Progress(what)
    ticker = threading.Thread(target=progress.run, daemon=True)
    ticker.start()
    try:
        yield progress
    finally:
        progress.finished.set()
        ticker.join()


class _Progress:
    def __init__(self, what: str) -> None:
        self.what = what
        self.detail = ""
        self.finished = threading.Event()
        self.started = time.monotonic()

    def __call__(self, detail: str) -> None:
        self.detail = detail

    def run(self) -> None:
        if not sys.stderr.isatty():
            self._write("\n")
        while not self.finished.wait(0.2 if sys.stderr.isatty() else 10):
            self._write("\r" if sys.stderr.isatty() else "\n")
        if sys.stderr.isatty():
            self._write("\n")

    def _write(self, end: str) -> None:
        seconds = int(time.monotonic() - self.started)
        text = f"{self.what} ... {seconds} s {self.detail}"
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{clear}{text[: shutil.get_terminal_size().columns - 1] if clear else text}{end}")
        sys.stderr.flush()


@contextmanager
def _exclusive_lock() -> Iterator[int]:
    """Waits until no other installation runs; yields the lock. A pip that outlives a killed installation holds it."""
    PROGRAMS.mkdir(exist_ok=True)
    with (PROGRAMS / "install.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            print("Waiting for another ./aftale that is installing ...", file=sys.stderr)
            flock(lock, LOCK_EX)
        yield lock.fileno()


if __name__ == "__main__":
    main(sys.argv[1:])
