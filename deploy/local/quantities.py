"""Numbers with their nouns, as operators read them."""


def quantity(number: int, one: str, many: str | None = None) -> str:
    """Returns a number with its noun: `1 unit`, `2 units`, `1,000 units`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
