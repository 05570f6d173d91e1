"""Questions where indicators with goals changed together over the areas: asked, never answered.

How it is looked at. Each area gives one change per indicator: the mean of the later half of the
periods both are known for, minus the mean of the earlier half; for counts the ratio of the two,
because a larger area changes by larger counts. One change per area means that what happens year by
year in one area counts once. The changes of two indicators are compared by their rank correlation
(Spearman), with Fisher's z and the standard error of Fieller, Hartley and Pearson (1957).

How many were looked at. All pairs that can be tested count. A question arises only where a pair
holds after Benjamini and Hochberg (1995); the intervals are widened accordingly (Benjamini and
Yekutieli 2005), so that an interval excludes 0 exactly where a question arises.

What it cannot know. Values carried over borders are left out, since both indicators would carry
the same error. Neighbouring areas may resemble each other, which makes chance look smaller than it
is. Whether goals conflict is declared by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from math import atanh, sqrt, tanh
from typing import Any, Final

import numpy as np
import polars as pl

QUESTION_SCHEMA: Final = pl.Schema(
    {
        "indicator_id_a": pl.String(),
        "group_id_a": pl.String(),
        "indicator_id_b": pl.String(),
        "group_id_b": pl.String(),
        "grain": pl.String(),
        "area_system": pl.String(),
        "area_version": pl.String(),
        "level": pl.String(),
        "first_period": pl.Date(),
        "last_period": pl.Date(),
        "areas": pl.Int64(),
        "comparisons": pl.Int64(),
        "correlation": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "interval_percent": pl.Float64(),
        "p_value": pl.Float64(),
        "q_value": pl.Float64(),
        "question_de": pl.String(),
        "question_en": pl.String(),
        "reason": pl.String(),
        "reason_en": pl.String(),
        "as_of": pl.Date(),
    }
)
FALSE_DISCOVERY_RATE: Final = 0.05
FEWEST_AREAS: Final = 12
FEWEST_PERIODS: Final = 4
KNOWN: Final = ("observed", "provisional")

_ON: Final = ["area_system", "area_version", "area_id", "period_start"]
_LENGTH: Final = {"month": "1mo", "quarter": "1q", "half_year": "6mo", "year": "1y"}
_PLACE: Final = ["area_system", "area_version", "level"]


@dataclass
class _Pair:
    """Two indicators with what was found; without areas it could not be compared."""

    row: dict[str, Any]
    correlation: float | None = None
    p_value: float = 1.0

    @property
    def error(self) -> float:
        return sqrt(1.06 / (self.row["areas"] - 3))


def goal_questions(
    values: pl.DataFrame,
    goals: pl.DataFrame,
    indicators: pl.DataFrame,
    shared: pl.DataFrame,
    *,
    as_of: date,
) -> pl.DataFrame:
    """Compare how indicators with goals changed over the areas, and ask where chance is unlikely.

    Args:
        values: the columns of `indicator_value` plus `level` and `level_rank` (0 = finest), of the
            area versions to be compared.
        goals: `indicator_id`, `group_id`, `grain`; rows may repeat.
        indicators: `indicator_id`, `kind`, `name_de`, `name_en`.
        shared: `indicator_id`, `measure_id`: what each indicator is computed from.
        as_of: the day whose knowledge the frames hold.

    Returns:
        QUESTION_SCHEMA, one row per pair of different indicators, sorted; every row names the
        number of comparisons, and either asks or says why not.
    """
    wanted = goals.select("indicator_id", "group_id", "grain").unique().sort(pl.all())
    series = {
        key: _series(values, dict(zip(wanted.columns, key, strict=True))) for key in wanted.rows()
    }
    kinds = dict(indicators.select("indicator_id", "kind").rows())
    pairs = [
        _compare(first, second, series, kinds, as_of)
        for first, second in combinations(series, 2)
        if first[0] != second[0] and first[2] == second[2]
    ]
    _judge(pairs)
    names = {row["indicator_id"]: row for row in indicators.iter_rows(named=True)}
    for pair in pairs:
        _say(pair, names, _in_common(shared, pair.row))
    return pl.DataFrame([pair.row for pair in pairs], schema=QUESTION_SCHEMA).sort(
        "indicator_id_a", "group_id_a", "indicator_id_b", "group_id_b", "grain"
    )


def _series(values: pl.DataFrame, key: Mapping[str, str]) -> pl.DataFrame:
    """The known values of one indicator; a stock counts for the period its date lies in."""
    period = pl.col("period_start").dt.truncate(_LENGTH[key["grain"]])
    return (
        values.filter(
            *(pl.col(name) == wanted for name, wanted in key.items()),
            pl.col("status").is_in(KNOWN),
            pl.col("value").is_finite(),
        )
        .sort("period_start")
        .with_columns(period_start=period)
        .unique(_ON, keep="last", maintain_order=True)
        .select(*_ON, "level", "level_rank", "value")
    )


def _compare(
    first: tuple[str, ...],
    second: tuple[str, ...],
    series: Mapping[tuple[str, ...], pl.DataFrame],
    kinds: Mapping[str, str],
    as_of: date,
) -> _Pair:
    from scipy import stats

    pair = _Pair(
        dict.fromkeys(QUESTION_SCHEMA.names())
        | {"indicator_id_a": first[0], "group_id_a": first[1]}
        | {"indicator_id_b": second[0], "group_id_b": second[1]}
        | {"grain": first[2], "areas": 0, "as_of": as_of}
    )
    both = series[first].join(series[second].drop("level", "level_rank"), on=_ON, suffix="_b")
    for place in _finest_first(both):
        here, periods = _complete(both.join(place, on=_PLACE))
        changes = [
            _changes(here, periods, column, kinds[one])
            for column, one in (("value", first[0]), ("value_b", second[0]))
        ]
        known = np.isfinite(changes[0]) & np.isfinite(changes[1])
        found = int(known.sum())
        if found < FEWEST_AREAS or any(np.ptp(one[known]) == 0 for one in changes):
            pair.row["areas"] = max(pair.row["areas"], found)
            continue
        correlation = float(stats.spearmanr(changes[0][known], changes[1][known]).statistic)
        # A rank correlation of exactly 1 would have an infinite z.
        pair.correlation = float(np.clip(correlation, -0.999999, 0.999999))
        pair.row |= place.row(0, named=True) | {"correlation": correlation, "areas": found}
        pair.row |= {"first_period": periods[0], "last_period": periods[-1]}
        pair.p_value = float(2 * stats.norm.sf(abs(atanh(pair.correlation)) / pair.error))
        break
    return pair


def _finest_first(both: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The places to look at: the finest level first, so that there are as many areas as can be."""
    places = both.group_by(_PLACE).agg(
        pl.col("level_rank").min(), pl.col("area_id").n_unique().alias("count")
    )
    ordered = places.sort("level_rank", "count", *_PLACE, descending=[False, True, *[False] * 3])
    yield from ordered.select(_PLACE).iter_slices(1)


