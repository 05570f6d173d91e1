"""What could become of a look ahead under assumptions, and how far that lies from the baseline.

The baseline is the published look ahead and nothing else: draws are made from its quantiles, which
are joined by straight lines on the scale of normal scores, with normal tails beyond the outermost,
so that the ranges of the baseline are the published ones. How the periods of one series hang
together is not published; a Gaussian copula is set for it, which changes no range of a single
period and no chance at one date. What counting alone explains, the variance of a Poisson count, is
new in every period; all else persists.

An alternative moves these same draws: one draw of an effect holds for all areas and periods, and
one draw of the future is the same with and without it (common random numbers). Where nothing is
done otherwise, both are equal and the difference is exactly 0. Where few cases are behind a value,
counts do not shrink like a rope but become rarer: both counts are taken from the inverse
distribution function (a negative binomial of the same dispersion) at the same uniform number.

Nothing here depends on the order of rows: every series and every effect has a generator of its own,
named by what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from forecasting.outlook import SERIES_KEY
from forecasting.paths import normal_scores
from forecasting.periods import SEASON_LENGTH, STEP, later
from forecasting.scores import QUANTILES

Floats = NDArray[np.float64]

BASELINE: Final = "baseline"
SEED: Final = 20260101
DRAWS: Final = 2000
# Set, not estimated: what a period has of the one before, as normal scores.
PERSISTENCE: Final = 0.9
# Below so many cases a period, counts are drawn as counts.
SMALL: Final = 10.0
# A difference in percent needs a baseline above 0 in most futures.
LEAST_WITH_SOME: Final = 0.9
_LEAST_DISPERSION: Final = 1e-6

_NORMAL: Final = NormalDist()
_SCORES: Final = np.array([_NORMAL.inv_cdf(level) for level in QUANTILES])

SCENARIO_KEY: Final = ["scenario_id", "alternative_id", *SERIES_KEY]
SERIES_COLUMNS: Final = [
    *SCENARIO_KEY, "kind", "is_stock", "cases", "parts", "reason", "reason_en",
]  # fmt: skip
GOAL_COLUMNS: Final = ["goal_id", *SERIES_KEY, "target", "target_date", "direction"]
INFLUENCE_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("scenario_id", "alternative_id", "influence_id"), pl.String()),
        **dict.fromkeys(SERIES_KEY, pl.String()),
        "part_id": pl.String(),
        "weight": pl.Float64(),
        "change": pl.String(),
        **dict.fromkeys(("low", "mid", "high", "holds"), pl.Float64()),
        **dict.fromkeys(("lag_low", "lag_high", "ramp_low", "ramp_high"), pl.Float64()),
        **dict.fromkeys(("fades_low", "fades_high"), pl.Float64()),
        "shape": pl.String(),
        **dict.fromkeys(("before", "after"), pl.Float64()),
        **dict.fromkeys(("since", "until"), pl.Date()),
    }
)
_CELL: Final[dict[str, Any]] = {
    "run_id": pl.String(),
    "scenario_id": pl.String(),
    "alternative_id": pl.String(),
    "indicator_id": pl.String(),
    "area_system": pl.String(),
    "area_version": pl.String(),
    "area_id": pl.String(),
    "period_start": pl.Date(),
    "grain": pl.String(),
    "group_id": pl.String(),
    "parts": pl.String(),
}
_SAID: Final[dict[str, Any]] = {
    "status": pl.String(),
    "reason": pl.String(),
    "reason_en": pl.String(),
    "as_of": pl.Date(),
}
RESULT_SCHEMA: Final = pl.Schema(
    {**_CELL, "model": pl.String(), "quantile": pl.Float64(), "value": pl.Float64(), **_SAID}
)
DIFFERENCE_SCHEMA: Final = pl.Schema(
    {
        **_CELL,
        "model": pl.String(),
        "quantile": pl.Float64(),
        "value": pl.Float64(),
        "value_percent": pl.Float64(),
        "draws": pl.Int64(),
        "seed": pl.Int64(),
        **_SAID,
    }
)
CHANCE_SCHEMA: Final = pl.Schema(
    {
        **_CELL,
        "model": pl.String(),
        "goal_id": pl.String(),
        "target": pl.Float64(),
        "target_date": pl.Date(),
        "direction": pl.String(),
        "value": pl.Int64(),
        "chance_de": pl.String(),
        "chance_en": pl.String(),
        "held_of_ten": pl.Int64(),
        "held_de": pl.String(),
        "held_en": pl.String(),
        **_SAID,
    }
)

# What may be added up over the year: events, and events for the same people.
ADD_UP: Final = ("count", "rate")
SUMMED_UP: Final = (
    "Summe des Jahres aus simulierten Zukünften; wie Zeiträume zusammenhängen, ist gesetzt.",
    "Sum of the year from simulated futures; how periods hang together is set.",
)
NOT_YET_CHECKED: Final = ("noch nicht geprüft", "not yet checked")


class Futures(NamedTuple):
    """What `futures` gives back."""

    result: pl.DataFrame
    difference: pl.DataFrame
    chance: pl.DataFrame


def futures(
    forecast: pl.DataFrame,
    series: pl.DataFrame,
    influences: pl.DataFrame,
    goals: pl.DataFrame,
    *,
    run_id: str,
    seed: int = SEED,
    draws: int = DRAWS,
) -> Futures:
    """Quantiles of each alternative, its difference to the baseline, and chances of goals.

    Args:
        forecast: the published look ahead, the columns of `forecast`; only its quantiles with
            scenario `trend` that are no nowcasts are looked at.
        series: which series an alternative is shown for, SERIES_COLUMNS. `kind` is that of the
            indicator, `is_stock` whether its periods are reporting dates, `cases` how many cases
            one unit of the value is in the area (null: no cases are behind it), `parts` the areas
            in it in which something differs. With a `reason` the alternative is refused here.
        influences: what acts on a series, INFLUENCE_SCHEMA; one row per part of the area.
            `weight` is the share of the series that lies in the part. `change` is `percent` or
            `in_unit`; `low`, `mid`, `high` its spread, of which the truth is taken to lie in low
            to high with probability `holds`. `shape` is `dose` (from response `before` to `after`
            since a day, after the lag, over the ramp, or fading where it falls), `window` (since a
            day until another) or `growth` (per year since a day; `before` is 0, `after` 1 or -1).
        goals: GOAL_COLUMNS; `direction` is at_most or at_least. A chance is that of the first
            period that ends when the goal is due, or later; none where it was due before.
        run_id: written into every row.
        seed: of all draws.
        draws: how many futures are drawn.

    Returns:
        Frames of RESULT_SCHEMA, DIFFERENCE_SCHEMA and CHANCE_SCHEMA, sorted by their keys.
    """
    ahead = _ahead(forecast)
    rows: tuple[list[dict[str, Any]], ...] = ([], [], [])
    by_alternative = _by(influences.sort(*influences.columns), SCENARIO_KEY)
    aims = _by(goals, SERIES_KEY)
    drawn = Drawn(seed, draws)
    for one in series.sort(SCENARIO_KEY).iter_rows(named=True):
        key = tuple(one[name] for name in SERIES_KEY)
        published = ahead.get(key)
        base = {name: one[name] for name in (*SCENARIO_KEY, "parts")} | {"run_id": run_id}
        if published is None:
            continue
        base["as_of"], base["model"] = published.as_of, published.model
        paths = drawn.baseline(key, published, one["cases"])
        acting = by_alternative.get((one["scenario_id"], one["alternative_id"], *key), [])
        refused = one["reason"] is not None
        moved = paths if refused else _moved(paths, published, one, acting, drawn)
        shown = [(published, paths, moved)]
        if one["kind"] in ADD_UP and not one["is_stock"]:
            shown += _whole_years(published, paths, moved)
        for periods, before, after in shown:
            base["grain"] = periods.grain
            if refused:
                rows[0].append(_refusal(base, periods.periods[-1], one))
            else:
                rows[0].extend(_result_rows(base, periods, after, changed=bool(acting)))
            if not refused and one["alternative_id"] != BASELINE:
                rows[1].extend(_difference_rows(base, periods, before, after, drawn))
            for goal in aims.get((*key[:-1], periods.grain), []):
                rows[2].extend(_chance_rows(base, periods, None if refused else after, goal, one))
    order = [*SCENARIO_KEY, "period_start"]
    return Futures(
        pl.DataFrame(rows[0], schema=RESULT_SCHEMA).sort(*order, "quantile", nulls_last=True),
        pl.DataFrame(rows[1], schema=DIFFERENCE_SCHEMA).sort(*order, "quantile"),
        pl.DataFrame(rows[2], schema=CHANCE_SCHEMA).sort(*order, "goal_id"),
    )


def period_end(start: date, grain: str, *, is_stock: bool) -> date:
    """The last day of a period; of a reporting date itself."""
    if is_stock:
        return start
    return later(start, 1, grain) - timedelta(days=1)


@dataclass(frozen=True)
class Published:
    """The look ahead of one series: quantiles (periods, quantiles) in the order of time."""

    periods: list[date]
    quantiles: Floats
    grain: str
    model: str
    as_of: date
    reason: str | None
    reason_en: str | None

    def counting(self, cases: float | None) -> Floats:
        """The share of each period's variance that counting explains, by a Poisson count's."""
        if cases is None:
            return np.zeros(len(self.periods))
        low, mid, high = (
            self.quantiles[:, QUANTILES.index(one)] * cases for one in (0.1, 0.5, 0.9)
        )
        deviation = (high - low) / (2 * _NORMAL.inv_cdf(0.9))
        share = np.maximum(mid, 0.0) / np.maximum(deviation, 1e-9) ** 2
        return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float64)

    @property
    def floor(self) -> float:
        """What no draw falls below: 0 where the look ahead never does."""
        return 0.0 if float(self.quantiles.min()) >= 0 else -np.inf


def _ahead(forecast: pl.DataFrame) -> dict[tuple[Any, ...], Published]:
    """The published look ahead by series."""
    known = forecast.filter(
        pl.col("quantile").is_in(QUANTILES),
        pl.col("value").is_finite(),
        pl.col("model") != "nowcast",
        pl.col("scenario_id") == "trend",
    )
    found = (
        known.sort(*SERIES_KEY, "period_start", "quantile")
        .group_by(*SERIES_KEY, "period_start", maintain_order=True)
        .agg(pl.col("value"), pl.col("model", "as_of", "reason", "reason_en").first())
        .filter(pl.col("value").list.len() == len(QUANTILES))
        .group_by(SERIES_KEY, maintain_order=True)
        .agg("period_start", "value", pl.col("model", "as_of", "reason", "reason_en").first())
    )
    return {
        tuple(row[name] for name in SERIES_KEY): Published(
            row["period_start"],
            np.maximum.accumulate(np.array(row["value"], dtype=np.float64), axis=1),
            row["grain"],
            row["model"],
            row["as_of"],
            row["reason"],
            row["reason_en"],
        )
        for row in found.iter_rows(named=True)
    }


def _whole_years(
    published: Published, paths: Floats, moved: Floats
) -> list[tuple[Published, Floats, Floats]]:
    """Years of which every part is ahead, as sums of each path: baseline and alternative."""
    parts = SEASON_LENGTH[published.grain]
    # Weeks do not end with a year.
    if parts == 1 or published.grain == "week":
        return []
    places: dict[int, list[int]] = {}
    for place, start in enumerate(published.periods):
        places.setdefault(start.year, []).append(place)
    whole = {year: found for year, found in places.items() if len(found) == parts}
    if not whole:
        return []
    before, after = (
        np.stack([each[:, found].sum(axis=1) for found in whole.values()], axis=1)
        for each in (paths, moved)
    )
    years = Published(
        [date(year, 1, 1) for year in whole],
        _quantiles(before),
        "year",
        published.model,
        published.as_of,
        *SUMMED_UP,
    )
    return [(years, before, after)]


def _by(frame: pl.DataFrame, key: list[str]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(tuple(row[name] for name in key), []).append(row)
    return found


# --- draws ---------------------------------------------------------------------------------------


def generator(seed: int, *names: str) -> Generator:
    """A generator of its own for whatever the names name, whoever else draws."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def persistent_scores(rng: Generator, even: Floats, own: Floats) -> Floats:
    """Normal scores (draws, periods), each like the one before; every period has all of `even`.

    `own` is the share of each period's variance that is new in it, from 0 to 1.
    """
    draws, periods = even.size, own.size
    steps, noise = rng.standard_normal((draws, periods)), rng.standard_normal((draws, periods))
    scores = np.empty_like(steps)
    scores[:, 0] = steps[:, 0]
    fresh = float(np.sqrt(1 - PERSISTENCE**2))
    for ahead in range(1, periods):
        scores[:, ahead] = PERSISTENCE * scores[:, ahead - 1] + fresh * steps[:, ahead]
    scores = np.sqrt(1 - own) * scores + np.sqrt(own) * noise
    ranks = scores.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return even[ranks]


