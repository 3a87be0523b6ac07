"""What the command line says about itself, also where nothing is installed; how it ends at Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from unittest.mock import Mock

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from deploy.local import install
from deploy.local.cli import app
from deploy.local.erase import erase
from deploy.local.machine import Machine
from deploy.local.ports import HOST, free_port
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.run_module import INTERRUPTED
from deploy.local.settings import ROLES, Settings
from deploy.local.state import PROJECT
from shared.http.tokens import Role
from shared.release import RELEASE


def told_by_the_commands() -> str:
    """Each command with the first sentence of its help."""
    commands = typer.main.get_group(app).commands
    lines = [f"  {name:<10} {(command.help or '').splitlines()[0]}" for name, command in commands.items()]
    return "\n".join(["./aftale COMMAND", *lines, "", "./aftale COMMAND --help says more, once it is installed.", ""])


def test_the_help_without_an_installation_names_every_command() -> None:
    assert install.COMMANDS.read_text(encoding="utf-8") == told_by_the_commands()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "reconcile"),
        (["--help"], "reconcile"),
        (["-h"], "reconcile"),
        (["bench"], "lossless"),
        (["--version"], "aftale 20"),
    ],
)
def test_what_only_tells_installs_nothing(words: list[str], said: str, tmp_path: Path) -> None:
    copy = tmp_path / "project"
    copytree(PROJECT / "deploy" / "local", copy / "deploy" / "local")
    (copy / "benchmarks").symlink_to(PROJECT / "benchmarks")
    (copy / "pyproject.toml").symlink_to(PROJECT / "pyproject.toml")
    script = copy / "deploy" / "local" / "install.py"
    told = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert said in told.stdout
    assert not (copy / ".aftale").exists()


def test_connections_name_the_release_that_the_project_says() -> None:
    assert install.version().startswith(f"aftale {RELEASE}")


def test_the_roles_that_help_names_are_those_of_tokens() -> None:
    assert list(Role) == list(ROLES)


def test_a_token_of_no_role_is_refused() -> None:
    result = CliRunner().invoke(app, ["token", "boss", "anna"])
    assert str(result.exception) == f"There is no role boss; there are {', '.join(ROLES)}."


@pytest.mark.parametrize(("number", "said"), [(0, "0 units"), (1, "1 unit"), (1_000, "1,000 units")])
def test_numbers_agree_with_their_nouns(number: int, said: str) -> None:
    assert quantity(number, "unit") == said


@pytest.mark.rule("R31")
def test_what_would_be_erased_is_told_by_case_and_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [{"case": "c1", "about": about} for about in ("", "~2", "erna")]
    operator = Mock(
        erase=lambda service, *_, dry_run: {"parts": parts if service == "offers" else [], "files": 0},
        messages_about=lambda *_: [],
    )
    assert erase(operator, "c1", None, mailbox=tmp_path, dry_run=True, console=Console(width=120)) == 3
    assert "offers" in (told := capsys.readouterr().out)
    assert "c1" in told
    assert "the texts of the case, private texts about erna" in told
    assert "guidance" not in told


def test_a_proxy_that_inspects_tls_is_named() -> None:
    output = "ERROR: ... SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"
    assert "PIP_CERT" in install._why_pip_failed(output)


def test_a_used_port_is_said_before_anything_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    for name in ("OFFERS", "GUIDANCE", "CONTROL", "NOTICES"):
        monkeypatch.setenv(f"AFTALE_PORT_{name}", str(free_port()))
    said: list[str] = []
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        monkeypatch.setenv("AFTALE_PORT_REPORTING", str(other.getsockname()[1]))
        with pytest.raises(UserError, match="AFTALE_PORT_REPORTING=NUMBER"):
            Machine(Settings(), said.append).up()
    assert said == []


def test_ctrl_c_ends_a_command_with_a_word_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text("import time\nprint('here', flush=True)\nwhile True: time.sleep(1)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local.run_module", "sleeps"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # whoever began the tests may have it ignored
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (INTERRUPTED, "\nStopped.\n")
