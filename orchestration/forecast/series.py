"""Everything the published warehouse says about the look ahead of one series."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from forecasting import ensemble, nowcast
from forecasting.growing import completed as completed_by
from forecasting.outlook import SERIES_KEY, USABLE_STATUS, MadeOf, made_of
from forecasting.periods import SEASON_LENGTH
from forecasting.refusal import Refusal
from orchestration.place import Place

_AREA: Final = ["area_system", "area_version", "area_id"]
_FORECAST_KINDS: Final = ("count", "share", "rate", "ratio", "reported")
_AS_PUBLISHED: Final = 1e-6


@dataclass(frozen=True)
class LookAhead:
    """The look ahead of one series and what is known about it.

    Attributes:
        meaning: the row of marts.indicator.
        area: the row of marts.area.
        grain: month, quarter, half_year, year.
        group: group_id.
        history: rows of marts.indicator_value with period_end, in the order of time.
        forecast: rows of marts.forecast without nowcasts, by period and quantile.
        nowcast: those of nowcasts.
        backtest: rows of marts.forecast_backtest of the level of the area.
        breaks: since, what_de, what_en.
        programmes: name_de, name_en of those that aim at the indicator.
        told_levels: at which there are figures ahead of this indicator and grain.
        made_of: what the ensemble is made of; None where it was not published, or from values of
            which some are withheld.
    """

    meaning: Mapping[str, Any]
    area: Mapping[str, Any]
    grain: str
    group: str
    history: pl.DataFrame
    forecast: pl.DataFrame
    nowcast: pl.DataFrame
    backtest: pl.DataFrame
    breaks: pl.DataFrame
    programmes: pl.DataFrame
    told_levels: list[str]
    made_of: MadeOf | None

    @property
    def usable(self) -> pl.DataFrame:
        """The rows of the history that can be looked ahead from."""
        known = pl.col("status").is_in(USABLE_STATUS) & pl.col("value").is_finite()
        return self.history.filter(known)

    @property
    def refusal(self) -> Mapping[str, Any] | None:
        """The row that says why there are no figures; None where there are some."""
        if self.forecast.is_empty() or self.forecast["value"].count():
            return None
        return self.forecast.row(0, named=True)

    @property
    def ranges(self) -> pl.DataFrame:
        """One row per period ahead with figures: period_start and a column per quantile."""
        return _wide(self.forecast)

    @property
    def nowcasts(self) -> pl.DataFrame:
        """The same of nowcasts."""
        return _wide(self.nowcast)

    @property
    def nowcast_medians(self) -> list[tuple[date, float]]:
        """Periods that are still growing, and what they will come to."""
        told = self.nowcasts
        return told.select("period_start", "0.5").rows() if told.height else []

    @property
    def medians(self) -> NDArray[np.float64]:
        """(periods ahead,); what is published as the middle."""
        return self.ranges["0.5"].to_numpy()

    @property
    def is_adjusted(self) -> bool:
        """Whether what is published differs from the forecast of the series by itself."""
        if self.made_of is None:
            return False
        return not np.allclose(self.made_of.medians, self.medians, rtol=_AS_PUBLISHED, atol=0)


def read(
    place: Place, indicator: str, area: str | None, group: str, grain: str | None
) -> LookAhead:
    """Read the look ahead of one series from the published warehouse.

    Without an area the whole municipality is meant, without a grain the longest that is looked
    ahead at; areas go by code or name. Raises FileNotFoundError where nothing is published, or
    there is no such indicator, area or look ahead.
    """
    if not place.published_warehouse.exists():
        raise FileNotFoundError(
            f"nothing is published in {place.folder} yet: wirkraum run {place.folder}"
        )
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:
        meaning = _meaning(connection, indicator)
        name = meaning["indicator_id"]
        areas = _areas(connection, area)
        forecasts = connection.execute(
            "select forecast.*, area.level from marts.forecast as forecast "
            "join marts.area as area using (area_system, area_version, area_id) "
            "where indicator_id = ? and scenario_id = 'trend'",
            [name],
        ).pl()
        key = _series(forecasts, meaning, areas, group, grain)
        chosen = next(one for one in areas if all(one[part] == key[part] for part in _AREA))
        values = connection.execute(
            "select value.*, area.level, period.period_end from marts.indicator_value as value "
            "join marts.area as area using (area_system, area_version, area_id) "
            "join marts.period as period using (period_start, grain) "
            "where indicator_id = ? and grain = ? and group_id = ? order by all",
            [name, key["grain"], key["group_id"]],
        ).pl()
        backtest = connection.execute(
            "select * from marts.forecast_backtest where indicator_id = ? and area_system = ? "
            "and area_version = ? and grain = ? and level = ? order by model, ahead",
            [name, key["area_system"], key["area_version"], key["grain"], chosen["level"]],
        ).pl()
        breaks = connection.execute(
            "select distinct since, what_de, what_en from marts.indicator_break "
            "where indicator_id = ? order by all",
            [name],
        ).pl()
        programmes = connection.execute(
            "select distinct name_de, name_en from marts.programme "
            "join marts.programme_indicator using (programme_id) "
            "where indicator_id = ? order by all",
            [name],
        ).pl()
    same = [pl.col(part) == key[part] for part in SERIES_KEY]
    is_nowcast = pl.col("model") == nowcast.MODEL_NAME
    rows = forecasts.filter(same).sort("period_start", "quantile", nulls_last=True)
    ahead = rows.filter(~is_nowcast)
    all_ahead = forecasts.filter(~is_nowcast, pl.col("grain") == key["grain"])
    completed = completed_by(values, forecasts)
    history = values.filter(same).sort("period_start")
    return LookAhead(
        meaning,
        chosen,
        key["grain"],
        key["group_id"],
        history,
        ahead,
        rows.filter(is_nowcast),
        backtest,
        breaks,
        programmes,
        all_ahead.drop_nulls("value")["level"].unique().sort().to_list(),
        None
        if (history["status"] == "suppressed").any()
        else _made_of(
            completed, key, meaning["kind"], all_ahead["level"].unique().to_list(), ahead, breaks
        ),
    )


def _wide(rows: pl.DataFrame) -> pl.DataFrame:
    told = rows.drop_nulls("value")
    if told.is_empty():
        return pl.DataFrame(schema={"period_start": pl.Date()})
    return told.pivot("quantile", index="period_start", values="value").sort("period_start")


def _meaning(connection: duckdb.DuckDBPyConnection, indicator: str) -> dict[str, Any]:
    rows = connection.execute(
        "select * from marts.indicator "
        "where indicator_id = $1 or list_contains(string_split(was, ', '), $1)",
        [indicator],
    ).pl()
    if rows.height:
        return rows.row(0, named=True)
    known = connection.sql("select indicator_id from marts.indicator order by 1").pl().to_series()
    near = _near(indicator, known.to_list())
    raise FileNotFoundError(
        f"there is no indicator {indicator!r}; "
        + (f"near: {', '.join(near)}" if near else f"there are: {', '.join(known)}")
    )


def _areas(connection: duckdb.DuckDBPyConnection, area: str | None) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select * from marts.area where area_id = $1 or name = $1 "
        "or ($1 is null and parent_id is null) "
        "order by area_version desc, area_system, level_rank, area_id",
        [area],
    ).pl()
    if rows.height:
        return rows.to_dicts()
    known = connection.sql(
        "select distinct area_id, name from marts.area where not is_unassigned order by all"
    ).fetchall()
    words = {text: f"{code} ({name})" for code, name in known for text in (code, name)}
    near = ", ".join(dict.fromkeys(words[one] for one in _near(area or "", list(words))))
    raise FileNotFoundError(
        f"there is no area {area!r}; "
        + (f"near: {near}" if near else f"{len(known)} are known by code and name, in marts.area")
    )


def _near(text: str, known: list[str]) -> list[str]:
    """The names most like what was written, of which a part may be enough."""
    like = difflib.get_close_matches(text, known, n=3)
    starts = {name[: len(text) + 1].lower(): name for name in reversed(known)}
    begun = [starts[one] for one in difflib.get_close_matches(text.lower(), starts, n=3)]
    holding = [name for name in known if text.lower() in name.lower()]
    return list(dict.fromkeys([*like, *holding, *begun]))[:3]


def _series(
    forecasts: pl.DataFrame,
    meaning: Mapping[str, Any],
    areas: list[dict[str, Any]],
    group: str,
    grain: str | None,
) -> dict[str, str]:
    """The key of the series meant: of the newest areas, with a forecast rather than a refusal."""
    name = meaning["indicator_id"]
    if meaning["retired_on"] is not None:
        raise FileNotFoundError(f"{name} is retired since {meaning['retired_on']}: no look ahead")
    if forecasts.is_empty():
        raise FileNotFoundError(_undeclared(meaning, areas[0]["level"]))
    wanted = pl.DataFrame(areas).select(_AREA)
    here = forecasts.join(wanted, on=_AREA, how="semi")
    if here.is_empty():
        levels = ", ".join(forecasts["level"].unique().sort())
        raise FileNotFoundError(
            f"{name} looks ahead at the levels {levels}; {areas[0]['area_id']} "
            f"({areas[0]['name']}) is of level {areas[0]['level']}"
        )
    found = here.filter(pl.col("group_id") == group)
    if grain is not None:
        found = found.filter(pl.col("grain") == grain)
    if found.is_empty():
        have = here.select("grain", "group_id").unique().sort("grain", "group_id").rows()
        listed = ", ".join(f"--grain {one} --group {two}" for one, two in have)
        raise FileNotFoundError(f"{name} has no such look ahead here; there are: {listed}")
    order = found.select(
        *SERIES_KEY,
        longest=pl.col("grain").replace_strict(SEASON_LENGTH, return_dtype=pl.Int64),
        nowcast=pl.col("model") == nowcast.MODEL_NAME,
        newest=-pl.col("area_version").rank("dense").cast(pl.Int64),
        refused=pl.col("quantile").is_null(),
    )
    first = order.sort("longest", "nowcast", "newest", "refused", *SERIES_KEY)
    return first.select(SERIES_KEY).row(0, named=True)


def _undeclared(meaning: Mapping[str, Any], level: str) -> str:
    name, kind = meaning["indicator_id"], meaning["kind"]
    if kind not in _FORECAST_KINDS:
        return (
            f"{name} is of kind {kind!r}, which has no look ahead; the counts, shares and rates it "
            "is made of can have one"
        )
    return (
        f"{name} has no look ahead. To have one, write into its declaration such as\n"
        f"forecast: {{grain: year, levels: [{level}], horizon: 3}}\nand run again"
    )


def _made_of(
    values: pl.DataFrame,
    key: Mapping[str, str],
    kind: str,
    levels: list[str],
    ahead: pl.DataFrame,
    breaks: pl.DataFrame,
) -> MadeOf | None:
    medians = ahead.filter((pl.col("quantile") == 0.5) & (pl.col("model") == ensemble.MODEL_NAME))
    if medians.is_empty() or medians["value"].null_count():
        return None
    try:
        return made_of(
            values,
            key,
            kind=kind,
            levels=levels,
            periods=medians.height,
            breaks=breaks["since"].to_list(),
        )
    except Refusal:
        return None
