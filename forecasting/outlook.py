"""Look ahead for many series at once, or say per series why not.

A series is one indicator, area (of one version), group and grain. Everything is deterministic: same
frames, same forecast, bit for bit. Series of one indicator, grain and level learn from each other
how wide ranges have to be; where repeating the last season would have been closer in the past, that
is published instead. Then areas are made to add up (`forecasting.hierarchy`), as they are in the
record of the past, which is of what is published.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from forecasting import counts, ensemble, naive, refusal
from forecasting.accuracy import BACKTEST_SCHEMA, POOL, accuracy, naive_wins
from forecasting.backtest import Backtest, look_back
from forecasting.calibrate import cross_stretched, factors, stretched
from forecasting.ets import EXPLOSIVE_FACTOR, ShapeShare
from forecasting.gaps import filled
from forecasting.growing import carried
from forecasting.hierarchy import Node, added_up
from forecasting.naive import naive_panel
from forecasting.paths import PERSISTENCE, persistence
from forecasting.refusal import Refusal
from forecasting.scales import PERCENT, Scale, choose_scale
from forecasting.scores import QUANTILES, naive_error
from forecasting.small import Cases, cases_of, look_at_small, side_by_side

Floats = NDArray[np.float64]
Member = TypeVar("Member")

SERIES_KEY: Final = [
    "indicator_id", "area_system", "area_version", "area_id", "group_id", "grain",
]  # fmt: skip
VALUE_COLUMNS: Final = [
    *SERIES_KEY, "level", "period_start", "numerator", "value", "unit", "status", "as_of",
]  # fmt: skip
SPEC_COLUMNS: Final = ["indicator_id", "grain", "levels", "horizon", "kind"]
FORECAST_SCHEMA: Final = pl.Schema(
    {
        "run_id": pl.String(),
        "indicator_id": pl.String(),
        "area_system": pl.String(),
        "area_version": pl.String(),
        "area_id": pl.String(),
        "period_start": pl.Date(),
        "grain": pl.String(),
        "group_id": pl.String(),
        "scenario_id": pl.String(),
        "model": pl.String(),
        "quantile": pl.Float64(),
        "value": pl.Float64(),
        "status": pl.String(),
        "reason": pl.String(),
        "reason_en": pl.String(),
        "as_of": pl.Date(),
    }
)

SEASON_LENGTH: Final = {"month": 12, "quarter": 4, "half_year": 2, "year": 1}
MONTHS_PER_PERIOD: Final = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
MINIMUM_LENGTH: Final = {"month": 24, "quarter": 10, "half_year": 10, "year": 8}
MINIMUM_MEAN_CASES: Final = 10.0
# What these kinds count is whole, and their value is cases per something.
COUNTED_KINDS: Final = ("count", "share", "rate")
# What these kinds count may be added up over areas; their declarations see to it.
SUMMED_KINDS: Final = ("count", "share", "rate", "ratio")
LONGEST_GAP_AT_END: Final = 3
LARGEST_MISSING_SHARE: Final = 0.3
LEAST_WIDTH: Final = 1e-4
# What values may have beside the columns they must have.
_OPTIONAL: Final = ("denominator", "nowcast_low", "nowcast_high")
_NONE: Final = np.empty((0, 0, len(QUANTILES)))
USABLE_STATUS: Final = ["observed", "provisional", "estimated"]


class Outlook(NamedTuple):
    """What `outlook` gives back."""

    forecast: pl.DataFrame
    backtest: pl.DataFrame


@dataclass(frozen=True)
class _Series:
    """One series on an equally spaced grid of months: NaN where nothing usable is known."""

    values: Floats
    numerators: Floats
    denominators: Floats
    growing: tuple[Floats, Floats]
    periods_after_end: int

    @property
    def known(self) -> int:
        return int(np.isfinite(self.values).sum())


def outlook(
    values: pl.DataFrame, specs: pl.DataFrame, *, run_id: str, areas: pl.DataFrame | None = None
) -> Outlook:
    """Forecast every series that a spec asks for; series without a spec are left out.

    A forecast is one row per period and quantile (0.025, 0.1, 0.5, 0.9, 0.975) with status
    `estimated`. It starts after the last known value of the series and runs `horizon` periods
    beyond the last known value of the indicator at that level, so that areas reporting late are
    covered up to the same period. Series of few cases are looked at together with the others of
    their level, and all begin after the last value known of any. A refusal is one row per series
    with status `missing`, no quantile, no value and the reason in words.

    Args:
        values: the columns of `indicator_value` plus `level`, unfiltered; one row per key and
            period. Without `denominator`, rates of few cases are taken to have a steady one. With
            `nowcast_low` and `nowcast_high`, values where these are known are still growing, and
            ranges are widened by what that leaves open (`forecasting.growing`).
        specs: `indicator_id`, `grain`, `levels` (list of text), `horizon` (periods), `kind` (count,
            share, rate, ratio, reported).
        run_id: written into every row.
        areas: `area_system`, `area_version`, `area_id`, `parent_id`; areas are made to add up along
            these. Without it every series stands on its own.

    Returns:
        The columns of `forecast`, sorted by series, period and quantile, and those of
        `forecast_backtest`: how wrong forecasts made earlier were, per indicator, grain, level and
        periods ahead, beside those that repeat the last season.

    Raises:
        ValueError: a column is missing, a grain is unknown, a horizon is below 1, or a key is there
            twice.
    """
    _check_inputs(values, specs)
    rows: list[dict[str, Any]] = []
    ready: list[_Ready] = []
    few: list[_Ready] = []
    for row in _collect(values, specs).iter_rows(named=True):
        try:
            one = _prepared(row)
        except Refusal as why:
            rows.append(_refused(row, run_id, why))
        else:
            (ready if one.cases is None else few).append(one)
    pools = [_small_pool(pool) for pool in _grouped(few, lambda one: one.pool)]
    for batch in _grouped(ready, lambda one: one.batch):
        pools.extend(_pool(*looked) for looked in _look(batch))
    looked = [one for pool in pools for one in pool.series]
    if areas is not None:
        looked = _fitting(looked, _above(areas))
    for ahead in looked:
        rows.extend(_rows(ahead, run_id))
    fitting = {id(ahead.ready): ahead for ahead in looked}
    backtests = [
        pool.record(run_id, [fitting[id(ahead.ready)] for ahead in pool.series]) for pool in pools
    ]
    forecast = pl.DataFrame(rows, schema=FORECAST_SCHEMA).sort(
        *SERIES_KEY, "period_start", "quantile", nulls_last=True, maintain_order=True
    )
    record = pl.concat([pl.DataFrame(schema=BACKTEST_SCHEMA), *backtests])
    return Outlook(forecast, record.sort(*POOL, "model", "ahead"))


class MadeOf(NamedTuple):
    """What the ensemble's forecast of one series is made of, for people to read.

    Attributes:
        shares: as in `forecasting.ensemble.Composition`.
        shapes: as there.
        scale: the scale on which the series is modelled: log (plain values, logs among the
            members), logit or identity.
        gaps: how many times as wide ranges are for values that were filled in; 1 without any.
        factors: (horizon, ranges), as `forecasting.calibrate.factors`: what the past of the series
            and those it learns with has taught about ranges.
        medians: (periods,) in the unit of the indicator; those published where areas did not have
            to be made to add up, and values are the ones the forecast was made from.
    """

    shares: dict[str, float]
    shapes: tuple[ShapeShare, ...]
    scale: str
    gaps: float
    factors: Floats
    medians: Floats


def made_of(
    values: pl.DataFrame, series: Mapping[str, str], *, kind: str, levels: list[str], periods: int
) -> MadeOf:
    """Say what the ensemble's forecast of one series is made of.

    Args:
        values: as in `outlook`; of the indicator and grain of the series at least.
        series: the columns of `SERIES_KEY`.
        kind: count, share, rate, ratio, reported.
        levels: those of the spec, whose areas are forecast.
        periods: how many the forecast has.

    Raises:
        Refusal: the series is not forecast.
        ValueError: inputs are wrong as in `outlook`, or hold no such series.
    """
    spec = {"indicator_id": series["indicator_id"], "grain": series["grain"], "levels": levels}
    specs = pl.DataFrame([spec | {"horizon": periods, "kind": kind}])
    _check_inputs(values, specs)
    rows = _collect(values, specs)
    mine = rows.filter(pl.col(name) == series[name] for name in SERIES_KEY)
    if mine.height != 1:
        raise ValueError(f"there is no series {', '.join(series.values())}")
    own = _prepared(mine.row(0, named=True))
    pool = []
    for row in rows.iter_rows(named=True):
        with suppress(Refusal):
            one = _prepared(row | {"horizon": periods - own.periods_after_end})
            if one.cases is None and one.pool == own.pool:
                pool.append(one)
    ((_, _, backtest),) = _look(pool)
    found = ensemble.composition(
        own.modelled,
        season_length=SEASON_LENGTH[series["grain"]],
        horizon=periods - own.periods_after_end + LONGEST_GAP_AT_END,
        levels=QUANTILES,
        logs=own.scale.name == "log",
    )
    return MadeOf(
        found.shares,
        found.shapes,
        own.scale.name,
        float(np.sqrt(own.values.size / own.series.known)),
        factors(backtest, QUANTILES),
        own.in_its_unit(found.quantiles[:periods, len(QUANTILES) // 2]),
    )


def _check_inputs(values: pl.DataFrame, specs: pl.DataFrame) -> None:
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


def _collect(values: pl.DataFrame, specs: pl.DataFrame) -> pl.DataFrame:
    """One row per series asked for, with its periods and values as lists in the order of time."""
    usable = pl.col("status").is_in(USABLE_STATUS) & pl.col("value").is_finite()
    month = pl.col("period_start").dt.year().cast(pl.Int64) * 12 + pl.col("period_start").dt.month()
    absent = [name for name in _OPTIONAL if name not in values.columns]
    values = values.with_columns(pl.lit(None, pl.Float64).alias(name) for name in absent)
    wanted = (
        values.join(specs.select(SPEC_COLUMNS), on=["indicator_id", "grain"])
        .filter(pl.col("level").is_in(pl.col("levels")))
        .with_columns(
            usable=usable,
            month=month,
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
            pl.col("kind", "horizon").first(),
            pl.col("unit").drop_nulls().last(),
            pl.col("as_of").max(),
            pl.col("period_start").max().alias("latest_date"),
            pl.col("period_start", "month", "value", "cases", *_OPTIONAL).filter(known),
            pl.col("nowcast_high").filter(known).count().alias("growing"),
            (pl.col("status").filter(known) == "provisional").sum().alias("provisional"),
            (pl.col("status").filter(known) == "estimated").sum().alias("converted"),
            pl.col("month").filter(known).max().alias("own_end"),
        )
    )
    reported = wanted.filter(known)
    grouping = ["indicator_id", "grain", "level", "area_system"]
    negative = reported.group_by("indicator_id").agg(negative_possible=(pl.col("value") < 0).any())
    ends = reported.group_by(grouping).agg(pl.col("month").max().alias("end"))
    newest = (
        reported.group_by(*grouping, "area_version")
        .agg(pl.col("month").max())
        .sort("month", "area_version")
        .group_by(grouping, maintain_order=True)
        .agg(pl.col("area_version").last().alias("newest_version"))
    )
    version_ends = reported.group_by(*grouping, "area_version").agg(
        pl.col("month").max().alias("version_end")
    )
    return (
        series.join(negative, on="indicator_id", how="left")
        .join(ends, on=grouping, how="left")
        .join(newest, on=grouping, how="left")
        .join(version_ends, on=[*grouping, "area_version"], how="left")
        .sort(SERIES_KEY)
    )


@dataclass(frozen=True)
class _Ready:
    """A series that can be forecast: on the scale on which it is modelled, its gaps filled.

    `cases` stands where they are so few that they are looked at together with others. `moved` is
    `modelled` had its latest values come out low, or high, where they are still growing.
    """

    row: Mapping[str, Any]
    scale: Scale
    values: Floats
    modelled: Floats
    periods_after_end: int
    series: _Series
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
        first = int(self.row["month"][0]) // MONTHS_PER_PERIOD[self.row["grain"]]
        return first, first + self.values.size

    def in_its_unit(self, modelled: Floats) -> Floats:
        """Values or quantiles in the unit of the indicator."""
        if self.scale.name == "log":
            return np.maximum(modelled - self.scale.offset, 0.0)
        return self.scale.back(modelled)


def _grouped(members: Iterable[Member], key: Callable[[Member], Hashable]) -> list[list[Member]]:
    groups: dict[Hashable, list[Member]] = {}
    for one in members:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())


def _prepared(row: Mapping[str, Any]) -> _Ready:
    """Put a series on the scale of the models; raises Refusal."""
    if row["version_end"] is not None and row["version_end"] < row["end"]:
        raise refusal.superseded(row["newest_version"])
    series = _on_grid(row)
    scale = _suitable(series, row)
    cases = _few_cases(series, row, scale)
    if cases is None and np.nanmax(series.values) == np.nanmin(series.values):
        raise refusal.constant(series.known)

    def modelled(values: Floats) -> Floats:
        # On the plain scale the ensemble looks at logs itself, so half a case is all that is added.
        if scale.name != "log":
            return filled(scale.forward(values), SEASON_LENGTH[row["grain"]])
        found = filled(values + scale.offset, SEASON_LENGTH[row["grain"]])
        return np.asarray(np.maximum(found, scale.offset))

    moved = None
    if row["growing"]:
        low, high = (np.where(np.isnan(one), series.values, one) for one in series.growing)
        moved = modelled(low), modelled(high)
    own = modelled(series.values)
    return _Ready(row, scale, series.values, own, series.periods_after_end, series, cases, moved)


def _look(batch: list[_Ready]) -> Iterator[tuple[list[_Ready], Floats, Backtest]]:
    """Forecast a batch and its past; give back each pool with its quantiles and its backtest."""
    grain, horizon = batch[0].row["grain"], batch[0].row["horizon"]
    quantiles, backtest = look_back(
        [one.modelled for one in batch],
        [np.where(np.isfinite(one.values), one.modelled, np.nan) for one in batch],
        season_length=SEASON_LENGTH[grain],
        horizon=horizon,
        # As far as the most belated area may need, so that none depends on who else is late.
        beyond=LONGEST_GAP_AT_END,
        levels=QUANTILES,
        logs=batch[0].scale.name == "log",
        shortest=MINIMUM_LENGTH[grain],
    )
    place = {id(one): number for number, one in enumerate(batch)}
    for pool in _grouped(batch, lambda one: one.pool):
        members = [place[id(one)] for one in pool]
        yield pool, quantiles[members], backtest.of(members)


@dataclass(frozen=True)
class _Looked:
    """What is ahead of one series, before and after it fits its neighbours.

    Attributes:
        ready: the series.
        model: what is published.
        begin: place of the first period ahead.
        quantiles: (periods, quantiles) in the unit of the indicator; a refusal where there are
            none.
        past: (origins, horizon, quantiles); the same model from earlier origins.
        persistence: how much of an error lasts.
        paths: (draws, periods) in cases, of few cases.
        past_paths: (origins, draws, horizon); the same from earlier origins.
        apart: part of the cases of a sum that its parts come to where it does not fit them.
    """

    ready: _Ready
    model: str
    begin: int
    quantiles: Floats | Refusal
    past: Floats
    persistence: float = PERSISTENCE
    paths: Floats | None = None
    past_paths: Floats | None = None
    apart: float | None = None

    @property
    def can_be_added_up(self) -> bool:
        """Whether cases are known, and people where it is of a number of them."""
        row, series = self.ready.row, self.ready.series
        known = np.isfinite(series.numerators)
        if row["kind"] != "count":
            known &= series.denominators > 0
        return row["kind"] in SUMMED_KINDS and bool(known.any())


@dataclass(frozen=True)
class _Pool:
    """Series that are judged together, and what their forecasts were worth in the past."""

    series: list[_Looked]
    backtest: Backtest | None
    models: tuple[str, str]

    def record(self, run_id: str, fitting: list[_Looked]) -> pl.DataFrame:
        """Figures of both models, those of the published one as it fits its neighbours."""
        if self.backtest is None:
            return pl.DataFrame(schema=BACKTEST_SCHEMA)
        published = fitting[0].model
        name = "naive" if published == self.models[1] else "quantiles"
        past = np.stack([one.past for one in fitting], axis=1)
        row = self.series[0].ready.row
        return accuracy(
            replace(self.backtest, **{name: past}),
            QUANTILES,
            models=self.models,
            key={name: row[name] for name in POOL if name != "run_id"} | {"run_id": run_id},
            published=published,
            as_of=max(one.ready.row["as_of"] for one in self.series),
        )


def _small_pool(pool: list[_Ready]) -> _Pool:
    """Forecast all series of a level that have few cases."""
    grain, horizon = pool[0].row["grain"], pool[0].row["horizon"]
    models = (counts.MODEL_NAME, naive.SMALL_NAME)
    try:
        found = look_at_small(
            side_by_side([one.cases for one in pool if one.cases], [one.span for one in pool]),
            season_length=SEASON_LENGTH[grain],
            horizon=horizon,
            levels=QUANTILES,
            shortest=MINIMUM_LENGTH[grain],
            seed="|".join(pool[0].row[name] for name in POOL if name != "run_id"),
        )
    except Refusal as why:
        refused = [
            refusal.few_and_alone(_mean_cases(one.row), why)
            if np.ptp(one.series.numerators[np.isfinite(one.series.numerators)]) > 0
            else refusal.constant(one.series.known)
            for one in pool
        ]
        looked = [
            _Looked(one, models[0], 0, reason, _NONE)
            for one, reason in zip(pool, refused, strict=True)
        ]
        return _Pool(looked, None, models)
    simple = naive_wins(found.backtest, QUANTILES)
    quantiles = found.naive if simple else found.quantiles
    past = found.backtest.naive if simple else found.backtest.quantiles
    lasting = persistence(found.backtest)
    begin = max(one.span[1] for one in pool)
    looked = [
        _Looked(
            one,
            models[simple],
            begin,
            quantiles[row],
            past[:, row],
            lasting,
            None if simple else found.paths[:, row],
            None if simple else found.past_paths[:, :, row],
        )
        for row, one in enumerate(pool)
    ]
    return _Pool(looked, found.backtest, models)


def _pool(pool: list[_Ready], quantiles: Floats, backtest: Backtest) -> _Pool:
    """Widen or narrow the ranges of a pool, or repeat the last season where that was closer."""
    grain = pool[0].row["grain"]
    models = (ensemble.MODEL_NAME, naive.MODEL_NAME)
    units = [one.in_its_unit for one in pool]
    steps = np.array([naive_error(one.values, SEASON_LENGTH[grain]) for one in pool])
    scored = cross_stretched(backtest, QUANTILES).through(units, steps)
    simple = naive_wins(scored, QUANTILES)
    season_length, horizon = SEASON_LENGTH[grain], quantiles.shape[1]

    def again(series: Sequence[Floats]) -> Floats:
        if simple:
            return naive_panel(
                series, season_length=season_length, horizon=horizon, levels=QUANTILES
            )
        return ensemble.forecast_panel(
            series,
            season_length=season_length,
            horizon=horizon,
            levels=QUANTILES,
            logs=pool[0].scale.name == "log",
        )

    if simple:
        quantiles = again([one.modelled for one in pool])
    else:
        quantiles = stretched(quantiles, factors(backtest, QUANTILES))
    quantiles = _still_growing(pool, quantiles, again)
    past = scored.naive if simple else scored.quantiles
    lasting = persistence(scored)
    looked = []
    for row, (one, modelled) in enumerate(zip(pool, quantiles, strict=True)):
        found: Floats | Refusal
        try:
            found = _publishable(one, modelled)
        except Refusal as why:
            found = why
        looked.append(_Looked(one, models[simple], one.span[1], found, past[:, row], lasting))
    return _Pool(looked, scored, models)


def _still_growing(
    pool: list[_Ready], quantiles: Floats, again: Callable[[Sequence[Floats]], Floats]
) -> Floats:
    """Widen ranges by what the model would say had values that still grow come out otherwise."""
    rows = [row for row, one in enumerate(pool) if one.moved]
    # What lies flat because it is moved has nothing to say.
    rows = [row for row in rows if min(np.ptp(side) for side in pool[row].moved or ()) > 0]
    if not rows:
        return quantiles
    found, middle = quantiles.copy(), len(QUANTILES) // 2
    low, high = (
        again([moved[side] for row in rows if (moved := pool[row].moved)])[..., middle]
        for side in (0, 1)
    )
    found[rows] = carried(quantiles[rows], QUANTILES, low, high)
    return found


def _above(areas: pl.DataFrame) -> dict[tuple[str, ...], str]:
    """The area each area lies in, of the same version."""
    rows = areas.select("area_system", "area_version", "area_id", "parent_id").drop_nulls()
    return {(system, version, area): parent for system, version, area, parent in rows.iter_rows()}


def _fitting(looked: list[_Looked], above: Mapping[tuple[str, ...], str]) -> list[_Looked]:
    """Make the areas of each indicator add up."""
    found = []
    for tree in _grouped(looked, _tree):
        whole = [
            (one, _node(one, one.quantiles, above))
            for one in tree
            if one.can_be_added_up and not isinstance(one.quantiles, Refusal)
        ]
        if len(whole) < 2:
            found.extend(tree)
            continue
        nodes = [node for _, node in whole]
        # The unit is one of the indicator's: chance rounds it a little differently in each area.
        units = [node.unit for node in nodes if np.isfinite(node.unit)]
        unit = float(np.median(units)) if units else 1.0
        fitted, apart = added_up(
            [replace(node, unit=unit) for node in nodes],
            name="|".join(_tree(tree[0])),
            season_length=SEASON_LENGTH[tree[0].ready.row["grain"]],
            levels=QUANTILES,
        )
        new = {
            id(one): replace(one, quantiles=node.quantiles, past=node.past, apart=part)
            for (one, _), node, part in zip(whole, fitted, apart, strict=True)
        }
        found.extend(new.get(id(one), one) for one in tree)
    return found


def _tree(one: _Looked) -> tuple[str, ...]:
    """What the areas of a tree have in common: all of the key but the area."""
    return tuple(one.ready.row[name] for name in SERIES_KEY if name != "area_id")


def _node(one: _Looked, quantiles: Floats, above: Mapping[tuple[str, ...], str]) -> Node:
    """A series as a node of its tree."""
    row, series = one.ready.row, one.ready.series
    name = (row["area_system"], row["area_version"], row["area_id"])
    over: list[str] = []
    while (parent := above.get((*name[:2], over[-1] if over else name[2]))) is not None:
        over.append(parent)
    unit, bases = 1.0, None
    if row["kind"] != "count":
        bases = series.denominators
        some = (series.numerators > 0) & (bases > 0)
        each = series.values[some] * bases[some] / series.numerators[some]
        unit = float(np.median(each)) if each.size else np.nan
    return Node(
        name="|".join(row[name] for name in SERIES_KEY),
        area=row["area_id"],
        above=tuple(over),
        first=one.ready.span[0],
        cases=series.numerators,
        bases=bases,
        unit=unit,
        lowest=-np.inf if one.ready.scale.name == "identity" else 0.0,
        highest=PERCENT if row["kind"] == "share" else np.inf,
        begin=one.begin,
        quantiles=quantiles,
        past=one.past,
        persistence=one.persistence,
        paths=one.paths,
        past_paths=one.past_paths,
    )


def _publishable(one: _Ready, modelled: Floats) -> Floats:
    """Quantiles in the unit of the indicator, one row per period; raises Refusal."""
    known = np.isfinite(one.values)
    # What was filled in teaches nothing about errors.
    middle = modelled[:, 2:3]
    modelled = middle + (modelled - middle) * np.sqrt(known.size / known.sum())
    modelled = modelled[: one.periods_after_end + one.row["horizon"]]
    if not modelled[0, -1] - modelled[0, 0] > LEAST_WIDTH * np.ptp(one.modelled):
        raise refusal.not_settled()
    quantiles = one.in_its_unit(modelled)
    highest = float(np.nanmax(np.abs(one.values)))
    upper = float(np.max(np.abs(quantiles)))
    if not np.isfinite(upper):
        raise refusal.not_settled()
    if upper > EXPLOSIVE_FACTOR * highest:
        raise refusal.explosive(upper, highest)
    return quantiles


def _rows(one: _Looked, run_id: str) -> Iterator[dict[str, Any]]:
    if isinstance(one.quantiles, Refusal):
        yield _refused(one.ready.row, run_id, one.quantiles)
    else:
        skipped = one.begin - one.ready.span[1]
        yield from _forecast_rows(
            one.ready.row, run_id, one.quantiles, one.model, skipped, one.apart
        )


def _base(row: Mapping[str, Any], run_id: str, model: str) -> dict[str, Any]:
    return {name: row[name] for name in SERIES_KEY} | {
        "run_id": run_id,
        "scenario_id": "trend",
        "model": model,
        "as_of": row["as_of"],
    }


def _last(row: Mapping[str, Any]) -> date:
    last: date = row["period_start"][-1] if row["period_start"] else row["latest_date"]
    return last


def _refused(row: Mapping[str, Any], run_id: str, why: Refusal) -> dict[str, Any]:
    return _base(row, run_id, ensemble.MODEL_NAME) | {
        "period_start": _later(_last(row), 1, row["grain"]),
        "status": "missing",
        "reason": why.reason_de,
        "reason_en": why.reason_en,
    }


def _forecast_rows(
    row: Mapping[str, Any],
    run_id: str,
    quantiles: Floats,
    model: str,
    skipped: int,
    apart: float | None,
) -> Iterator[dict[str, Any]]:
    reason_de, reason_en = _note(row, model, apart)
    base = _base(row, run_id, model)
    for ahead, per_quantile in enumerate(quantiles.tolist(), start=1 + skipped):
        period = _later(_last(row), ahead, row["grain"])
        for quantile, value in zip(QUANTILES, per_quantile, strict=True):
            yield base | {
                "period_start": period,
                "quantile": quantile,
                "value": value,
                "status": "estimated",
                "reason": reason_de,
                "reason_en": reason_en,
            }


def _on_grid(row: Mapping[str, Any]) -> _Series:
    """Put the known values on a grid from the first to the last known period."""
    months = np.asarray(row["month"], dtype=np.int64)
    needed = MINIMUM_LENGTH[row["grain"]]
    if months.size < needed:
        raise refusal.too_short(int(months.size), needed, row["grain"])
    step = MONTHS_PER_PERIOD[row["grain"]]
    places, rest = np.divmod(months - months[0], step)
    if rest.any():
        raise refusal.irregular_dates(row["grain"])

    def on_grid(name: str) -> Floats:
        found = np.full(int(places[-1]) + 1, np.nan)
        found[places] = np.asarray(row[name], dtype=np.float64)
        return found

    after_end = (row["end"] - int(months[-1])) // step
    return _Series(
        on_grid("value"),
        on_grid("cases"),
        on_grid("denominator"),
        (on_grid("nowcast_low"), on_grid("nowcast_high")),
        after_end,
    )


def _suitable(series: _Series, row: Mapping[str, Any]) -> Scale:
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


def _few_cases(series: _Series, row: Mapping[str, Any], scale: Scale) -> Cases | None:
    """The cases of a series that has few; None where a model of its values will do."""
    counted = series.numerators[np.isfinite(series.numerators)]
    if row["kind"] == "reported" or scale.name == "identity" or not counted.size:
        return None
    if counted.mean() >= MINIMUM_MEAN_CASES:
        return None
    # Some are carried over from other areas; where most are no whole numbers, nothing was counted.
    whole = np.median(np.abs(counted - np.round(counted))) == 0
    if row["kind"] not in COUNTED_KINDS or not whole or counted.min() < 0:
        raise refusal.too_small(_mean_cases(row), MINIMUM_MEAN_CASES)
    share = row["kind"] == "share"
    found = cases_of(series.numerators, series.values, series.denominators, share=share)
    if not row["growing"]:
        return found
    low, high = (
        np.where(np.isnan(one), found.cases, np.maximum(np.round(one / found.per_case), 0.0))
        for one in series.growing
    )
    return replace(found, moved=(low, high))


def _later(last: date, periods: int, grain: str) -> date:
    """Move a reporting date ahead by whole periods; the end of a month stays the end of a month."""
    month = last.year * 12 + last.month - 1 + periods * MONTHS_PER_PERIOD[grain]
    year, month = month // 12, month % 12 + 1
    final = calendar.monthrange(year, month)[1]
    is_month_end = last.day == calendar.monthrange(last.year, last.month)[1]
    return date(year, month, final if is_month_end else min(last.day, final))


def _note(row: Mapping[str, Any], model: str, apart: float | None) -> tuple[str | None, str | None]:
    """Say on which uncertain ground a forecast stands; None where there is nothing to say."""
    german, english = [], []
    if model in (naive.MODEL_NAME, naive.SMALL_NAME):
        seasonal = SEASON_LENGTH[row["grain"]] > 1
        german.append(
            f"{'Das letzte Jahr wiederholt' if seasonal else 'Der letzte Wert fortgeschrieben'}: "
            "das traf im Rückblick besser als das Modell."
        )
        english.append(
            f"{'The last year repeated' if seasonal else 'The last value carried forward'}: "
            "looking back, that was closer than the model."
        )
    if model in (counts.MODEL_NAME, naive.SMALL_NAME):
        mean = _mean_cases(row)
        german.append(
            f"Kleine Zahlen (im Mittel {refusal.german(mean)} Fälle je Zeitraum): geschätzt "
            "gemeinsam mit anderen Gebieten; einzelne Zeiträume bestimmt der Zufall."
        )
        english.append(
            f"Small numbers (on average {mean:.1f} cases per period): estimated together with "
            "other areas; chance rules single periods."
        )
    if apart is not None:
        german.append(
            "Nicht die Summe der Teile: die mit Ausblick kamen zuletzt auf "
            f"{refusal.german(100 * apart, 0)} Prozent davon."
        )
        english.append(
            f"Not the sum of its parts: those with an outlook came to {100 * apart:.0f} percent of "
            "it of late."
        )
    if row["growing"]:
        one, count = row["growing"] == 1, row["growing"]
        german.append(
            f"Beginnt mit {'einem Wert' if one else f'{count} Werten'}, auf "
            f"{'den' if one else 'die'} noch nachgemeldet wird: hochgerechnet, mit deren Spanne in "
            "den Spannen."
        )
        english.append(
            f"Begins with {'one value' if one else f'{count} values'} to which late reports are "
            "still to come: as nowcast, with the range of that within the ranges."
        )
    parts = [
        (row["converted"], "umgerechneten oder geschätzten", "converted or estimated"),
        (row["provisional"], "vorläufigen", "provisional"),
    ]
    if found := [(count, de, en) for count, de, en in parts if count]:
        total = len(row["value"])
        counted = " und ".join(f"{count} {word}" for count, word, _ in found)
        german.append(f"Beruht auch auf {counted} Werten (von {total}).")
        counted = " and ".join(f"{count} {word}" for count, _, word in found)
        english.append(f"Also rests on {counted} values (of {total}).")
    return " ".join(german) or None, " ".join(english) or None


def _mean_cases(row: Mapping[str, Any]) -> float:
    """Mean of the cases that are known, one at least."""
    cases = np.asarray(row["cases"], dtype=np.float64)
    return float(cases[np.isfinite(cases)].mean())
