"""The outlook of the invented city: planted trends lie within it, and its areas add up."""

import json
from datetime import date

import duckdb
import polars as pl
import pytest

from forecasting.outlook import outlook
from orchestration.declarations.tree import read_declarations
from orchestration.place import Place

pytestmark = [pytest.mark.city, pytest.mark.slow]

# Residents grow by a rate of each district, the old among them by 1.2 percent a year; need falls by
# 12 percent in ten years, bicycle thefts by 1 percent a year. Held out: as many last periods.
TRENDS = {"einwohner": 3, "anteil_65plus": 3, "sgb2_quote": 4, "fahrraddiebstahl_rate": 12}


def _tables(city: Place, indicator: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        values = connection.execute(
            "select value.*, area.level from marts.indicator_value as value join marts.area "
            "using (area_system, area_version, area_id) where indicator_id = ? "
            "and area_version = '2020' and value.group_id = 'all' and value.status <> 'missing'",
            [indicator],
        ).pl()
        return values, connection.table("marts.area").pl()


def _still_growing(city: Place, indicator: str) -> date:
    """From when on late reports are missing."""
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    incomplete = next(one for one in truth["planted"] if one["sign"] == "M02")
    first = incomplete["periods"]["first"] if incomplete["indicator"] == indicator else "9999-01-01"
    return date.fromisoformat(first)


def test_planted_trends_lie_within_the_fan(city: Place) -> None:
    indicators = read_declarations(city.folder).indicators
    inside = []
    for name, held_out in TRENDS.items():
        formula, rule = indicators[name].formula, indicators[name].forecast
        assert rule is not None
        values, areas = _tables(city, name)
        values = values.filter(
            pl.col("grain") == rule.grain, pl.col("period_start") < _still_growing(city, name)
        )
        first_unseen = values["period_start"].unique().sort()[-held_out]
        spec: dict[str, object] = {
            "indicator_id": name,
            "grain": rule.grain,
            "levels": rule.levels,
            "horizon": held_out,
            "kind": formula.kind,
        }
        found = outlook(
            values.filter(pl.col("period_start") < first_unseen),
            pl.DataFrame([spec]),
            run_id="r",
            areas=areas,
        ).forecast
        fan = found.filter(pl.col("quantile").is_in([0.1, 0.9])).pivot(
            "quantile", index=["area_id", "period_start"], values="value"
        )
        came = fan.join(values.filter(level="stadtteil"), on=["area_id", "period_start"])
        assert came.height == 24 * held_out
        inside.append(came.select(pl.col("value").is_between("0.1", "0.9")))
    assert 0.70 <= pl.concat(inside)["value"].mean() <= 0.90  # type: ignore[operator]


def test_published_areas_add_up_and_stay_possible(city: Place) -> None:
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        forecast = connection.sql(
            "select forecast.*, level, parent_id from marts.forecast join marts.area "
            "using (area_system, area_version, area_id) where model <> 'nowcast' "
            "and scenario_id = 'trend' and quantile is not null"
        ).pl()
    assert forecast["value"].min() >= 0  # type: ignore[operator]
    shares = forecast.filter(pl.col("indicator_id").is_in(["anteil_65plus", "sgb2_quote"]))
    assert shares["value"].max() <= 100  # type: ignore[operator]
    median = forecast.filter(indicator_id="einwohner", quantile=0.5)
    parts = median.group_by("parent_id", "period_start").agg(pl.col("value").sum().alias("parts"))
    both = median.join(parts, left_on=["area_id", "period_start"], right_on=parts.columns[:2])
    assert both.height == 5 * 5
    assert ((both["parts"] / both["value"] - 1).abs() < 0.002).all()
    few = forecast.filter(indicator_id="fahrraddiebstahl_rate", level="stadtteil")
    assert set(few["model"]) == {"counts_log_ar"}
    assert few["reason"].str.starts_with("Kleine Zahlen").all()
