"""Looking ahead from nowcasts: in whole cases, and ranges that know what is open."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from forecasting.growing import carried, completed
from forecasting.scores import QUANTILES


def growing(kind: str = "count") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two months of one district, the second still growing, and its nowcast."""
    key = {
        "indicator_id": "i", "area_system": "s", "area_version": "1", "area_id": "a",
        "grain": "month", "group_id": "all",
    }  # fmt: skip
    each = 1.0 if kind == "count" else 1000 / 5000
    values = pl.DataFrame(
        {
            **key,
            "period_start": [date(2024, 1, 1), date(2024, 2, 1)],
            "numerator": [50.0, 30.0],
            "denominator": [None if kind == "count" else 5000.0] * 2,
            "value": [50 * each, 30 * each],
        },
        schema_overrides={"denominator": pl.Float64},
    )
    found = pl.DataFrame(
        {
            **key,
            "period_start": date(2024, 2, 1),
            "model": "nowcast",
            "quantile": [0.1, 0.5, 0.9],
            "value": [32 * each, 41.3 * each, 52 * each],
        }
    )
    return values, found


@pytest.mark.parametrize("kind", ["count", "rate"])
def test_what_still_grows_is_put_at_its_median_in_whole_cases(kind: str) -> None:
    values, found = growing(kind)
    each = 1.0 if kind == "count" else 0.2
    done = completed(values, found)
    assert done["value"].to_list() == pytest.approx([50 * each, 41 * each])
    assert done["numerator"].to_list() == [50, 41]
    assert done["nowcast_low"].to_list() == [None, pytest.approx(32 * each)]
    assert done["nowcast_high"].to_list() == [None, pytest.approx(52 * each)]


def test_refusals_and_other_models_complete_nothing() -> None:
    values, found = growing()
    other = found.with_columns(model=pl.lit("ensemble"))
    refused = found.with_columns(value=pl.lit(None, pl.Float64))
    for rows in (other, refused, found.clear()):
        done = completed(values, rows)
        assert done.drop("nowcast_low", "nowcast_high").equals(values)
        assert done["nowcast_low"].null_count() == 2


def test_what_is_open_about_the_start_adds_up_as_roots_of_squares() -> None:
    normal = np.array([-1.959964, -1.281552, 0.0, 1.281552, 1.959964])
    quantiles = (10 + 2 * normal)[None, None]
    moved = 1.5 * 1.281552
    wide = carried(quantiles, QUANTILES, np.array([[10 - moved]]), np.array([[10 + moved]]))
    assert np.allclose(wide, 10 + 2.5 * normal, atol=1e-4)
    same = np.array([[10.0]])
    assert np.allclose(carried(quantiles, QUANTILES, same, same), quantiles)
    # A forecast may fall where the start rises; each end widens its own side only.
    one_sided = carried(quantiles, QUANTILES, np.array([[10 + moved]]), same)[0, 0]
    assert np.allclose(one_sided[:3], quantiles[0, 0, :3])
    assert np.allclose(one_sided[3:], 10 + 2.5 * normal[3:], atol=1e-4)