def from_quantiles(scores: Floats, quantiles: Floats) -> Floats:
    """Values (draws, periods) at normal scores, by the published quantiles (periods, quantiles).

    Straight lines between them on the scale of normal scores, and on beyond the outermost.
    """
    place = np.clip(np.searchsorted(_SCORES, scores, side="right") - 1, 0, len(_SCORES) - 2)
    part = (scores - _SCORES[place]) / (_SCORES[place + 1] - _SCORES[place])
    column = np.arange(quantiles.shape[0])[None, :]
    low, high = quantiles[column, place], quantiles[column, place + 1]
    return np.asarray(low + part * (high - low))


def spread_draws(scores: Floats, low: float, mid: float, high: float, holds: float) -> Floats:
    """Draws of an assumption: its middle as median, low and high where `holds` says."""
    edge = _NORMAL.inv_cdf(0.5 + holds / 2)
    return np.asarray(mid + np.where(scores < 0, mid - low, high - mid) * scores / edge)


class Drawn:
    """Everything that is drawn once and used by all who name it."""

    def __init__(self, seed: int, draws: int) -> None:
        self.seed, self.draws = seed, draws
        self.even = normal_scores(draws)
        self._kept: dict[tuple[Any, ...], Floats] = {}

    def baseline(
        self, key: tuple[Any, ...], published: Published, cases: float | None = None
    ) -> Floats:
        """Paths (draws, periods) of the look ahead of a series; `cases` as in `futures`."""
        if ("baseline", *key) not in self._kept:
            rng = generator(self.seed, "series", *map(str, key))
            scores = persistent_scores(rng, self.even, published.counting(cases))
            self._kept["scores", *key] = scores
            values = from_quantiles(scores, published.quantiles)
            self._kept["baseline", *key] = np.maximum(values, published.floor)
        return self._kept["baseline", *key]

    def scores(self, key: tuple[Any, ...]) -> Floats:
        """The normal scores behind these paths."""
        return self._kept["scores", *key]

    def effect(self, row: Mapping[str, Any]) -> Floats:
        """How strong an influence is in each draw: as a logarithm, or in the unit."""
        name = ("effect", row["scenario_id"], row["influence_id"])
        if name not in self._kept:
            scores = generator(self.seed, *name).permutation(self.even)
            low, mid, high = (
                float(np.log1p(row[one] / 100)) if row["change"] == "percent" else row[one]
                for one in ("low", "mid", "high")
            )
            self._kept[name] = spread_draws(scores, low, mid, high, row["holds"])
        return self._kept[name]

    def months(self, row: Mapping[str, Any], what: str) -> Floats:
        """Lag, ramp or fading in months in each draw, anywhere in its range alike."""
        name = (what, row["scenario_id"], row["influence_id"])
        if name not in self._kept:
            even = (np.arange(self.draws) + 0.5) / self.draws
            place = generator(self.seed, *name).permutation(even)
            low, high = row[f"{what}_low"] or 0.0, row[f"{what}_high"] or 0.0
            self._kept[name] = low + (high - low) * place
        return self._kept[name]


