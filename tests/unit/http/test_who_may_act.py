"""Who may give which command stands in one table, which every command route reads in one place (R30, R42)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from services.serve import service_module
from shared.contracts.vocabulary import Centre
from shared.http import problems
from shared.http.access import Asker, Viewer
from shared.http.errors import Problem
from shared.http.tokens import LocalIssuer, Role, TokenVerifier
from shared.http.who_may_act import Relation, is_command, who_may_act
from shared.messaging.bus import Kafka
from shared.service import Settings

pytestmark = pytest.mark.rule("R42")
PROJECT = Path(__file__).parents[3]
SERVICES = ("offers", "guidance", "control", "notices", "reporting")


def commands(service: str, state: Path) -> Iterator[str]:
    """The operations of a service that change something."""
    nowhere = Settings(postgres="", kafka=Kafka(""), state=state, virtual_clock=False)
    for context in iter_route_contexts(service_module(service).app(nowhere).routes):
        if any(is_command(method) for method in getattr(context, "methods", None) or ()):
            yield str(context.name)


def test_every_command_has_a_row_and_every_row_a_command(tmp_path: Path) -> None:
    found = {name for service in SERVICES for name in commands(service, tmp_path)}
    assert len(found) > 50
    assert (sorted(found - set(who_may_act())), sorted(set(who_may_act()) - found)) == ([], [])


def routes_that_decide_themselves() -> Iterator[str]:
    """Functions that are called for a command and ask for a role besides the table."""
    for folder in ("services", "shared"):
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.AsyncFunctionDef) and {"post", "put"} & {
                    one.func.attr
                    for one in node.decorator_list
                    if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
                }:
                    called = [one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)]
                    yield from (f"{file.name} {node.name}" for name in called if name == "require_role")


def test_no_command_asks_for_a_role_besides_the_table() -> None:
    assert list(routes_that_decide_themselves()) == []


def answer(state: Path, role: Role, name: str, leads: Centre | None = None) -> tuple[int, str]:
    """What a command that is called so answers somebody in a role."""
    app = FastAPI()
    issuer = LocalIssuer(state)
    app.state.verifier = TokenVerifier(issuer.jwks_file)
    problems.install(app)

    @app.post("/command", name=name)
    async def command(asker: Asker) -> str:
        return asker.subject

    headers = {"Authorization": f"Bearer {issuer.token(role, 'anna', leads=leads)}"}
    given = TestClient(app).post("/command", headers=headers)
    return given.status_code, given.json().get("detail", "") if given.status_code != 200 else ""


def test_a_command_without_a_row_is_for_nobody(tmp_path: Path) -> None:
    status, said = answer(tmp_path, Role.OPERATOR, "a_new_operation")
    assert (status, "nobody" in said) == (403, True)


def test_a_role_that_the_table_does_not_name_is_told_who_may(tmp_path: Path) -> None:
    assert answer(tmp_path, Role.INSPECTOR, "book_control")[0] == 200
    assert answer(tmp_path, Role.LEADER, "book_control", Centre.EAST)[0] == 200
    status, said = answer(tmp_path, Role.PORTAL, "book_control")
    assert status == 403
    assert "inspectors or supporters or leaders" in said


def test_a_leader_acts_in_the_own_centre_alone_and_is_told_which_is_lacking() -> None:
    leader = Viewer(Role.LEADER, "leader-1", leads=Centre.EAST)
    leader.require_centre_led(Centre.EAST)
    for other in (Centre.NORTH, None):
        with pytest.raises(Problem) as refused:
            leader.require_centre_led(other)
        assert refused.value.status == 403
        assert refused.value.detail.values["leads"] == "east"


def test_whoever_acts_on_a_case_as_an_inspector_does_a_leader_of_the_centre_may_too() -> None:
    shared = {
        name
        for name, roles in who_may_act().items()
        if {Role.INSPECTOR, Role.SUPPORTER} <= set(roles) and roles[Role.INSPECTOR] is not Relation.SELF
    }
    assert {name for name in shared if Role.LEADER not in who_may_act()[name]} == set()
    assert {who_may_act()[name][Role.LEADER] for name in shared} == {Relation.CENTRE_LED}


def test_a_company_acts_in_its_own_cases_alone() -> None:
    assert {roles[Role.COMPANY] for roles in who_may_act().values() if Role.COMPANY in roles} == {Relation.OWN_COMPANY}
