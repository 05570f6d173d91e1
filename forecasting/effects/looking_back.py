"""All programmes with their indicators: what may have worked, one row for each pair.

Which comparison is made follows from the declaration:

| where and how strong | comparison (`method`) |
|---|---|
| some areas, others not, one start | `difference_in_differences` |
| some areas, others not, several starts | `staggered_differences` |
| in some areas stronger than in others | `dose_response` |
| one area, or too few to deal | `counterfactual`: its own path as well as the difference |
| the whole city, equally strong | `city_counterfactual`, its own past carried on |
| the whole city, too short a past to carry on | `before_after`, as a description only |

Why the areas were chosen changes nothing in the arithmetic, since every difference is taken from
what each district's own past lets expect (`baseline`); it is said beside the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zlib import crc32

import numpy as np
import polars as pl

from forecasting.effects import words
from forecasting.effects.panel import KNOWN, MONTHS, Panel, first_of, month_of, panel, span_lengths
from forecasting.effects.study import (
    FEWEST_BEFORE,
    FEWEST_CONTROLS,
    City,
    Evidence,
    Reached,
    fewest_after,
    study,
    whole_city,
)
from forecasting.effects.verdict import (
    Word,
    city_p_value,
    city_verdict,
    corrected,
    in_percent,
    is_alone,
    p_value,
    smallest_effect,
    smallest_effect_of_city,
    verdict,
)

AREA: Final = ("area_system", "area_version", "level")
EFFECT_SCHEMA: Final = pl.Schema(
    {
        "programme_id": pl.String(),
        "indicator_id": pl.String(),
        "group_id": pl.String(),
        **dict.fromkeys(AREA, pl.String()),
        "grain": pl.String(),
        "method": pl.String(),
        "lag": pl.Float64(),
        "since": pl.Date(),
        "until": pl.Date(),
        "areas_with": pl.Int64(),
        "areas_without": pl.Int64(),
        "estimate": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "unit": pl.String(),
        "smallest_effect": pl.Float64(),
        "placebo_p": pl.Float64(),
        "q_value": pl.Float64(),
        "verdict": pl.String(),
        "judged_from": pl.Date(),
        "status": pl.String(),
        "reason": pl.String(),
        "reason_en": pl.String(),
        "as_of": pl.Date(),
    }
)
PERCENT: Final = "Prozent"


@dataclass(frozen=True)
class Case:
    """One programme and one indicator before the verdict."""

    row: dict[str, Any]
    evidence: Evidence | None = None
    city: City | None = None
    chosen_by: str | None = None
    unit: str = ""

    @property
    def p_value(self) -> float | None:
        """The p value that is corrected for all the others, if anything was tested."""
        if self.evidence is not None:
            return p_value(self.evidence)
        return None if self.city is None else city_p_value(self.city)


def effects(
    values: pl.DataFrame,
    pairs: pl.DataFrame,
    places: pl.DataFrame,
    neighbours: pl.DataFrame,
    *,
    as_of: date,
    seed: int = 0,
) -> pl.DataFrame:
    """Look back at every pair.

    Args:
        values: `indicator_id, group_id, area_system, area_version, level, area_id, period_start,
            grain, numerator, denominator, value, status`, in today's borders.
        pairs: `programme_id, indicator_id, group_id, kind, unit, lag_years, last_day, chosen_by`;
            `last_day` is the last one that counts, or none.
        places: `programme_id, area_system, area_version, level, area_id, is_whole, since,
            strength`: where it was from which day on and how strong; `is_whole` for the one area
            that is all of the city.
        neighbours: `area_system, area_version, area_id, neighbour_id`; may be empty.
        as_of: what was known when this was computed.
        seed: of chance deals and paths; the same for the same pair whatever others there are.

    Returns:
        `EFFECT_SCHEMA`, one row per pair, in the order of `pairs`. Estimates are in percent where
        values are above zero, in the unit of the indicator otherwise.
    """
    tables = {str(key[0]): frame for key, frame in values.group_by("indicator_id")}
    where = {str(key[0]): frame for key, frame in places.group_by("programme_id")}
    beside = beside_each(neighbours)
    none = values.clear()
    cases = [
        look(
            pair,
            tables.get(pair["indicator_id"], none),
            where.get(pair["programme_id"], places.clear()),
            beside,
            seed=seed,
        )
        for pair in pairs.iter_rows(named=True)
    ]
    return pl.DataFrame(list(_judged(cases, as_of)), schema=EFFECT_SCHEMA)


def beside_each(neighbours: pl.DataFrame) -> dict[tuple[str, str, str], set[str]]:
    """The neighbours of each area."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for system, version, area, other in neighbours.iter_rows():
        found.setdefault((system, version, area), set()).add(other)
    return found