# --- what acts -----------------------------------------------------------------------------------


def _month(day: date) -> float:
    return day.year * 12 + day.month - 1 + (day.day - 1) / 31


def _months_of(published: Published, *, is_stock: bool) -> list[Floats]:
    """The moments of each period at which an influence is looked at, in months."""
    if is_stock:
        return [np.array([_month(day)]) for day in published.periods]
    if published.grain == "week":
        return [
            np.array([_month(day + timedelta(days=one)) for one in range(7)])
            for day in published.periods
        ]
    length = STEP[published.grain]
    return [_month(day) + np.arange(length, dtype=np.float64) + 0.5 for day in published.periods]


def response(row: Mapping[str, Any], moments: list[Floats], drawn: Drawn) -> Floats:
    """How much of an influence is there in each draw and period: (draws, periods)."""
    since = _month(row["since"])
    step = float(row["after"] - row["before"])
    found = np.empty((drawn.draws, len(moments)))
    for ahead, months in enumerate(moments):
        elapsed = (months - since)[None, :]
        if row["shape"] == "window":
            inside = (elapsed >= 0) & (months <= _month(row["until"]) + 1 / 31)[None, :]
            part = np.broadcast_to(inside.astype(np.float64), (drawn.draws, months.size))
        elif row["shape"] == "growth":
            part = np.broadcast_to(np.maximum(elapsed, 0.0) / 12, (drawn.draws, months.size))
        else:
            wait = drawn.months(row, "lag")[:, None]
            over = drawn.months(row, "ramp" if step >= 0 else "fades")[:, None]
            part = _risen(elapsed - wait, over)
        found[:, ahead] = step * part.mean(axis=1)
    return found


