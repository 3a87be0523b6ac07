"""Messages are erased from the mailbox of this machine by their Message-ID, wherever the server has put them (R31)."""

from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path
from unittest.mock import Mock

import pytest
from rich.console import Console

from deploy.local import mail
from deploy.local.erase import erase

pytestmark = pytest.mark.rule("R31")
ID = "aaaa@notices.aftale.invalid"


def put(folder: Path, *ids: str) -> None:
    """Messages as the server writes them."""
    box = Maildir(folder)
    for one in ids:
        message = EmailMessage()
        message["Message-ID"] = f"<{one}>"
        message["To"] = "somebody@example.dk"
        message.set_content("A text.")
        box.add(message.as_bytes())


def ids_in(folder: Path) -> list[str]:
    return sorted(str(one["Message-ID"]) for one in Maildir(folder))


def test_messages_are_erased_by_their_id_and_a_dry_run_only_counts(tmp_path: Path) -> None:
    put(tmp_path / "mail", ID, ID, "other")
    read = next((tmp_path / "mail" / "new").iterdir())
    read.rename(tmp_path / "mail" / "cur" / f"{read.name}:2,S")
    (tmp_path / "mail" / "tmp" / "cut").write_bytes(f"Message-ID: <{ID}>\r\nTo: some".encode())
    assert mail.erase(tmp_path / "mail", {ID}, dry_run=True) == 3
    assert len(ids_in(tmp_path / "mail")) == 3
    assert mail.erase(tmp_path / "mail", {ID, "never-sent"}, dry_run=False) == 3
    assert ids_in(tmp_path / "mail") == ["<other>"]
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_without_a_mailbox_or_an_id_nothing_is_erased(tmp_path: Path) -> None:
    assert mail.erase(tmp_path / "mail", {ID}, dry_run=False) == 0
    put(tmp_path / "mail", "other")
    (tmp_path / "mail" / "new" / "foreign").write_bytes(b"To: somebody\r\n\r\nA message without an id.")
    assert mail.erase(tmp_path / "mail", {ID}, dry_run=False) == 0
    assert mail.erase(tmp_path / "mail", set(), dry_run=False) == 0


def test_a_person_is_erased_from_what_each_of_the_persons_cases_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder := tmp_path / "mail", "to-the-person", "of-case-1", "of-case-2")
    told = {(None, "erna"): ["to-the-person"], ("1", "erna"): ["of-case-1"], ("2", "erna"): ["of-case-2"]}
    operator = Mock(
        erase=lambda service, *_, dry_run: {
            "parts": [{"case": "1", "about": "erna"}] if service == "offers" else [],
            "files": 0,
        },
        messages_about=lambda case, person: told[case, person],
    )
    assert erase(operator, None, "erna", mailbox=folder, dry_run=False, console=Console(width=120)) == 3
    assert ids_in(folder) == ["<of-case-2>"], "case 2 holds nothing about erna"
    assert "2 e-mails" in capsys.readouterr().out
