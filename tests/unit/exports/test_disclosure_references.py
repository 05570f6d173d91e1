"""A reference value goes where one of the areas behind it is withheld, and only there."""

from typing import Any

import polars as pl
import pytest

from exports.disclosure import DERIVED, FIGURES, Rule, mask_protected, protect
from exports.vocabulary import KEY
from tests.unit.exports import frames


def _marts() -> dict[str, pl.DataFrame]:
    """Four areas, of which 02 has a small count and 04 was secret before anybody computed."""
    values = pl.DataFrame(
        [
            frames.value("faelle", "01", 2023, 50.0, 100.0, figure=50.0),
            frames.value("faelle", "02", 2023, 3.0, 90.0, figure=3.3),
            frames.value("faelle", "03", 2023, 20.0, 80.0, figure=25.0),
            frames.value("faelle", "04", 2023, None, 80.0, figure=None),
        ],
        schema=frames.VALUE_SCHEMA,
    ).with_columns(
        status=pl.when(pl.col("area_id") == "04")
        .then(pl.lit("suppressed"))
        .otherwise(pl.lit("observed"))
    )
    key = values.filter(area_id="01").select(KEY)

    def reference(kind: str, areas: str | None, **other: Any) -> pl.DataFrame:
        words = {"reference": kind, "areas": areas, "status": "observed", "reason": None}
        words |= {"reason_en": None} | other
        return key.with_columns(
            *(pl.lit(7.0).alias(name) for name in FIGURES),
            *(pl.lit(text, pl.String).alias(name) for name, text in words.items()),
        )

    references = pl.concat(
        [
            reference("alike", "02, 03"),
            reference("above", "03, 04"),
            reference("whole", "03"),
            reference("none", None, status="not_comparable"),
        ]
    )
    source = pl.DataFrame({"source_id": ["s"], "protection": ["statistik"]})
    return frames.marts() | {
        "indicator_value": values,
        "indicator": pl.DataFrame({"indicator_id": ["faelle"], "kind": ["rate"]}),
        "indicator_source": pl.DataFrame({"indicator_id": ["faelle"], "source_id": ["s"]}),
        "source": source,
        "indicator_reference": references,
    }


@pytest.mark.parametrize("masking", [mask_protected, lambda tables: protect(tables, Rule())])
def test_only_what_a_withheld_value_went_into_is_withheld(masking: Any) -> None:
    tables = _marts()
    before, after = tables["indicator_reference"], masking(tables)["indicator_reference"]
    assert after.schema == before.schema
    assert after["status"].to_list() == ["suppressed", "observed", "observed", "not_comparable"]
    assert after.row(0, named=True)["reason"] == DERIVED[0]
    assert after.row(0, named=True)["reason_en"] == DERIVED[1]
    assert after.head(1).select(FIGURES).null_count().sum_horizontal().item() == len(FIGURES)
    assert after.tail(3).equals(before.tail(3))
