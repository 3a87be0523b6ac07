"""Tables and charts of years of calendars, in Markdown and SVG."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from benchmarks.planning.count import Counted

Years = Mapping[str, Counted]
"""What each year shows, by its heading: the load that was asked for."""
_ROWS: Mapping[str, Callable[[Counted], str]] = {
    "load of the calendars in the counted year": lambda one: f"{one.load:.1%}",
    "visits held whose window ends in it": lambda one: f"{one.held:,}",
    "in their window": lambda one: f"{one.in_window / one.held:.1%}",
    "within 60 days": lambda one: f"{one.within_sixty_days / one.held:.1%}",
    "late": lambda one: f"{one.late.number:,}",
    "late, and warned of 21 days before or earlier": lambda one: f"{one.late.warned:,}",
    "late by a later cause, and said within one working day": lambda one: _by_cause(one.late.said_at_once),
    "late, and neither": lambda one: _by_cause(one.late.unsaid),
    "warnings: right, wrong, overtaken": lambda one: (
        f"{one.warnings.late:,}, {one.warnings.in_time:,}, {one.warnings.overtaken:,}"
    ),
    "precision of warnings": lambda one: f"{one.warnings.precision:.2f}",
    "double bookings": lambda one: f"{one.double_bookings:,}",
    "announced visits moved, of them untold": lambda one: f"{one.announced_moved:,}, {one.announced_moved_untold:,}",
    "re-plans that moved or lacked something": lambda one: f"{one.replans:,}",
    "moves per such re-plan, and most": lambda one: f"{one.moves / max(1, one.replans):.1f}, {one.most_moves:,}",
    "late days chosen by hand": lambda one: f"{one.rescued:,}",
    "load per person: least, median, most": lambda one: ", ".join(f"{share:.0%}" for share in one.loads),
    "processor seconds": lambda one: f"{one.seconds:,.0f}",
}
_COLOURS = {"in the window": "#2a7f62", "warned": "#e0a030", "said at once": "#d97b29", "neither": "#b3261e"}
_WIDTH, _BAR, _GAP, _LEFT = 700, 26, 12, 190


def _by_cause(causes: Mapping[str, int]) -> str:
    if not causes:
        return "0"
    parts = sorted(causes.items(), key=lambda part: (-part[1], part[0]))
    return f"{sum(causes.values()):,} ({', '.join(f'{cause} {number:,}' for cause, number in parts)})"


def as_table(years: Years) -> str:
    """Formats a table of Markdown, with a column for each year."""
    lines = [f"| | {' | '.join(years)} |", f"| --- |{' --- |' * len(years)}"]
    lines += [f"| {what} | {' | '.join(of(one) for one in years.values())} |" for what, of in _ROWS.items()]
    return "\n".join(lines)


def chart_of_lateness(years: Years) -> str:
    """Draws a bar for each year: which part of its visits is in the window, and how the others were said."""
    bars = []
    for heading, one in years.items():
        parts = (one.in_window, one.late.warned, one.late.said_at_once.total(), one.late.unsaid.total())
        bars.append((heading, [number / one.held for number in parts]))
    return _stacked("Control visits by how they stand to their window", bars, list(_COLOURS))


def chart_of_loads(years: Years) -> str:
    """Draws for each year the span from the least to the most loaded person, with the median."""
    height, most = _height(len(years)), max(1.2, *(one.loads[2] for one in years.values()))
    scale = (_WIDTH - _LEFT - 20) / most
    drawn = []
    for number, (heading, one) in enumerate(years.items()):
        y = 40 + number * (_BAR + _GAP)
        least, middle, highest = (_LEFT + share * scale for share in one.loads)
        drawn += [
            _text(10, y + 18, heading),
            f'<rect x="{least:.0f}" y="{y + 6}" width="{highest - least:.0f}" height="14" fill="#7aa6c2"/>',
            f'<rect x="{middle - 1:.0f}" y="{y}" width="3" height="{_BAR}" fill="#1d3f57"/>',
            _text(min(highest + 6, _WIDTH - 110), y + 18, " · ".join(f"{share:.0%}" for share in one.loads)),
        ]
    return _svg("Load per person: least, median, most", height, drawn)


def _stacked(title: str, bars: Sequence[tuple[str, Sequence[float]]], names: Sequence[str]) -> str:
    height, full = _height(len(bars)) + 24, _WIDTH - _LEFT - 60
    drawn = []
    for number, (heading, parts) in enumerate(bars):
        y, x = 40 + number * (_BAR + _GAP), float(_LEFT)
        drawn.append(_text(10, y + 18, heading))
        for name, share in zip(names, parts, strict=True):
            fill = _COLOURS[name]
            drawn.append(f'<rect x="{x:.1f}" y="{y}" width="{share * full:.1f}" height="{_BAR}" fill="{fill}"/>')
            x += share * full
        drawn.append(_text(x + 6, y + 18, f"{parts[0]:.1%}"))
    for number, name in enumerate(names):
        x = _LEFT + number * 115
        drawn += [f'<rect x="{x}" y="{height - 22}" width="12" height="12" fill="{_COLOURS[name]}"/>']
        drawn.append(_text(x + 17, height - 12, name))
    return _svg(title, height, drawn)


def _height(bars: int) -> int:
    return 50 + bars * (_BAR + _GAP)


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'


def _svg(title: str, height: int, drawn: Sequence[str]) -> str:
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{escape(title)}</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="22" font-weight="bold">{escape(title)}</text>',
        *drawn,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def write(folder: Path, years: Years) -> None:
    """Writes the table and the charts into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "year.md").write_text(as_table(years) + "\n", encoding="utf-8")
    (folder / "in-window.svg").write_text(chart_of_lateness(years), encoding="utf-8")
    (folder / "load.svg").write_text(chart_of_loads(years), encoding="utf-8")
