"""Draws a look ahead: as letters for the terminal, as SVG for everything else."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final

import numpy as np
import polars as pl

from exports.vocabulary import STATUS_WORDS
from forecasting.outlook import USABLE_STATUS
from forecasting.periods import SEASON_LENGTH, place_in_time
from orchestration.forecast.series import LookAhead
from orchestration.forecast.words import Manner

_COLUMNS: Final = 72
_ROWS: Final = 11
_WIDEST_CELL: Final = 5
_EIGHT: Final = ("0.1", "0.9")
_NINETEEN: Final = ("0.025", "0.975")


def in_text(look: LookAhead, manner: Manner) -> list[str]:
    """Lines of a picture of the latest values and what lies ahead; there are figures ahead."""
    ahead = look.ranges
    last = place_in_time(ahead["period_start"][-1], look.grain)
    first = last - _COLUMNS + 1
    history = look.usable.select("period_start", "value")
    places = history["period_start"].map_elements(
        lambda start: place_in_time(start, look.grain), return_dtype=pl.Int64
    )
    kept = history.filter(places >= first)
    first = place_in_time(kept["period_start"][0], look.grain) if kept.height else first
    cell = max(1, min(_WIDEST_CELL, _COLUMNS // (last - first + 1)))
    low = float(min([*kept["value"], *ahead["0.025"]]))
    high = float(max([*kept["value"], *ahead["0.975"]]))
    low = 0.0 if 0 <= low < high / 2 else low
    grid = [[" "] * ((last - first + 1) * cell) for _ in range(_ROWS)]

    def row(value: float) -> int:
        return round((high - value) / ((high - low) or 1.0) * (_ROWS - 1))

    for one in ahead.iter_rows(named=True):
        column = (place_in_time(one["period_start"], look.grain) - first) * cell
        for (lower, upper), letter in ((_NINETEEN, "░"), (_EIGHT, "▒"), (("0.5", "0.5"), "─")):
            for line in range(row(one[upper]), row(one[lower]) + 1):
                grid[line][column : column + cell] = letter * cell
    for start, value in kept.iter_rows():
        grid[row(value)][(place_in_time(start, look.grain) - first) * cell] = "•"
    margin = {
        line: manner.number(high - (high - low) * line / (_ROWS - 1))
        for line in (0, (_ROWS - 1) // 2, _ROWS - 1)
    }
    width = max(len(text) for text in margin.values())
    drawn = [
        f"  {margin.get(line, ''):>{width}} │{''.join(cells).rstrip()}"
        for line, cells in enumerate(grid)
    ]
    begins, ends = kept["period_start"][0] if kept.height else None, ahead["period_start"][-1]
    left = manner.label(begins) if begins else ""
    right = manner.label(ends)
    return [
        *drawn,
        f"  {'':>{width}} └{'─' * len(grid[0])}",
        f"  {'':>{width}}  {left}{right:>{max(len(grid[0]) - len(left), len(right) + 2)}}",
    ]


_WIDTH: Final = 960
_HEIGHT: Final = 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 930, 116, 450
_TICKS: Final = 6
_MOST_YEARS: Final = 14
_LINE_LENGTH: Final = 125
_INK, _QUIET, _FAINT = "#1a1a1a", "#595959", "#e3e3e3"
_WIDE_FILL, _NARROW_FILL, _MIDDLE = "#d6e4f0", "#a3c4de", "#1f5f99"
_NOWCAST: Final = "#8a4b08"


@dataclass(frozen=True)
class _Frame:
    """Where places in time and values lie on the picture."""

    first: int
    last: int
    low: float
    high: float

    def x(self, place: float) -> float:
        return _LEFT + (place - self.first + 0.5) / (self.last - self.first + 1) * (_RIGHT - _LEFT)

    def y(self, value: float) -> float:
        return _BOTTOM - (value - self.low) / (self.high - self.low) * (_BOTTOM - _TOP)


def svg(look: LookAhead, manner: Manner) -> str:
    """The picture as SVG: values, gaps, breaks, nowcasts and ranges, or why there are none."""
    frame, ticks = _frame(look)
    title = f"{look.meaning[f'name_{manner.language}']} – {look.area['name']}"
    about = escape(_about(look, manner))
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="title about" '
        f'font-family="DejaVu Sans, Arial, sans-serif" font-size="13" fill="{_INK}">'
    )
    parts = [
        start,
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="about">{about}</desc>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 32, title, size=19, weight="bold"),
        _text(_LEFT, 54, _subtitle(look, manner), fill=_QUIET),
        *_legend(look, manner),
        *_axes(frame, ticks, look, manner),
        *_gaps(frame, look),
        *_fan(frame, look),
        *_values(frame, look),
        *_nowcasts(frame, look),
        *_breaks(frame, look, manner),
        *_footer(frame, look, manner),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _about(look: LookAhead, manner: Manner) -> str:
    if look.ranges.is_empty():
        return _why_none(look, manner)
    end = look.ranges.row(-1, named=True)
    low, high = (end[name] for name in _EIGHT)
    return (
        f"{manner.label(end['period_start'])}: {manner.say('middle')} {manner.number(end['0.5'])}, "
        f"{manner.say('eight')} {manner.range(low, high)}"
    )


def _why_none(look: LookAhead, manner: Manner) -> str:
    if look.refusal is None:
        return f"{manner.say('refused')}: {manner.say('only_nowcast')}"
    why = look.refusal["reason" if manner.language == "de" else "reason_en"]
    return f"{manner.say('refused')}: {why}"


def _subtitle(look: LookAhead, manner: Manner) -> str:
    group = "" if look.group == "all" else f", {look.group}"
    return f"{look.meaning['unit']}, {manner.grains()}{group}"


def _frame(look: LookAhead) -> tuple[_Frame, list[float]]:
    starts = [
        *look.history["period_start"],
        *look.ranges["period_start"],
        *look.nowcasts["period_start"],
    ]
    places = [place_in_time(start, look.grain) for start in starts] or [0]
    shown = [
        *look.usable["value"],
        *(value for row in look.ranges.drop("period_start").rows() for value in row),
        *(value for row in look.nowcasts.drop("period_start").rows() for value in row),
    ] or [0.0, 1.0]
    low, high = min(shown), max(shown)
    low = 0.0 if 0 <= low < high / 2 else low
    ticks = _ticks(low, high)
    return _Frame(min(places), max(places), ticks[0], ticks[-1]), ticks


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from below the lowest to above the highest value."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** np.floor(np.log10(span / _TICKS))
    step = next(one * power for one in (1, 2, 5, 10) if one * power * _TICKS >= span)
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    return [float(one * step) for one in range(first, max(last, first + 1) + 1)]


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 13,
    fill: str = _INK,
    anchor: str = "start",
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, more: str = "") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}"{more}/>'
    )


def _axes(frame: _Frame, ticks: list[float], look: LookAhead, manner: Manner) -> list[str]:
    places = _decimals(ticks)
    parts = []
    for tick in ticks:
        parts.append(_line(_LEFT, frame.y(tick), _RIGHT, frame.y(tick), _FAINT))
        words = Manner(manner.language, manner.grain, manner.dated, places).number(tick)
        parts.append(_text(_LEFT - 8, frame.y(tick) + 4, words, fill=_QUIET, anchor="end"))
    parts.append(_line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, _QUIET))
    season = SEASON_LENGTH[look.grain]
    years = range(-(-frame.first // season), frame.last // season + 1)
    every = -(-len(years) // _MOST_YEARS)
    for year in years:
        if year % every == 0:
            x = frame.x(year * season)
            parts.append(_line(x, _BOTTOM, x, _BOTTOM + 5, _QUIET))
            parts.append(_text(x, _BOTTOM + 21, str(year), fill=_QUIET, anchor="middle"))
    return parts


def _decimals(ticks: list[float]) -> int:
    step = ticks[1] - ticks[0]
    return max(0, -int(np.floor(np.log10(step) + 1e-9)))


def _gaps(frame: _Frame, look: LookAhead) -> list[str]:
    """A pale stripe where a period has no usable value."""
    unused = look.history.join(look.usable, on="period_start", how="anti")["period_start"]
    half = (frame.x(1) - frame.x(0)) / 2
    return [
        f'<rect x="{frame.x(place_in_time(start, look.grain)) - half:.1f}" y="{_TOP}" '
        f'width="{2 * half:.1f}" height="{_BOTTOM - _TOP}" fill="#f2f2f2"/>'
        for start in unused
    ]


def _fan(frame: _Frame, look: LookAhead) -> list[str]:
    ahead = look.ranges
    if ahead.is_empty():
        return []
    xs = [frame.x(place_in_time(start, look.grain)) for start in ahead["period_start"]]
    root: list[tuple[float, float]] = []
    if look.usable.height:
        start, value = look.usable.select("period_start", "value").row(-1)
        value = dict(look.nowcast_medians).get(start, value)
        root = [(frame.x(place_in_time(start, look.grain)), frame.y(value))]

    def edge(quantile: str) -> list[tuple[float, float]]:
        return [(x, frame.y(value)) for x, value in zip(xs, ahead[quantile], strict=True)]

    parts = []
    for (low, high), fill in ((_NINETEEN, _WIDE_FILL), (_EIGHT, _NARROW_FILL)):
        around = _points([*root, *edge(high), *reversed(edge(low))])
        parts.append(f'<polygon points="{around}" fill="{fill}"/>')
    parts.append(
        f'<polyline points="{_points([*root, *edge("0.5")])}" fill="none" stroke="{_MIDDLE}" '
        'stroke-width="2"/>'
    )
    return parts


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _values(frame: _Frame, look: LookAhead) -> list[str]:
    """Lines between neighbours, broken at gaps; hollow points where a value is not final."""
    rows = [
        (place_in_time(start, look.grain), value, status)
        for start, value, status in look.usable.select("period_start", "value", "status").rows()
    ]
    runs: list[list[tuple[float, float]]] = []
    for number, (place, value, _) in enumerate(rows):
        if number == 0 or rows[number - 1][0] != place - 1:
            runs.append([])
        runs[-1].append((frame.x(place), frame.y(value)))
    parts = [
        f'<polyline points="{_points(run)}" fill="none" stroke="{_INK}" stroke-width="1.3"/>'
        for run in runs
        if len(run) > 1
    ]
    radius = 3.5 if len(rows) <= 40 else 2.2
    return parts + [
        _dot(frame.x(place), frame.y(value), radius, status) for place, value, status in rows
    ]


def _dot(x: float, y: float, radius: float, status: str) -> str:
    fill = {"observed": _INK, "estimated": "#b8b8b8"}.get(status, "#ffffff")
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{_INK}" '
        'stroke-width="1.2"/>'
    )


def _nowcasts(frame: _Frame, look: LookAhead) -> list[str]:
    parts = []
    for row in look.nowcasts.iter_rows(named=True):
        x = frame.x(place_in_time(row["period_start"], look.grain))
        for (low, high), width in ((_NINETEEN, 1.5), (_EIGHT, 4)):
            more = f' stroke-width="{width}" stroke-opacity="0.6"'
            parts.append(_line(x, frame.y(row[low]), x, frame.y(row[high]), _NOWCAST, more))
        y = frame.y(row["0.5"])
        parts.append(_diamond(x, y))
    return parts


def _diamond(x: float, y: float) -> str:
    around = _points([(x, y - 4.5), (x + 4.5, y), (x, y + 4.5), (x - 4.5, y)])
    return f'<polygon points="{around}" fill="{_NOWCAST}"/>'


def _breaks(frame: _Frame, look: LookAhead, manner: Manner) -> list[str]:
    parts = []
    for since in look.breaks["since"].unique().sort():
        place = place_in_time(since, look.grain)
        if frame.first < place <= frame.last:
            x = frame.x(place - 0.5)
            parts.append(_line(x, _TOP, x, _BOTTOM, _QUIET, ' stroke-dasharray="5 4"'))
            parts.append(_text(x + 5, _TOP + 13, _break_words(since, manner), size=11, fill=_QUIET))
    return parts


def _break_words(since: date, manner: Manner) -> str:
    return manner.say("break_short", since=since)


def _legend(look: LookAhead, manner: Manner) -> list[str]:
    """What is drawn, in one line; only what there is."""
    place = 0 if manner.language == "de" else 1
    y = 82
    found = [
        (_dot(8, y - 4, 3.5, status), STATUS_WORDS[status][place])
        for status in USABLE_STATUS
        if (look.usable["status"] == status).any()
    ]
    if look.history.height > look.usable.height:
        box = f'<rect x="0" y="{y - 12}" width="16" height="15" fill="#f2f2f2" stroke="{_FAINT}"/>'
        found.append((box, manner.say("without")))
    if look.ranges.height:
        line = _line(0, y - 4, 16, y - 4, _MIDDLE, ' stroke-width="2"')
        found.append((line, f"{manner.say('outlook')}: {manner.say('middle')}"))
        for fill, key in ((_NARROW_FILL, "eight"), (_WIDE_FILL, "nineteen")):
            box = f'<rect x="0" y="{y - 12}" width="16" height="15" fill="{fill}"/>'
            found.append((box, manner.say(key)))
    if look.nowcasts.height:
        found.append((_diamond(8, y - 4), manner.say("nowcast_short")))
    parts, x = [], float(_LEFT)
    for drawn, words in found:
        parts.append(f'<g transform="translate({x:.1f} 0)">{drawn}{_text(22, y, words)}</g>')
        x += 44 + 7.4 * len(words)
    return parts


def _footer(frame: _Frame, look: LookAhead, manner: Manner) -> list[str]:
    known = max([*look.history["as_of"], *look.forecast["as_of"], *look.nowcast["as_of"]])
    words = manner.say("trend") if look.ranges.height else _why_none(look, manner)
    axis = "" if frame.low <= 0 <= frame.high else f" {manner.say('not_zero')}"
    lines = [*textwrap.wrap(words + axis, _LINE_LENGTH), manner.say("known", day=known)]
    return [
        _text(_LEFT, _BOTTOM + 48 + 17 * number, line, size=12, fill=_QUIET)
        for number, line in enumerate(lines)
    ]
