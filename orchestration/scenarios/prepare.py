"""What a scenario changes where, as frames for `forecasting.scenarios`."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import polars as pl

from forecasting.outlook import SERIES_KEY
from forecasting.scenarios import (
    BASELINE,
    GOAL_COLUMNS,
    INFLUENCE_SCHEMA,
    SCENARIO_KEY,
    period_end,
)
from orchestration.declarations.assumptions import indicators_of
from orchestration.declarations.common import Text
from orchestration.declarations.indicators import Indicator
from orchestration.declarations.scenarios import Alternative, Effect, Scenario, doses
from orchestration.declarations.tree import Declarations
from orchestration.scenarios import words
from orchestration.scenarios.schemas import GAP_SCHEMA

# Where an effect reaches only part of an area, the part is as large as in this many months.
MONTHS_BEHIND: Final = 24

_SERIES: Final = pl.Schema(
    {
        **dict.fromkeys(SCENARIO_KEY, pl.String()),
        "kind": pl.String(),
        "is_stock": pl.Boolean(),
        "cases": pl.Float64(),
        "parts": pl.String(),
        "reason": pl.String(),
        "reason_en": pl.String(),
    }
)
GOAL_SCHEMA: Final = pl.Schema(
    {name: {"target": pl.Float64(), "target_date": pl.Date()}.get(name, pl.String())
     for name in GOAL_COLUMNS}
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What the warehouse knows after base: values of everybody, goals, and the look ahead."""

    values: pl.DataFrame
    goals: pl.DataFrame
    forecast: pl.DataFrame


@dataclass(frozen=True)
class Prepared:
    """Frames for `forecasting.scenarios.futures`, and what they leave out, in words."""

    series: pl.DataFrame
    influences: pl.DataFrame
    goals: pl.DataFrame
    gaps: pl.DataFrame


def read_known(
    connection: duckdb.DuckDBPyConnection,
    declarations: Declarations,
    forecast: pl.DataFrame,
    goal_areas: pl.DataFrame,
) -> Known:
    """Values and goals of the indicators that scenarios speak of, from the warehouse after base.

    `forecast` is what was looked ahead at, `goal_areas` the declared table `goal_area`.
    """
    names = {name for one in declarations.scenarios.values() for name in indicators_of(one)}
    names |= {each.indicator for one in declarations.scenarios.values() for each in one.refuted_by}
    wanted = {"names": sorted(names)}
    values = connection.execute(
        "select indicator_id, area_system, area_version, area_id, period_start, grain, group_id, "
        "numerator, denominator, value, status, as_of from marts.indicator_value "
        "where indicator_id in (select unnest($names)) order by all",
        wanted,
    ).pl()
    goals = connection.execute(
        "select goal_id, indicator_id, group_id, grain, target, target_date, direction "
        "from core.goal_version where version_until is null and state <> 'dropped' "
        "and target is not null and target_date is not null and direction is not null "
        "and indicator_id in (select unnest($names)) order by all",
        wanted,
    ).pl()
    mine = forecast.filter(pl.col("indicator_id").is_in(sorted(names)))
    texts = pl.col("group_id", "grain").cast(pl.String)
    aims = goals.with_columns(texts).join(goal_areas, on="goal_id").select(GOAL_COLUMNS)
    return Known(values.with_columns(pl.col(SERIES_KEY).cast(pl.String)), aims, mine)


def prepare(declarations: Declarations, known: Known) -> Prepared:
    """Everything that all scenarios change, series by series."""
    series: list[dict[str, Any]] = []
    influences: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    for scenario in declarations.scenarios.values():
        one = _One(declarations, scenario, known)
        series.extend(one.series())
        influences.extend(one.influences)
        texts = [("declared", text.de, text.english) for text in scenario.not_modelled]
        texts += [("computed", *said) for said in one.gaps()]
        gaps += [
            {"scenario_id": scenario.id, "position": n, "origin": o, "text_de": d, "text_en": e}
            for n, (o, d, e) in enumerate(texts, 1)
        ]
    return Prepared(
        pl.DataFrame(series, schema=_SERIES),
        pl.DataFrame(influences, schema=INFLUENCE_SCHEMA),
        known.goals,
        pl.DataFrame(gaps, schema=GAP_SCHEMA),
    )


