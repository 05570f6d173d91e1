"""Series out of values: which are asked for, and on which scale each may be modelled, or why not.

A series is one indicator, area (of one version), group and grain.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

import numpy as np
import polars as pl

from forecasting import refusal, shifts
from forecasting.accuracy import POOL
from forecasting.gaps import filled
from forecasting.linear import Floats
from forecasting.periods import SEASON_LENGTH, STEP, numbers
from forecasting.refusal import Refusal
from forecasting.scales import Scale, choose_scale
from forecasting.small import Cases, cases_of

Member = TypeVar("Member")
SERIES_KEY: Final = [
    "indicator_id", "area_system", "area_version", "area_id", "group_id", "grain",
]  # fmt: skip
VALUE_COLUMNS: Final = [
    *SERIES_KEY, "level", "period_start", "numerator", "value", "unit", "status", "as_of",
]  # fmt: skip
SPEC_COLUMNS: Final = ["indicator_id", "grain", "levels", "horizon", "kind"]
MINIMUM_LENGTH: Final = {"week": 104, "month": 24, "quarter": 10, "half_year": 10, "year": 8}
MINIMUM_MEAN_CASES: Final = 10.0
# What these kinds count is whole, and their value is cases per something.
COUNTED_KINDS: Final = ("count", "share", "rate")
LONGEST_GAP_AT_END: Final = 3
LARGEST_MISSING_SHARE: Final = 0.3
# What values may have beside the columns they must have.
_OPTIONAL: Final = ("denominator", "nowcast_low", "nowcast_high")
USABLE_STATUS: Final = ["observed", "provisional", "estimated"]


@dataclass(frozen=True)
class Series:
    """One series on an equally spaced grid of periods: NaN where nothing usable is known."""

    values: Floats
    numerators: Floats
    denominators: Floats
    growing: tuple[Floats, Floats]
    periods_after_end: int

    @property
    def known(self) -> int:
        """How many values are known."""
        return int(np.isfinite(self.values).sum())


@dataclass(frozen=True)
class Ready:
    """A series that can be forecast: on the scale on which it is modelled, its gaps filled.

    `cases` stands where they are so few that they are looked at together with others. `moved` is
    `modelled` had its latest values come out low, or high, where they are still growing.
    """

    row: Mapping[str, Any]
    scale: Scale
    values: Floats
    modelled: Floats
    periods_after_end: int
    series: Series
    cases: Cases | None
    moved: tuple[Floats, Floats] | None = None

    @property
    def batch(self) -> Hashable:
        """What can be computed at once."""
        return self.row["grain"], self.row["horizon"], self.scale.name == "log"

    @property
    def pool(self) -> Hashable:
        """Which series learn from each other."""
        return *(self.row[name] for name in POOL if name != "run_id"), self.scale.name

    @property
    def span(self) -> tuple[int, int]:
        """Places of the first period and after the last on a grid all series of a grain share."""
        first = int(self.row["number"][0]) // STEP[self.row["grain"]]
        return first, first + self.values.size

    def in_its_unit(self, modelled: Floats) -> Floats:
        """Values or quantiles in the unit of the indicator."""
        if self.scale.name == "log":
            return np.maximum(modelled - self.scale.offset, 0.0)
        return self.scale.back(modelled)


def check_inputs(values: pl.DataFrame, specs: pl.DataFrame) -> None:
    """Raise ValueError for what `forecasting.outlook.outlook` does not take."""
    for name, frame, needed in (("values", values, VALUE_COLUMNS), ("specs", specs, SPEC_COLUMNS)):
        if absent := [column for column in needed if column not in frame.columns]:
            raise ValueError(f"{name} lacks the columns {', '.join(absent)}")
    unknown = sorted(set(specs["grain"]) - set(SEASON_LENGTH))
    if unknown:
        raise ValueError(f"unknown grain {', '.join(unknown)}; known: {', '.join(SEASON_LENGTH)}")
    if specs.filter(pl.col("horizon").fill_null(0) < 1).height:
        raise ValueError("specs need a horizon of at least one period")
    if specs.select("indicator_id", "grain").is_duplicated().any():
        raise ValueError("specs hold an indicator and grain twice")
    if values.select(*SERIES_KEY, "period_start").is_duplicated().any():
        raise ValueError("values hold a key twice; one row per series and period is expected")


def collect(values: pl.DataFrame, specs: pl.DataFrame) -> pl.DataFrame:
    """One row per series asked for, with its periods and values as lists in the order of time."""
    usable = pl.col("status").is_in(USABLE_STATUS) & pl.col("value").is_finite()
    if "breaks" not in specs.columns:
        specs = specs.with_columns(breaks=pl.lit([], pl.List(pl.Date)))
    absent = [name for name in _OPTIONAL if name not in values.columns]
    values = values.with_columns(pl.lit(None, pl.Float64).alias(name) for name in absent)
    wanted = (
        values.join(specs.select(*SPEC_COLUMNS, "breaks"), on=["indicator_id", "grain"])
        .filter(pl.col("level").is_in(pl.col("levels")))
        .with_columns(
            usable=usable,
            number=numbers("period_start"),
            # A count is its own numerator where the caller gives none.
            cases=pl.when(pl.col("kind") == "count")
            .then(pl.coalesce("numerator", "value"))
            .otherwise("numerator"),
        )
    )
    known = pl.col("usable")
    series = (
        wanted.sort(*SERIES_KEY, "period_start")
        .group_by(*SERIES_KEY, "level", maintain_order=True)
        .agg(
            pl.col("kind", "horizon", "breaks").first(),
            pl.col("unit").drop_nulls().last(),
            pl.col("as_of").max(),
            pl.col("period_start").max().alias("latest_date"),
            pl.col("period_start", "number", "value", "cases", *_OPTIONAL).filter(known),
            pl.col("nowcast_high").filter(known).count().alias("growing"),
            (pl.col("status").filter(known) == "provisional").sum().alias("provisional"),
            (pl.col("status").filter(known) == "estimated").sum().alias("converted"),
            pl.col("number").filter(known).max().alias("own_end"),
        )
    )
    reported = wanted.filter(known)
    grouping = ["indicator_id", "grain", "level", "area_system"]
    negative = reported.group_by("indicator_id").agg(negative_possible=(pl.col("value") < 0).any())
    ends = reported.group_by(grouping).agg(pl.col("number").max().alias("end"))
    newest = (
        reported.group_by(*grouping, "area_version")
        .agg(pl.col("number").max())
        .sort("number", "area_version")
        .group_by(grouping, maintain_order=True)
        .agg(pl.col("area_version").last().alias("newest_version"))
    )
    version_ends = reported.group_by(*grouping, "area_version").agg(
        pl.col("number").max().alias("version_end")
    )
    return (
        series.join(negative, on="indicator_id", how="left")
        .join(ends, on=grouping, how="left")
        .join(newest, on=grouping, how="left")
        .join(version_ends, on=[*grouping, "area_version"], how="left")
        .sort(SERIES_KEY)
    )


def prepared(row: Mapping[str, Any]) -> Ready:
    """Put a series on the scale of the models; raises Refusal."""
    if row["version_end"] is not None and row["version_end"] < row["end"]:
        raise refusal.superseded(row["newest_version"])
    row = _with_enough_on_each_side(row)
    series = _on_grid(row)
    scale = _suitable(series, row)
    cases = _few_cases(series, row, scale)
    changes = changes_of(row)
    if cases is not None and changes:
        # What chance does to few cases drowns any step: only those counted alike are looked at.
        return prepared(_after(row, changes[-1]))
    if cases is None and np.nanmax(series.values) == np.nanmin(series.values):
        raise refusal.constant(series.known)

    season_length = SEASON_LENGTH[row["grain"]]

    def alike(values: Floats) -> Floats:
        if not changes:
            return values
        places = [_place(row, day) for day in changes]
        return scale.back(shifts.moved(scale.forward(values), places, season_length))

    def modelled(values: Floats) -> Floats:
        # On the plain scale the ensemble looks at logs itself, so half a case is all that is added.
        if scale.name != "log":
            return filled(scale.forward(values), season_length)
        found = filled(values + scale.offset, season_length)
        return np.asarray(np.maximum(found, scale.offset))

    moved = None
    if row["growing"]:
        low, high = (np.where(np.isnan(one), series.values, one) for one in series.growing)
        moved = modelled(alike(low)), modelled(alike(high))
    values = alike(series.values)
    own = modelled(values)
    return Ready(row, scale, values, own, series.periods_after_end, series, cases, moved)


def changes_of(row: Mapping[str, Any]) -> list[date]:
    """Days within the series from which on something else is counted."""
    days = sorted(set(row["breaks"] or []))
    return [day for day in days if 0 < _before(row, day) < len(row["number"])]


def _before(row: Mapping[str, Any], day: date) -> int:
    """How many values are known of periods that began before a day."""
    return sum(period < day for period in row["period_start"])


def _place(row: Mapping[str, Any], day: date) -> int:
    """Place on the grid of the first known period from a day on."""
    first: int = row["number"][_before(row, day)] - row["number"][0]
    return first // STEP[row["grain"]]


def _after(row: Mapping[str, Any], day: date) -> Mapping[str, Any]:
    """The series from a day on; raises Refusal where that leaves too little."""
    first = _before(row, day)
    left, least = len(row["number"]) - first, MINIMUM_LENGTH[row["grain"]]
    if left < least:
        raise refusal.too_short_since(day, left, least, row["grain"])
    listed = ("period_start", "number", "value", "cases", *_OPTIONAL)
    return {**row, **{name: row[name][first:] for name in listed}}


def _with_enough_on_each_side(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The series without what lies before a change that too few values lie beside."""
    least = shifts.needed(SEASON_LENGTH[row["grain"]])
    changes = changes_of(row)
    edges = [0, *(_before(row, day) for day in changes), len(row["number"])]
    if changes and edges[-1] - edges[-2] < least:
        raise refusal.too_short_since(changes[-1], edges[-1] - edges[-2], least, row["grain"])
    for place in range(len(changes) - 1, -1, -1):
        if edges[place + 1] - edges[place] < least:
            return _after(row, changes[place])
    return row