def _judged(cases: list[Case], as_of: date) -> Iterator[dict[str, Any]]:
    tested = [one.p_value for one in cases]
    q_values = iter(corrected([p for p in tested if p is not None]))
    for case, p in zip(cases, tested, strict=True):
        row = case.row | {"as_of": as_of, "status": "estimated"}
        if p is None:
            yield row | {"status": "missing" if row.get("estimate") is None else "estimated"}
            continue
        row["q_value"] = q = next(q_values)
        if case.evidence is not None:
            yield row | _compared(case, verdict(case.evidence, q))
        else:
            assert case.city is not None
            yield row | _of_city(case, city_verdict(case.city, q))


def look(
    pair: dict[str, Any],
    cells: pl.DataFrame,
    places: pl.DataFrame,
    beside: dict[tuple[str, str, str], set[str]],
    *,
    seed: int = 0,
) -> Case:
    """Look at one pair: `cells` are all values of the indicator, `places` those of the programme.

    `pair` is a row of `pairs`, and the rest as for `effects`.
    """
    name = f"{pair['programme_id']} {pair['indicator_id']}"
    rng = np.random.default_rng([seed, crc32(name.encode())])
    system, version, level = (None, None, None) if places.is_empty() else places.row(0)[1:4]
    group = pair["group_id"] if pair["group_id"] in cells["group_id"] else "all"
    lag = pair["lag_years"] or 0.0
    row: dict[str, Any] = {
        "programme_id": pair["programme_id"],
        "indicator_id": pair["indicator_id"],
        "group_id": group,
        "area_system": system,
        "area_version": version,
        "level": level,
        "lag": lag,
        "method": "none",
    }
    if places.is_empty():
        return Case(row | _cannot(words.no_values()))
    cells = cells.filter(
        pl.col("status").is_in(KNOWN),
        pl.col("value").is_not_null(),
        pl.col("group_id") == group,
        pl.col("area_system") == system,
        pl.col("area_version") == version,
        pl.col("level") == level,
    )
    reached = _reached(places, lag, pair["last_day"])
    is_whole = bool(places["is_whole"].all())
    unit = str(pair["unit"])
    refusal: tuple[str, str] | None = words.no_values()
    for grain in sorted(set(cells["grain"]), key=lambda one: MONTHS.get(one, 99)):
        if grain not in MONTHS:
            continue
        own = cells.filter(pl.col("grain") == grain)
        early = _too_early(own, grain, reached)
        refusal = _too_late(own, grain, reached)
        if refusal is not None:
            continue
        row["grain"] = grain
        if early is not None:
            de, en = words.too_early(early)
            said = {"verdict": "too_early", "judged_from": early, "reason": de, "reason_en": en}
            return Case(row | said)
        case = (
            _city_case(row, own, grain, pair["kind"], reached, unit, rng)
            if is_whole
            else _case(row, own, grain, pair, reached, beside, rng)
        )
        if isinstance(case, Case):
            return case
        refusal = case
    assert refusal is not None
    return Case(row | _cannot(refusal))


def _cannot(why: tuple[str, str]) -> dict[str, Any]:
    return {"verdict": "cannot_be_judged", "reason": why[0], "reason_en": why[1]}


def _reached(places: pl.DataFrame, lag: float, last_day: date | None) -> Reached:
    days = dict(places.select("area_id", "since").iter_rows())
    before = {area: month_of(day) for area, day in days.items()}
    months = round(12 * lag)
    return Reached(
        before,
        {area: month_of(day) + (day.day > 1) for area, day in days.items()},
        dict(places.select("area_id", "strength").iter_rows()),
        months,
        None if last_day is None else month_of(last_day) + 1 + months,
    )


def _too_late(cells: pl.DataFrame, grain: str, reached: Reached) -> tuple[str, str] | None:
    """Why there is nothing before to compare with, if so."""
    first = cells["period_start"].min()
    assert isinstance(first, date)
    months = MONTHS[grain]
    if max(reached.before.values()) - month_of(first) < FEWEST_BEFORE * months:
        return words.nothing_before(FEWEST_BEFORE, months)
    return None


def _too_early(cells: pl.DataFrame, grain: str, reached: Reached) -> date | None:
    """The day from which it can be judged, where values do not reach that far."""
    last = cells["period_start"].max()
    assert isinstance(last, date)
    months = MONTHS[grain]
    end = month_of(last) + months
    phase = month_of(last) % months
    since = min(reached.after.values()) + reached.lag
    begin = since + (phase - since) % months
    needed = begin + max(months * fewest_after(months), 6)
    return first_of(needed) if needed > end else None