def _risen(elapsed: Floats, over: Floats) -> Floats:
    """0 before, 1 after, a straight line in between."""
    return np.asarray(np.clip((elapsed + 1e-9) / np.maximum(over, 1e-9), 0.0, 1.0))


def _moved(
    paths: Floats,
    published: Published,
    one: Mapping[str, Any],
    acting: list[dict[str, Any]],
    drawn: Drawn,
) -> Floats:
    """The paths of a series under an alternative; the very same where nothing acts on it."""
    if not acting:
        return paths
    moments = _months_of(published, is_stock=bool(one["is_stock"]))
    factor, shift = np.ones_like(paths), np.zeros_like(paths)
    for rows in _by(pl.DataFrame(acting, schema=INFLUENCE_SCHEMA), ["influence_id"]).values():
        gain = np.zeros_like(paths)
        for row in rows:
            strength = drawn.effect(row)[:, None] * response(row, moments, drawn)
            gain += row["weight"] * (np.expm1(strength) if row["change"] == "percent" else strength)
        if rows[0]["change"] == "percent":
            factor *= np.maximum(1.0 + gain, 0.0)
        else:
            shift += gain
    key = tuple(one[name] for name in SERIES_KEY)
    moved = multiplied(paths, factor, one["cases"], drawn.scores(key)) + shift
    highest = 100.0 if one["kind"] == "share" else np.inf
    return np.asarray(np.clip(moved, published.floor, highest))