class _One:
    """One scenario on the series that have a look ahead."""

    def __init__(self, declarations: Declarations, scenario: Scenario, known: Known) -> None:
        self.all, self.scenario, self.known = declarations, scenario, known
        self.influences: list[dict[str, Any]] = []
        self.parents: dict[tuple[str, str, str], str | None] = {
            (row["area_system"], row["area_version"], row["area_id"]): row["parent_id"]
            for row in declarations.register.areas.iter_rows(named=True)
        }
        ahead = known.forecast.filter(
            pl.col("indicator_id").is_in(indicators_of(scenario)),
            pl.col("quantile").is_not_null(),
            pl.col("model") != "nowcast",
        )
        self.ahead = (
            ahead.group_by(SERIES_KEY)
            .agg(last=pl.col("period_start").max(), first=pl.col("period_start").min())
            .sort(SERIES_KEY)
        )

    def series(self) -> Iterator[dict[str, Any]]:
        """Rows of SERIES_COLUMNS for every series that any alternative touches."""
        for row in self.ahead.iter_rows(named=True):
            indicator = self.all.indicators[row["indicator_id"]]
            is_stock = _is_stock(self.all, indicator)
            about = {name: row[name] for name in SERIES_KEY} | {
                "scenario_id": self.scenario.id,
                "kind": indicator.formula.kind,
                "is_stock": is_stock,
                "cases": self._cases(row, indicator),
            }
            found = {
                one.id: list(self._acting(one, row, indicator))
                for one in self.scenario.alternatives
            }
            if not any(found.values()):
                continue
            yield about | {"alternative_id": BASELINE}
            for one in self.scenario.alternatives:
                acting = found[one.id]
                reason = self._refused(row, acting, is_stock=is_stock)
                if reason is None:
                    self.influences.extend(acting)
                parts = sorted({each["part_id"] for each in acting if each["part_id"]})
                yield about | {
                    "alternative_id": one.id,
                    "parts": ", ".join(parts) or None,
                    "reason": reason and reason[0],
                    "reason_en": reason and reason[1],
                }

    def _acting(
        self, one: Alternative, row: dict[str, Any], indicator: Indicator
    ) -> Iterator[dict[str, Any]]:
        base = {name: row[name] for name in SERIES_KEY} | {
            "scenario_id": self.scenario.id,
            "alternative_id": one.id,
        }
        then = doses(self.scenario, one)
        today = {} if self.scenario.dose is None else self.scenario.dose.today
        moved = sorted(area for area in then if then[area] != today.get(area, 0.0))
        for effect in self.scenario.effects:
            if effect.indicator == indicator.id and one.since is not None:
                for area, part, weight in self._parts(row, moved, indicator, effect.change):
                    yield {
                        **base,
                        "influence_id": effect.id,
                        **_effect(effect),
                        "part_id": part,
                        "weight": weight,
                        "shape": "dose",
                        "before": _response(effect, today.get(area, 0.0)),
                        "after": _response(effect, then[area]),
                        "since": one.since,
                    }
        for people in self.scenario.population:
            if people.indicator == indicator.id and people.id in one.population:
                sign = 1.0 if people.acts == "with_people" else -1.0
                for _, part, weight in self._parts(row, people.areas or None, indicator, "percent"):
                    yield {
                        **base,
                        "influence_id": people.id,
                        "change": "percent",
                        **people.yearly.model_dump(),
                        "part_id": part,
                        "weight": weight,
                        "shape": "growth",
                        "before": 0.0,
                        "after": sign,
                        "since": people.since,
                    }
        for shock in self.scenario.shocks:
            if shock.indicator == indicator.id and shock.id in one.shocks:
                for _, part, weight in self._parts(
                    row, shock.areas or None, indicator, shock.change
                ):
                    yield {
                        **base,
                        "influence_id": shock.id,
                        "change": shock.change,
                        **shock.by.model_dump(),
                        "part_id": part,
                        "weight": weight,
                        "shape": "window",
                        "before": 0.0,
                        "after": 1.0,
                        "since": shock.since,
                        "until": shock.until,
                    }

    def _parts(
        self, row: dict[str, Any], areas: list[str] | None, indicator: Indicator, change: str
    ) -> Iterator[tuple[str, str | None, float | None]]:
        """The areas a series lies in or holds: area, part of it, and its weight; None: all."""
        if areas is None:
            yield row["area_id"], None, 1.0
            return
        own = (row["area_system"], row["area_version"])
        around = self._above((*own, row["area_id"]))
        adds_up = change == "in_unit" and indicator.formula.kind == "count"
        for area in areas:
            if area == row["area_id"]:
                yield area, None, 1.0
            elif area in around and adds_up:
                # What is added to a whole is spread over its areas as the value is.
                yield area, row["area_id"], self._share(row, row["area_id"], area, "value")
            elif area in around:
                yield area, None, 1.0
            elif row["area_id"] in self._above((*own, area)):
                yield area, area, self._weight(row, area, indicator, change)

    def _above(self, area: tuple[str, str, str]) -> list[str]:
        found: list[str] = []
        above = self.parents.get(area)
        while above is not None:
            found.append(above)
            above = self.parents.get((*area[:2], above))
        return found

    def _weight(
        self, row: dict[str, Any], area: str, indicator: Indicator, change: str
    ) -> float | None:
        """The share of a series that lay in a part of its area of late; None where unknown."""
        kind = indicator.formula.kind
        if change == "in_unit" and kind == "count":
            return 1.0
        column = "numerator" if change == "percent" else "denominator"
        if column == "numerator" and kind == "count":
            column = "value"
        return self._share(row, area, row["area_id"], column)

    def _share(self, row: dict[str, Any], part: str, whole: str, column: str) -> float | None:
        both = self._recent(row).filter(pl.col("area_id").is_in([whole, part]))
        sums = dict(
            both.filter(pl.len().over("period_start") == 2)
            .sort("period_start")
            .group_by("area_id")
            .agg(pl.col(column).sum())
            .iter_rows()
        )
        return sums[part] / sums[whole] if sums.get(whole) else None

    def _recent(self, row: dict[str, Any]) -> pl.DataFrame:
        """Known values of the last two years before the look ahead begins, of all areas."""
        first = row["first"].year * 12 + row["first"].month
        month = pl.col("period_start").dt.year().cast(pl.Int64) * 12
        month += pl.col("period_start").dt.month()
        return self.known.values.filter(
            *(pl.col(name) == row[name] for name in SERIES_KEY if name != "area_id"),
            pl.col("value").is_not_null(),
            month >= first - MONTHS_BEHIND,
            month < first,
        )

    def _cases(self, row: dict[str, Any], indicator: Indicator) -> float | None:
        """How many cases one unit of the value is; None where the value counts none."""
        formula = indicator.formula
        if _is_stock(self.all, indicator) or formula.kind not in ("count", "rate"):
            return None
        if formula.per is None:
            return 1.0
        latest = self._recent(row).filter(area_id=row["area_id"]).sort("period_start")
        people = latest["denominator"].drop_nulls()
        return None if people.is_empty() else float(people[-1]) / formula.per

    def _refused(
        self, row: dict[str, Any], acting: list[dict[str, Any]], *, is_stock: bool
    ) -> tuple[str, str] | None:
        """Why nothing is shown for a series: it ends too early, or a part has no known size."""
        if not acting:
            return None
        unknown = sorted({each["part_id"] for each in acting if each["weight"] is None})
        if unknown:
            return words.unknown_part(", ".join(unknown))
        end = period_end(row["last"], row["grain"], is_stock=is_stock)
        begins = min(each["since"] for each in acting)
        if begins > end:
            return words.begins_later(begins, end)
        first = min(_shows(each) for each in acting)
        return None if first <= end else words.shows_later(first, end, self._leading_steps())

    def _leading_steps(self) -> tuple[str, str]:
        steps = [each for each in self.scenario.effects if each.role == "leading_step"]
        names = [self.all.indicators[each.indicator].name for each in steps]
        names = list({name.de: name for name in names}.values())
        programme = self.all.programmes.get(self.scenario.programme or "")
        sign = None if programme is None else programme.logic.earliest_sign
        if not names and sign is not None:
            names = [sign.what]
        if not names:
            return ", und welche das wären, ist nicht erklärt", ", and none is declared"
        german = "; ".join(name.de.rstrip(".") for name in names)
        return f": {german}", ": " + "; ".join(name.english.rstrip(".") for name in names)

    def gaps(self) -> Iterator[tuple[str, str]]:
        """What is left out because no figures carry it, or was taken without asking."""
        systems = self.all.area_systems.values()
        today = [f"{one.area_system}/{one.current.version}" for one in systems]
        for name in indicators_of(self.scenario):
            label = _pair(self.all.indicators[name].name)
            mine = self.known.forecast.filter(
                pl.col("indicator_id") == name,
                pl.col("model") != "nowcast",
                pl.concat_str("area_system", "area_version", separator="/").is_in(today),
            )
            shown = mine.filter(pl.col("quantile").is_not_null()).select(SERIES_KEY).unique()
            refused = mine.filter(pl.col("quantile").is_null()).select(SERIES_KEY).unique()
            if shown.is_empty():
                yield words.no_look_ahead(label)
            elif refused.height:
                yield words.refused_areas(label, refused.height)
            acting = [each for each in self.influences if each["indicator_id"] == name]
            parts = {(each["area_id"], each["part_id"]) for each in acting if each["part_id"]}
            if any(area != part for area, part in parts):
                yield words.parts_as_of_late(label)
            if any(area == part for area, part in parts):
                yield words.spread_as_of_late(label)
        for effect in self.scenario.effects:
            if effect.saturates_at is None:
                yield words.no_saturation(_pair(effect.what))
        for one in self.scenario.alternatives:
            if one.outside_because is not None:
                yield words.beyond_observed(_pair(one.name), _pair(one.outside_because))
        if self.scenario.programme is not None:
            yield words.REST_GOES_ON


