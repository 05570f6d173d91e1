"""Occasions: where numbers of several departments and people point to one area or group.

What "points to" means. The latest known value of each finest area is held against all other areas
together, and the value of each group in the whole municipality against everybody else. Only rates
and shares with an interval of their own are looked at, since for others chance cannot be stated.
Rates of events are tested given their sum (binomial), shares given both margins (hypergeometric),
two-sided by doubling the smaller tail. All comparisons of a run count together, and a difference
stands only where it holds after Benjamini and Hochberg (1995) at 5 percent.

What makes an occasion. Indicators of two departments that do not rest on one and the same count,
and a voice or local knowledge from there. Without one there is no occasion, whatever numbers say.
Strengths, supply and decisions stand beside concerns. Nothing is counted up or put in an order but
the alphabet's.

What it cannot know. Events come in clusters, one person may steal ten bicycles, so that chance is
larger than the test assumes. A difference to the rest is no outlier and no cause. And who was heard
depends on who was asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Final

import numpy as np
import polars as pl

OCCASION_SCHEMA: Final = pl.Schema(
    {
        "occasion_id": pl.String(),
        "area_system": pl.String(),
        "area_version": pl.String(),
        "area_id": pl.String(),
        "area_name": pl.String(),
        "group_id": pl.String(),
        "side": pl.String(),
        "item_id": pl.String(),
        "name_de": pl.String(),
        "name_en": pl.String(),
        "department_id": pl.String(),
        "indicator_id": pl.String(),
        "period_start": pl.Date(),
        "grain": pl.String(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "unit": pl.String(),
        "reference": pl.Float64(),
        "since": pl.Date(),
        "comparisons": pl.Int64(),
        "q_value": pl.Float64(),
        "consent": pl.String(),
        "text_de": pl.String(),
        "text_en": pl.String(),
        "as_of": pl.Date(),
    }
)
VOICE_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("voice_id", "role_de", "role_en", "says_de", "says_en"), pl.String()),
        **dict.fromkeys(("method_de", "method_en", "reach_de", "reach_en"), pl.String()),
        "heard_on": pl.Date(),
        "indicator_id": pl.String(),
        "consent": pl.String(),
        "areas": pl.List(pl.String()),
        "group_id": pl.String(),
    }
)
ITEM_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("side", "item_id", "name_de", "name_en"), pl.String()),
        **dict.fromkeys(("department_id", "text_de", "text_en"), pl.String()),
        "areas": pl.List(pl.String()),
        "group_id": pl.String(),
    }
)
FALSE_DISCOVERY_RATE: Final = 0.05
KNOWN: Final = ("observed", "provisional")
TESTED: Final = {"byar": "rate", "wilson": "share"}

_GRAINS: Final = ("month", "quarter", "half_year", "year")
_PLACE: Final = ("area_system", "area_version", "area_id", "group_id")


@dataclass
class _Difference:
    """One value that was held against the rest, and what came out."""

    row: dict[str, Any]
    rest: float
    p_value: float
    q_value: float = 1.0

    @property
    def is_above(self) -> bool:
        return float(self.row["value"]) > self.rest

    def side(self, polarity: str) -> str:
        """Whether it is a concern or a strength; where the indicator takes no side, neither."""
        if polarity not in ("higher_is_better", "lower_is_better"):
            return "difference"
        return "strength" if self.is_above == (polarity == "higher_is_better") else "concern"


def occasions(
    values: pl.DataFrame,
    indicators: pl.DataFrame,
    counted: pl.DataFrame,
    voices: pl.DataFrame,
    items: pl.DataFrame,
    *,
    as_of: date,
) -> pl.DataFrame:
    """Find the occasions and spell out what stands beside each other in them.

    Args:
        values: `indicator_value` in today's borders with `level_rank` (0 = finest) and
            `area_name`, without areas for what cannot be placed and without withheld figures.
        indicators: the columns of the mart `indicator`.
        counted: `indicator_id`, `measure_id`: the counts in the numerator of each indicator.
        voices: VOICE_SCHEMA; `areas` is empty for what is said of the whole municipality.
        items: ITEM_SCHEMA: supply and decisions, with the areas or the group they are for.
        as_of: the day whose knowledge the frames hold.

    Returns:
        OCCASION_SCHEMA, one row per occasion and item, in the order of the alphabet; no row where
        nobody was heard.
    """
    facts = {row["indicator_id"]: row for row in indicators.iter_rows(named=True)}
    compared = _differences(values, facts)
    found = [one for one in compared if one.q_value <= FALSE_DISCOVERY_RATE]
    rows: list[dict[str, Any]] = []
    by_place: dict[tuple[str, ...], list[_Difference]] = {}
    for one in found:
        by_place.setdefault(tuple(one.row[name] for name in _PLACE), []).append(one)
    for place, here in by_place.items():
        heard = [row for row in voices.iter_rows(named=True) if _is_about(row, place)]
        if not heard or not _of_several_departments(here, facts, counted):
            continue
        system, _, area_id, group_id = place
        head = dict.fromkeys(OCCASION_SCHEMA.names()) | dict(zip(_PLACE, place, strict=True))
        head["occasion_id"] = "/".join([system, area_id, *([group_id] * (group_id != "all"))])
        head |= {"area_name": here[0].row["area_name"], "as_of": as_of}
        rows += [head | _signal(one, facts, values, len(compared)) for one in here]
        rows += [head | _voice(row, compared, place, facts) for row in heard]
        rows += [
            head | {name: row[name] for name in ITEM_SCHEMA.names() if name not in _NOT_SHOWN}
            for row in items.iter_rows(named=True)
            if _is_about(row, place)
        ]
    return pl.DataFrame(rows, schema=OCCASION_SCHEMA).sort(
        "area_name", "group_id", "side", "name_de", "item_id"
    )


_NOT_SHOWN: Final = ("areas", "group_id")


def _latest(values: pl.DataFrame, facts: Mapping[str, Any]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Per indicator that can be tested, the rows of its coarsest grain in one period.

    The latest in which it is known for the whole municipality: a mere part of it has no rest to
    stand against.
    """
    tops = dict(values.group_by("area_system").agg(pl.col("level_rank").max()).iter_rows())
    for indicator_id, fact in sorted(facts.items()):
        if TESTED.get(fact["interval"]) != fact["kind"] or fact["retired_on"] is not None:
            continue
        known = values.filter(
            pl.col("status").is_in(KNOWN),
            pl.col("denominator") > 0,
            pl.all_horizontal(pl.col("numerator", "low", "high").is_not_null()),
            indicator_id=indicator_id,
        )
        for (system,), own in sorted(known.partition_by("area_system", as_dict=True).items()):
            grain = max(own["grain"].unique(), key=_rank)
            whole = own.filter(grain=grain, group_id="all", level_rank=tops[system])
            last = whole.filter(pl.len().over("period_start") == 1)["period_start"].max()
            if last is not None and own["level_rank"].n_unique() > 1:
                yield indicator_id, own.filter(grain=grain, period_start=last)