def multiplied(paths: Floats, factor: Floats, cases: float | None, scores: Floats) -> Floats:
    """Paths times a factor; where few cases are behind them, counts that become rarer.

    `cases` is how many cases one unit is, `scores` the normal scores the paths were drawn at.
    A factor of 1 leaves a path exactly as it is.
    """
    found = paths * factor
    if cases is None:
        return found
    for ahead in range(paths.shape[1]):
        counts = paths[:, ahead] * cases
        mean = float(counts.mean())
        if not 0 < mean < SMALL or (factor[:, ahead] == 1).all():
            continue
        dispersion = max((float(counts.var()) - mean) / mean**2, _LEAST_DISPERSION)
        at = _probabilities(scores[:, ahead])
        before = mid_counts(at, np.full_like(counts, mean), dispersion)
        after = mid_counts(at, mean * factor[:, ahead], dispersion)
        found[:, ahead] = np.maximum(paths[:, ahead] + (after - before) / cases, 0.0)
    return found


def _probabilities(scores: Floats) -> Floats:
    grid = np.linspace(-8.0, 8.0, 3201)
    return np.asarray(np.interp(scores, grid, _CUMULATIVE), dtype=np.float64)


_CUMULATIVE: Final = np.array([_NORMAL.cdf(one) for one in np.linspace(-8.0, 8.0, 3201).tolist()])


def mid_counts(at: Floats, mean: Floats, dispersion: float) -> Floats:
    """Counts of a negative binomial at probabilities, read between whole numbers.

    `at` and `mean` have one number per draw. Falls with the mean at the same probability.
    """
    size = 1 / dispersion
    top = int(4 * SMALL + 12 * np.sqrt(max(float(mean.max()), 1.0) * (1 + dispersion * SMALL)))
    share = mean / (size + mean)
    chance = np.exp(-size * np.log1p(mean / size))
    below, found = np.zeros_like(mean), np.full_like(mean, float(top))
    middle_before = np.zeros_like(mean)
    for count in range(top):
        middle = below + chance / 2
        reached = (at >= middle_before) & (at < middle)
        width = np.where(middle > middle_before, middle - middle_before, 1.0)
        part = (at - middle_before) / width
        # Half the chance of 0 lies below its middle: there the count is 0.
        between = count - 1 + part if count else np.zeros_like(mean)
        found = np.where(reached, between, found)
        below = below + chance
        chance = chance * share * (count + size) / (count + 1)
        middle_before = middle
    return found