def _pair(text: Text) -> tuple[str, str]:
    return text.de, text.english


def _effect(effect: Effect) -> dict[str, Any]:
    fades = effect.fades_months
    return {
        "change": effect.change,
        **effect.by.model_dump(),
        "lag_low": effect.lag_months.low,
        "lag_high": effect.lag_months.high,
        "ramp_low": effect.ramp_months.low,
        "ramp_high": effect.ramp_months.high,
        "fades_low": None if fades is None else fades.low,
        "fades_high": None if fades is None else fades.high,
    }


def _response(effect: Effect, dose: float) -> float:
    most = dose if effect.saturates_at is None else min(dose, effect.saturates_at)
    return most / effect.per_dose


def _shows(row: dict[str, Any]) -> date:
    """The first day on which an influence can be seen."""
    since: date = row["since"]
    months = int(row["lag_low"]) if row["shape"] == "dose" else 0
    month = since.year * 12 + since.month - 1 + months
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(since.day, calendar.monthrange(year, month)[1]))


def _is_stock(declarations: Declarations, indicator: Indicator) -> bool:
    """Whether its periods are reporting dates."""
    measures = declarations.measures
    terms = indicator.formula.numerator
    return bool(terms) and all(measures[one.measure][1].kind == "stock" for one in terms)