def _on_grid(row: Mapping[str, Any]) -> Series:
    """Put the known values on a grid from the first to the last known period."""
    known = np.asarray(row["number"], dtype=np.int64)
    needed = MINIMUM_LENGTH[row["grain"]]
    if known.size < needed:
        raise refusal.too_short(int(known.size), needed, row["grain"])
    step = STEP[row["grain"]]
    places, rest = np.divmod(known - known[0], step)
    if rest.any():
        raise refusal.irregular_dates(row["grain"])

    def on_grid(name: str) -> Floats:
        found = np.full(int(places[-1]) + 1, np.nan)
        found[places] = np.asarray(row[name], dtype=np.float64)
        return found

    after_end = (row["end"] - int(known[-1])) // step
    return Series(
        on_grid("value"),
        on_grid("cases"),
        on_grid("denominator"),
        (on_grid("nowcast_low"), on_grid("nowcast_high")),
        after_end,
    )


def _suitable(series: Series, row: Mapping[str, Any]) -> Scale:
    """Refuse what the model would misrepresent; else the scale on which it may be modelled."""
    if series.periods_after_end > LONGEST_GAP_AT_END:
        raise refusal.gap_at_end(series.periods_after_end, LONGEST_GAP_AT_END)
    missing = series.values.size - series.known
    if missing > LARGEST_MISSING_SHARE * series.values.size:
        raise refusal.too_many_gaps(missing, series.values.size)
    scale = choose_scale(
        series.values,
        series.numerators,
        kind=row["kind"],
        unit=row["unit"] or "",
        negative_possible=row["negative_possible"],
    )
    if isinstance(scale, Refusal):
        raise scale
    return scale


