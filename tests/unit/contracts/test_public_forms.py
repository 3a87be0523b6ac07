"""The public forms for the type checker are those of the contracts."""

import pytest

from deploy.contracts import public_forms


@pytest.mark.rule("R31")
def test_the_public_forms_are_what_the_contracts_say() -> None:
    assert public_forms.FILE.read_text(encoding="utf-8") == public_forms.text(), "run: python -m deploy.contracts"