def _complete(here: pl.DataFrame) -> tuple[pl.DataFrame, list[date]]:
    """The areas known for every period that half of the areas know: one span of time for all."""
    areas = here["area_id"].n_unique()
    by_period = here.group_by("period_start").len().filter(pl.col("len") * 2 >= areas)
    periods = sorted(by_period["period_start"])
    inside = here.filter(pl.col("period_start").is_in(periods))
    whole = inside.group_by("area_id").len().filter(pl.col("len") == len(periods))
    return inside.join(whole, on="area_id", how="semi").sort("area_id", "period_start"), periods


def _changes(here: pl.DataFrame, periods: list[date], column: str, kind: str) -> Any:
    """Per area the later half against the earlier half; not a number where there is none."""
    if len(periods) < FEWEST_PERIODS or here.height == 0:
        return np.empty(0)
    table = here[column].to_numpy().reshape(-1, len(periods))
    half = len(periods) // 2
    earlier, later = table[:, :half].mean(axis=1), table[:, -half:].mean(axis=1)
    if kind != "count":
        return later - earlier
    return np.divide(later, earlier, out=np.full(len(earlier), np.nan), where=earlier > 0)


def _judge(pairs: list[_Pair]) -> None:
    """Benjamini and Hochberg over all pairs compared, and intervals that agree with it."""
    from scipy import stats

    tested = sorted((pair for pair in pairs if pair.correlation is not None), key=_by_p)
    count = len(tested)
    smallest = 1.0
    for rank in range(count, 0, -1):
        pair = tested[rank - 1]
        smallest = min(smallest, pair.p_value * count / rank)
        pair.row |= {"p_value": pair.p_value, "q_value": smallest}
    asked = sum(pair.row["q_value"] <= FALSE_DISCOVERY_RATE for pair in tested)
    for rank, pair in enumerate(tested, start=1):
        share = min(asked if rank <= asked else asked + 1, count) / count
        width = float(stats.norm.isf(FALSE_DISCOVERY_RATE * share / 2)) * pair.error
        middle = atanh(pair.correlation or 0.0)
        pair.row |= {"low": tanh(middle - width), "high": tanh(middle + width)}
        pair.row["interval_percent"] = 100 * (1 - FALSE_DISCOVERY_RATE * share)
    for pair in pairs:
        pair.row["comparisons"] = count