# --- rows ----------------------------------------------------------------------------------------


def _quantiles(paths: Floats) -> Floats:
    """(periods, quantiles) of paths, or (quantiles) of one period's."""
    return np.asarray(np.quantile(paths, QUANTILES, axis=0, method="hazen").T)


def _result_rows(
    base: Mapping[str, Any], published: Published, moved: Floats, *, changed: bool
) -> Iterator[dict[str, Any]]:
    # Where nothing acts the published figures themselves are shown.
    found = _quantiles(moved) if changed else published.quantiles
    for period, values in zip(published.periods, found.tolist(), strict=True):
        for quantile, value in zip(QUANTILES, values, strict=True):
            yield {
                **base,
                "period_start": period,
                "quantile": quantile,
                "value": value,
                "status": "estimated",
                "reason": published.reason,
                "reason_en": published.reason_en,
            }


def _difference_rows(
    base: Mapping[str, Any], published: Published, paths: Floats, moved: Floats, drawn: Drawn
) -> Iterator[dict[str, Any]]:
    apart = _quantiles(moved - paths)
    for ahead, period in enumerate(published.periods):
        # Nothing is no percentage of nothing: futures without any are left out of percentages.
        some = paths[:, ahead] > 0
        percent = None
        if some.mean() > LEAST_WITH_SOME:
            percent = _quantiles(100 * (moved[some, ahead] / paths[some, ahead] - 1))
        for place, quantile in enumerate(QUANTILES):
            yield {
                **base,
                "period_start": period,
                "quantile": quantile,
                "value": float(apart[ahead, place]),
                "value_percent": None if percent is None else float(percent[place]),
                "draws": drawn.draws,
                "seed": drawn.seed,
                "status": "estimated",
            }


def _refusal(base: Mapping[str, Any], period: date, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **base,
        "period_start": period,
        "status": "missing",
        "reason": one["reason"],
        "reason_en": one["reason_en"],
    }


def _chance_rows(
    base: Mapping[str, Any],
    published: Published,
    moved: Floats | None,
    goal: Mapping[str, Any],
    one: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """The chance of a goal, if it is due in these periods; a refusal where there are no paths."""
    is_stock, due = bool(one["is_stock"]), goal["target_date"]
    late = [
        place
        for place, start in enumerate(published.periods)
        if period_end(start, published.grain, is_stock=is_stock) >= due
    ]
    # A goal due before the first period ahead is a matter of values, not of chances.
    if not late or due < published.periods[0]:
        return
    aim = {
        **{name: goal[name] for name in ("goal_id", "target", "target_date", "direction")},
        "held_of_ten": None,
        "held_de": NOT_YET_CHECKED[0],
        "held_en": NOT_YET_CHECKED[1],
    }
    period = published.periods[late[0]]
    if moved is None:
        yield _refusal(base, period, one) | aim
        return
    values = moved[:, late[0]]
    met = values <= goal["target"] if goal["direction"] == "at_most" else values >= goal["target"]
    tenths = in_tenths(float(met.mean()))
    german, english = chance_words(tenths)
    yield {
        **base,
        **aim,
        "period_start": period,
        "value": tenths,
        "chance_de": german,
        "chance_en": english,
        "status": "estimated",
        "reason": published.reason,
        "reason_en": published.reason_en,
    }


def lasts(money: float, low: float, mid: float, high: float, holds: float) -> int:
    """In how many of ten futures money covers a cost of this spread."""
    side = mid - low if money < mid else high - mid
    if side <= 0:
        return 10 if money >= mid else 0
    score = (money - mid) / side * _NORMAL.inv_cdf(0.5 + holds / 2)
    return in_tenths(_NORMAL.cdf(score))


def in_tenths(share: float) -> int:
    """A share as so many of ten."""
    return int(np.floor(share * 10 + 0.5))


def chance_words(tenths: int) -> tuple[str, str]:
    """A chance as simulated futures out of ten, in German and English; never a percentage."""
    if tenths <= 0:
        return "in fast keiner simulierten Zukunft", "in almost none of the simulated futures"
    if tenths >= 10:
        return "in fast allen simulierten Zukünften", "in almost all simulated futures"
    return (
        f"in etwa {tenths} von 10 simulierten Zukünften",
        f"in about {tenths} of 10 simulated futures",
    )
