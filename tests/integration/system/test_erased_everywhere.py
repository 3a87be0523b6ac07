"""What ./aftale erase erases is found nowhere, nor in the mailbox of this machine, and is not told later (R31)."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from deploy.local import mail
from deploy.local.as_operator import Operator
from deploy.local.erase import erase
from deploy.local.machine import Machine
from deploy.local.settings import Settings
from shared.http.tokens import LocalIssuer, Role, pseudonym
from tests.integration.system.course import CVR, SISTER, SISTER_P_NUMBER, UNIT, offer
from tests.integration.system.planted_search import everything_in, everything_on, holding_encoded, mails_in, texts_of
from tests.integration.system.running_system import RunningSystem, running_system

pytestmark = pytest.mark.rule("R31")
CONTACT = ("Klejnstrup", "zebedaeus.klejnstrup@planted.example")
INSPECTOR = ("Qvistorf", "xanthippe.qvistorf@planted.example")
OTHER = ("Blegdam", "melchior.blegdam@planted.example")
ANNA = pseudonym(Role.INSPECTOR, "anna")


async def test_what_is_erased_is_found_nowhere(
    postgres_dsn: str, kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT, SISTER)
        await _list_the_inspector(system)
        case, contact = await _told(system, offer(), CONTACT)
        other, _ = await _told(system, offer(SISTER_P_NUMBER), OTHER)
        await _a_day_passes(system)
        mailed = mails_in(tmp_path / mail.NAME)
        for word in (*CONTACT, *INSPECTOR, *OTHER)[1::2]:
            assert holding_encoded(word, mailed), "else nothing is shown by not finding it later"
        assert holding_encoded(INSPECTOR[0], mailed)
        digests = [text for text in mailed if f"To: {INSPECTOR[1]}" in text]
        assert [text for text in digests if case[-8:] in text], "a digest tells of the case"

        assert await _erase(system, case, contact, dry_run=True) == await _erase(system, case, contact)
        assert holding_encoded(CONTACT[1], mails_in(tmp_path / mail.NAME)) == []
        assert await _erase(system, case, None)
        assert [text for text in mails_in(tmp_path / mail.NAME) if case[-8:] in text] == []
        assert holding_encoded(OTHER[1], mails_in(tmp_path / mail.NAME)), "of another case"
        assert await _erase(system, None, ANNA)
        assert await _erase(system, case, None) == 0
        assert holding_encoded(other[-8:], mails_in(tmp_path / mail.NAME)) == [], "they name the inspector"
        await system.time.advance_to(system.time.clock.now() + timedelta(days=100))
        assert holding_encoded(other[-8:], mails_in(tmp_path / mail.NAME)), "who is not erased is told on"
        await system.stop()
        found = await everything_on(system.kafka)
    found += [row for rows in (await everything_in(postgres_dsn)).values() for row in rows]
    found += mails_in(tmp_path / mail.NAME)
    found += texts_of(file for file in tmp_path.rglob("*") if file.is_file())
    assert holding_encoded(case, found), "the history stays"
    for word in (*CONTACT, *INSPECTOR):
        assert holding_encoded(word, found) == [], word


async def _list_the_inspector(system: RunningSystem) -> None:
    name, email = INSPECTOR
    listed = {"roles": ["inspector"], "centre": "east", "name": f"Xanthippe {name}", "email": email}
    token = LocalIssuer(system.state).token(Role.OPERATOR, "anna")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "anna", "If-Match": "*"}
    address = f"http://127.0.0.1:{system.ports['control']}/v1/people/{ANNA}"
    answer = await system.client.put(address, json=listed, headers=headers)
    assert answer.status_code == 201, answer.text
    await system.time.settle()


async def _told(system: RunningSystem, body: dict[str, Any], whom: tuple[str, str]) -> tuple[str, str]:
    """An offer that somebody at the company is told of; and the inspector, that it was accepted."""
    inspector, company = system.people.inspector("anna"), system.people.company(CVR)
    case: str = (await inspector.do("offers", "/v1/offers", body))["id"]
    named = {"role": "legally_responsible", "name": f"Zebedæus {whom[0]}", "email": whom[1]}
    await inspector.do("offers", f"/v1/offers/{case}/contacts", named)
    await system.people.portal().do("offers", f"/v1/offers/{case}/delivery", {"delivered": True})
    await system.time.settle()
    await company.do("offers", f"/v1/offers/{case}/acceptance", {"has_read": True})
    shown = await inspector.get("offers", f"/v1/offers/{case}")
    return case, shown["contacts"][0]["contact_id"]


async def _a_day_passes(system: RunningSystem) -> None:
    """Until the digest of the next morning has gone out."""
    await system.time.advance_to(system.time.clock.now() + timedelta(days=1, hours=12))


async def _erase(system: RunningSystem, case: str | None, person: str | None, *, dry_run: bool = False) -> int:
    operator = Operator(Machine(Settings.model_validate({f"port_{name}": one for name, one in system.ports.items()})))
    console = Console(quiet=True)
    return await asyncio.to_thread(
        erase, operator, case, person, mailbox=system.state / mail.NAME, dry_run=dry_run, console=console
    )