def _by_p(pair: _Pair) -> tuple[float, str, str, str, str]:
    row = pair.row
    names = ("indicator_id_a", "group_id_a", "indicator_id_b", "group_id_b")
    first, second, third, fourth = (str(row[name]) for name in names)
    return pair.p_value, first, second, third, fourth


def _in_common(shared: pl.DataFrame, row: Mapping[str, Any]) -> list[str]:
    one, other = (
        set(shared.filter(indicator_id=row[name])["measure_id"])
        for name in ("indicator_id_a", "indicator_id_b")
    )
    return sorted(one & other)


def _say(pair: _Pair, names: Mapping[str, Mapping[str, str]], common: list[str]) -> None:
    row = pair.row
    count, areas = row["comparisons"], row["areas"]
    if pair.correlation is None and areas >= FEWEST_AREAS:
        row["reason"] = "nicht verglichen: eine der beiden hat sich überall gleich verändert"
        row["reason_en"] = "not compared: one of the two changed alike everywhere"
        return
    if pair.correlation is None:
        row["reason"] = (
            f"nicht verglichen: nur {areas} Gebiete mit Werten beider in wenigstens "
            f"{FEWEST_PERIODS} gemeinsamen Zeiträumen; es braucht {FEWEST_AREAS}"
        )
        row["reason_en"] = (
            f"not compared: only {areas} areas with values of both in at least {FEWEST_PERIODS} "
            f"common periods; it takes {FEWEST_AREAS}"
        )
        return
    if row["q_value"] > FALSE_DISCOVERY_RATE:
        row["reason"] = f"bei {count} verglichenen Paaren vom Zufall nicht zu unterscheiden"
        row["reason_en"] = f"with {count} pairs compared not to be told from chance"
        return
    first, second = names[row["indicator_id_a"]], names[row["indicator_id_b"]]
    alike = pair.correlation > 0
    way_de = "in dieselbe Richtung" if alike else "in entgegengesetzte Richtung"
    way_en = "in the same direction" if alike else "in opposite directions"
    both = ", ".join(common)
    row["question_de"] = (
        f"„{first['name_de']}“ und „{second['name_de']}“ haben sich in {areas} Gebieten eher "
        f"{way_de} verändert: Könnte das zusammenhängen, über etwas Drittes laufen oder Zufall "
        f"sein? Verglichen wurden {count} Paare von Kennzahlen."
        + (f" Beide werden auch aus „{both}“ berechnet: Liegt es daran?" if common else "")
    )
    row["question_en"] = (
        f'"{first["name_en"]}" and "{second["name_en"]}" changed rather {way_en} in {areas} '
        f"areas: could this be connected, run through something third, or be chance? {count} pairs "
        "of indicators were looked at."
        + (f' Both are also computed from "{both}": could that be why?' if common else "")
    )