def _case(
    row: dict[str, Any],
    cells: pl.DataFrame,
    grain: str,
    pair: dict[str, Any],
    reached: Reached,
    beside: dict[tuple[str, str, str], set[str]],
    rng: np.random.Generator,
) -> Case | tuple[str, str]:
    kind = pair["kind"]
    origin = min(reached.before.values())
    shortest = _panel(cells, kind, grain, MONTHS[grain], origin)
    if shortest is None or not set(shortest.areas) & set(reached.before):
        return words.no_values()
    near = frozenset().union(
        *(
            beside.get((row["area_system"], row["area_version"], one), set())
            for one in reached.before
        )
    )
    for months in span_lengths(cells, kind=kind, grain=grain):
        whole = _panel(cells, kind, grain, months, origin)
        if whole is None:
            continue
        found = study(
            whole, reached, rng=rng, series=shortest, neighbours=near - reached.before.keys()
        )
        if found is not None:
            method = _method(found)
            return Case(
                row | {"method": method},
                evidence=found,
                chosen_by=pair["chosen_by"],
                unit=str(pair["unit"]),
            )
    never = sum(one not in reached.before for one in shortest.areas)
    if never < FEWEST_CONTROLS:
        return words.nobody_beside(never, FEWEST_CONTROLS)
    return words.nothing_before(FEWEST_BEFORE, MONTHS[grain])


def _panel(cells: pl.DataFrame, kind: str, grain: str, months: int, origin: int) -> Panel | None:
    first = cells["period_start"].min()
    assert isinstance(first, date)
    # Values of half-years and years keep their own beginning, whatever the day of the start.
    if months == MONTHS[grain]:
        origin = month_of(first)
    return panel(cells, kind=kind, grain=grain, months=months, origin=origin)


def _method(one: Evidence) -> str:
    if one.setting.has_dose():
        return "dose_response"
    if is_alone(one):
        return "counterfactual"
    return "staggered_differences" if len(one.setting.before) > 1 else "difference_in_differences"


def _compared(case: Case, word: Word) -> dict[str, Any]:
    one = case.evidence
    assert one is not None
    is_log = one.setting.panel.is_log
    estimate, low, high = (
        in_percent(each) if is_log else each for each in (one.found.estimate, *one.found.limits())
    )
    least = smallest_effect(one)
    begins, months = one.setting.panel.begins, one.setting.panel.months
    after = one.setting.after
    de, en = words.compared(one, word, chosen_by=case.chosen_by)
    return {
        "since": first_of(int(min(begins[spans[0]] for spans in after))),
        "until": first_of(int(max(begins[spans[-1]] for spans in after)) + months - 1),
        "areas_with": one.treated,
        "areas_without": one.controls,
        "estimate": estimate,
        "low": low,
        "high": high,
        "unit": PERCENT if is_log else case.unit,
        "smallest_effect": -in_percent(-least) if is_log else least,
        "placebo_p": one.found.p_value,
        "verdict": word,
        "reason": de,
        "reason_en": en,
    }


def _city_case(
    row: dict[str, Any],
    cells: pl.DataFrame,
    grain: str,
    kind: str,
    reached: Reached,
    unit: str,
    rng: np.random.Generator,
) -> Case | tuple[str, str]:
    series = _panel(cells, kind, grain, MONTHS[grain], 0)
    if series is None:
        return words.no_values()
    found = whole_city(series, reached, rng)
    if found is not None:
        return Case(row | {"method": "city_counterfactual"}, city=found, unit=unit)
    ends = series.begins + series.months
    before = ends <= min(reached.before.values())
    after = series.begins >= max(reached.after.values()) + reached.lag
    if not (before.any() and after.any()):
        return words.no_values()
    change = float(series.values[0, after].mean() - series.values[0, before].mean())
    told = {
        "method": "before_after",
        "areas_with": 1,
        "areas_without": 0,
        "estimate": in_percent(change) if series.is_log else change,
        "unit": PERCENT if series.is_log else unit,
        "since": first_of(int(series.begins[after][0])),
        "until": first_of(int(ends[after][-1]) - 1),
    }
    return Case(row | told | _cannot(words.only_described(change, is_log=series.is_log)))


def _of_city(case: Case, word: Word) -> dict[str, Any]:
    assert case.city is not None
    found, series = case.city.found, case.city.series
    is_log = series.is_log
    width = 1.96 * found.error
    estimate, low, high = (
        in_percent(each) if is_log else each
        for each in (found.estimate, found.estimate - width, found.estimate + width)
    )
    least = smallest_effect_of_city(found)
    since = int(series.begins[found.judged[0]])
    until = int(series.begins[found.judged[-1]]) + series.months - 1
    de, en = words.city(found, word, is_log=is_log, since=since, until=until)
    return {
        "since": first_of(since),
        "until": first_of(until),
        "areas_with": 1,
        "areas_without": 0,
        "estimate": estimate,
        "low": low,
        "high": high,
        "unit": PERCENT if is_log else case.unit,
        "smallest_effect": -in_percent(-least) if is_log else least,
        "placebo_p": case.city.placebo,
        "verdict": word,
        "reason": de,
        "reason_en": en,
    }
