"""What owners answer is shown nowhere, also where it does not fit (R31)."""

import pytest
from pydantic import BaseModel, ValidationError

from services.notices.lookups.owners import Address, Parties

NAME, ADDRESS = "Zebedæus Klejnstrup", "zebedaeus.klejnstrup@planted.example"
CONTACT = {"contact_id": "no id", "role": "no role", "name": NAME, "email": [ADDRESS]}


@pytest.mark.rule("R31")
@pytest.mark.parametrize(
    ("kind", "answer", "wrong"),
    [
        (Parties, {"cvr": "13748136", "unit": NAME, "contacts": [CONTACT]}, 5),
        (Parties, [NAME, ADDRESS], 1),
        (Address, {"name": [NAME], "email": {"address": ADDRESS}}, 2),
    ],
)
def test_an_answer_that_does_not_fit_is_reported_without_its_words(
    kind: type[BaseModel], answer: object, wrong: int
) -> None:
    with pytest.raises(ValidationError) as fault:
        kind.model_validate(answer)
    assert fault.value.error_count() == wrong
    told = f"{fault.value!r} {fault.value}"
    assert [word for word in (*NAME.split(), ADDRESS) if word in told] == []