def _rank(grain: str) -> int:
    return _GRAINS.index(grain) if grain in _GRAINS else -1


def _cells(rows: pl.DataFrame) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The whole, and everything that is held against the rest of it."""
    top, finest = rows["level_rank"].max(), rows["level_rank"].min()
    whole = rows.filter(level_rank=top, group_id="all")
    parts = rows.filter(
        pl.when(pl.col("group_id") == "all")
        .then(pl.col("level_rank") == finest)
        .otherwise(pl.col("level_rank") == top)
    )
    return whole.row(0, named=True), list(parts.sort(_PLACE).iter_rows(named=True))


def _differences(values: pl.DataFrame, facts: Mapping[str, Any]) -> list[_Difference]:
    found = []
    for indicator_id, rows in _latest(values, facts):
        whole, parts = _cells(rows)
        for part in parts:
            rest = _rest(whole, part)
            if rest is not None:
                p_value = _p_value(facts[indicator_id]["kind"], part, whole)
                found.append(_Difference(part, rest * _scale(facts[indicator_id]), p_value))
    # Benjamini and Hochberg: the largest p-value first, each adjusted one no larger than the last.
    smallest = 1.0
    ordered = sorted(found, key=lambda one: one.p_value, reverse=True)
    for rank, one in zip(range(len(ordered), 0, -1), ordered, strict=True):
        smallest = min(smallest, one.p_value * len(ordered) / rank)
        one.q_value = smallest
    return found


def _scale(fact: Mapping[str, Any]) -> float:
    return 100.0 if fact["kind"] == "share" else float(fact["per"])


def _rest(whole: Mapping[str, Any], part: Mapping[str, Any]) -> float | None:
    """The value of everybody else, unscaled; None where nobody is left to compare with."""
    cases = whole["numerator"] - part["numerator"]
    base = whole["denominator"] - part["denominator"]
    return cases / base if base > 0 and cases >= 0 else None


def _p_value(kind: str, part: Mapping[str, Any], whole: Mapping[str, Any]) -> float:
    from scipy import stats

    cases, every = (int(np.rint(one["numerator"])) for one in (part, whole))
    if kind == "share":
        base, all_bases = (int(np.rint(one["denominator"])) for one in (part, whole))
        law = stats.hypergeom(all_bases, every, base)
    else:
        law = stats.binom(every, part["denominator"] / whole["denominator"])
    return min(1.0, 2 * min(float(law.cdf(cases)), float(law.sf(cases - 1))))


def _is_about(row: Mapping[str, Any], place: tuple[str, ...]) -> bool:
    """An area must be named; a group counts for the whole where no area is named beside it."""
    _, _, area_id, group_id = place
    areas = row["areas"] or []
    return area_id in areas if group_id == "all" else not areas and row["group_id"] == group_id


def _of_several_departments(
    here: list[_Difference], facts: Mapping[str, Any], counted: pl.DataFrame
) -> bool:
    """Whether two departments speak, and not both from one and the same count."""
    behind = {
        one.row["indicator_id"]: set(
            counted.filter(indicator_id=one.row["indicator_id"])["measure_id"]
        )
        for one in here
    }
    return any(
        facts[one]["department_id"] != facts[other]["department_id"]
        and not behind[one] & behind[other]
        for one, other in combinations(sorted(behind), 2)
    )


def _since(one: _Difference, values: pl.DataFrame) -> date:
    """The first period of the unbroken run in which the value stood on this side of the rest."""
    row = one.row
    own = values.filter(
        *(pl.col(name) == row[name] for name in ("indicator_id", "grain", *_PLACE[:2]))
    )
    series = own.filter(area_id=row["area_id"], group_id=row["group_id"])
    whole = own.filter(group_id="all", level_rank=own["level_rank"].max()).select(
        "period_start", "numerator", "denominator"
    )
    both = series.join(whole, on="period_start", suffix="_whole").sort(
        "period_start", descending=True
    )
    first: date = row["period_start"]
    for past in both.iter_rows(named=True):
        if past["value"] is None or past["numerator_whole"] is None or not past["denominator"]:
            break
        whole_then = {name: past[f"{name}_whole"] for name in ("numerator", "denominator")}
        rest = _rest(whole_then, past)
        if rest is None or (past["numerator"] / past["denominator"] > rest) != one.is_above:
            break
        first = past["period_start"]
    return first


def _signal(
    one: _Difference, facts: Mapping[str, Any], values: pl.DataFrame, comparisons: int
) -> dict[str, Any]:
    row, fact = one.row, facts[one.row["indicator_id"]]
    since = _since(one, values)
    low, high, value = row["low"], row["high"], row["value"]
    of_area = row["group_id"] == "all"
    others_de = "alle übrigen Gebiete zusammen" if of_area else "alle übrigen zusammen"
    others_en = "all other areas together" if of_area else "all others together"
    way_de, way_en = ("darüber", "above") if one.is_above else ("darunter", "below")
    run_de = f"Seit {_day(since, row['grain'])} ohne Unterbrechung {way_de}"
    run_en = f"Without a break {way_en} since {_day(since, row['grain'])}"
    if since == row["period_start"]:
        run_de, run_en = f"In diesem Zeitraum {way_de}", f"In this period {way_en}"
    when = _day(row["period_start"], row["grain"])
    return {
        "side": one.side(fact["polarity"]),
        "item_id": fact["indicator_id"],
        "name_de": fact["name_de"],
        "name_en": fact["name_en"],
        "department_id": fact["department_id"],
        "indicator_id": fact["indicator_id"],
        **{name: row[name] for name in ("period_start", "grain", "value", "low", "high", "unit")},
        "reference": one.rest,
        "since": since,
        "comparisons": comparisons,
        "q_value": one.q_value,
        "text_de": (
            f"{when}: {_german(value)} (95-%-Bereich {_german(low)} bis {_german(high)}); "
            f"{others_de}: {_german(one.rest)}. {run_de}. Verglichen wurden {comparisons} Werte. "
            "Woran es liegt, sagt die Zahl nicht."
        ),
        "text_en": (
            f"{when}: {value:.1f} (95 % interval {low:.1f} to {high:.1f}); {others_en}: "
            f"{one.rest:.1f}. {run_en}. {comparisons} values were compared. The figure does not "
            "say why."
        ),
    }


def _voice(
    row: Mapping[str, Any],
    compared: list[_Difference],
    place: tuple[str, ...],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    beside_de, beside_en = _beside(row["indicator_id"], compared, place, facts)
    return {
        "side": "voice",
        "item_id": row["voice_id"],
        "name_de": row["role_de"],
        "name_en": row["role_en"],
        "indicator_id": row["indicator_id"],
        "consent": row["consent"],
        "text_de": (
            f"„{row['says_de']}“ Gehört am {row['heard_on']:%d.%m.%Y}: {row['method_de']} "
            f"Reichweite: {row['reach_de']}{beside_de}"
        ),
        "text_en": (
            f'"{row["says_en"]}" Heard on {row["heard_on"]}: {row["method_en"]} '
            f"Reach: {row['reach_en']}{beside_en}"
        ),
    }


def _beside(
    indicator_id: str | None,
    compared: list[_Difference],
    place: tuple[str, ...],
    facts: Mapping[str, Any],
) -> tuple[str, str]:
    """What the number says of which a voice speaks, where it does not stand in the occasion."""
    if indicator_id is None:
        return "", ""
    name = facts[indicator_id]
    name_de, name_en = f" Die Zahl „{name['name_de']}“", f' The figure "{name["name_en"]}"'
    for one in compared:
        here = tuple(one.row[key] for key in _PLACE) == place
        if here and one.row["indicator_id"] == indicator_id:
            if one.q_value <= FALSE_DISCOVERY_RATE:
                return "", ""
            return (
                f"{name_de} unterscheidet sich hier nicht über den Zufall hinaus von den übrigen.",
                f"{name_en} does not differ from the others here beyond chance.",
            )
    return f"{name_de} ließ sich hier nicht prüfen.", f"{name_en} could not be tested here."


def _day(start: date, grain: str) -> str:
    return f"{start:%Y}" if grain == "year" else f"{start:%m/%Y}"


def _german(figure: float) -> str:
    return f"{figure:.1f}".replace(".", ",")
