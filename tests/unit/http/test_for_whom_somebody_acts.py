"""For whom somebody acts: a company's person for the company, a colleague for the inspector who is responsible."""

import pytest

from shared.http.access import Viewer
from shared.http.tokens import Role

pytestmark = pytest.mark.rule("R30")


@pytest.mark.parametrize(
    ("asker", "responsible", "acts_for"),
    [
        pytest.param(Viewer(Role.COMPANY, "c-1", "13748136"), "i-1", "13748136", id="a company"),
        pytest.param(Viewer(Role.INSPECTOR, "i-1"), "i-1", None, id="the responsible inspector"),
        pytest.param(Viewer(Role.INSPECTOR, "i-2"), "i-1", "i-1", id="another inspector stands in"),
        pytest.param(Viewer(Role.SUPPORTER, "s-1"), "i-1", "i-1", id="a supporter stands in"),
        pytest.param(Viewer(Role.INSPECTOR, "i-1"), None, None, id="nobody is responsible yet"),
        pytest.param(Viewer(Role.PORTAL, "p-1"), "i-1", None, id="the portal"),
    ],
)
def test_for_whom(asker: Viewer, responsible: str | None, acts_for: str | None) -> None:
    assert asker.acts_for(responsible) == acts_for