def _few_cases(series: Series, row: Mapping[str, Any], scale: Scale) -> Cases | None:
    """The cases of a series that has few; None where a model of its values will do."""
    counted = series.numerators[np.isfinite(series.numerators)]
    if row["kind"] == "reported" or scale.name == "identity" or not counted.size:
        return None
    if counted.mean() >= MINIMUM_MEAN_CASES:
        return None
    # Some are carried over from other areas; where most are no whole numbers, nothing was counted.
    whole = np.median(np.abs(counted - np.round(counted))) == 0
    if row["kind"] not in COUNTED_KINDS or not whole or counted.min() < 0:
        raise refusal.too_small(mean_cases(row), MINIMUM_MEAN_CASES)
    share = row["kind"] == "share"
    found = cases_of(series.numerators, series.values, series.denominators, share=share)
    if not row["growing"]:
        return found
    low, high = (
        np.where(np.isnan(one), found.cases, np.maximum(np.round(one / found.per_case), 0.0))
        for one in series.growing
    )
    return replace(found, moved=(low, high))


def mean_cases(row: Mapping[str, Any]) -> float:
    """Mean of the cases that are known, one at least."""
    cases = np.asarray(row["cases"], dtype=np.float64)
    return float(cases[np.isfinite(cases)].mean())


def grouped(members: Iterable[Member], key: Callable[[Member], Hashable]) -> list[list[Member]]:
    """Members of the same key together, in the order in which the keys come."""
    groups: dict[Hashable, list[Member]] = {}
    for one in members:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())
