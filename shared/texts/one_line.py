"""Keeps what others wrote from looking like a part of a text of the authority."""

import unicodedata


def on_one_line(text: str) -> str:
    """Returns a text without line breaks, invisible characters, or addresses that mail programs make links of."""
    visible = "".join(" " if unicodedata.category(one).startswith(("C", "Z")) else one for one in text)
    return " ".join(visible.replace("://", ": //").split())
