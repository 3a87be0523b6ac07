"""Compares the ladder tables of the demo with the published ones; differences are shown and never adjusted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.companies import studied
from shared.reference.reference import is_psychosocial

LEVELS = (5, 4, 3, 2, 1)
Counts = Mapping[int, int]
"""The number of measures by level."""

PUBLISHED_TEXT: Mapping[tuple[str, str], Counts] = {
    ("psychosocial", "general"): {5: 3, 4: 1, 3: 1, 2: 28},
    ("musculoskeletal", "general"): {4: 17, 2: 14},
}
"""The figures in the text of the evaluation, by problem group of the company and ladder."""
_EVERY_MUSCULOSKELETAL_COMPANY_HAS_LEVEL = 4
"""The text says that every such company has a measure on this level; its table does not."""


@dataclass(frozen=True)
class Line:
    """One ladder in one group of companies: counted by reporting, in the published table, and in the published text."""

    group: str
    ladder: str
    reported: Counts
    table: Counts
    text: Counts | None


def lines(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Returns the rows of reporting's ladder table with the published figures."""
    return [
        Line(
            group,
            ladder,
            {row["level"]: row["measures"] for row in rows if (row["problem_group"], row["ladder"]) == (group, ladder)},
            table,
            PUBLISHED_TEXT.get((group, ladder)),
        )
        for (group, ladder), table in from_files().items()
    ]


def differences(compared: Sequence[Line]) -> list[str]:
    """Returns where the publication contradicts itself, or reporting differs from it."""
    found = []
    for line in compared:
        name = f"{line.group}, {line.ladder} ladder"
        for level in LEVELS:
            reported, table = line.reported.get(level, 0), line.table.get(level, 0)
            text = table if line.text is None else line.text.get(level, 0)
            if not reported == table == text:
                found.append(
                    f"{name}, level {level}: {reported} here, {table} in the published table, {text} in its text"
                )
    found.extend(
        f"musculoskeletal company {company.number} has no measure on level {_EVERY_MUSCULOSKELETAL_COMPANY_HAS_LEVEL}, "
        "although the text says that every one has"
        for company in studied()
        if not is_psychosocial(company.topic)
        and all(one.ladder_level != _EVERY_MUSCULOSKELETAL_COMPANY_HAS_LEVEL for one in company.measures)
    )
    return found


def from_files() -> dict[tuple[str, str], Counter[int]]:
    """Returns the counts of the published table of measures, without using Aftale."""
    counts: dict[tuple[str, str], Counter[int]] = {}
    for company in studied():
        group = "psychosocial" if is_psychosocial(company.topic) else "musculoskeletal"
        for measure in company.measures:
            counts.setdefault((group, "general"), Counter())[measure.ladder_level] += 1
            if measure.psychosocial_level is not None:
                counts.setdefault((group, "psychosocial"), Counter())[measure.psychosocial_level] += 1
    return counts
