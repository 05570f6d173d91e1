"""The tables that scenarios are computed into."""

from typing import Final

import polars as pl

from forecasting.scenarios import CHANCE_SCHEMA, DIFFERENCE_SCHEMA, RESULT_SCHEMA

GAP_SCHEMA: Final = pl.Schema(
    {
        "scenario_id": pl.String(),
        "position": pl.Int64(),
        "origin": pl.String(),
        "text_de": pl.String(),
        "text_en": pl.String(),
    }
)
ALTERNATIVE_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("scenario_id", "alternative_id"), pl.String()),
        "position": pl.Int64(),
        **dict.fromkeys(("kind", "name_de", "name_en"), pl.String()),
        "since": pl.Date(),
        **dict.fromkeys(("dose", "changed_de", "changed_en"), pl.String()),
        "dose_total": pl.Float64(),
        "outside_observed": pl.Boolean(),
        **dict.fromkeys(("outside_because_de", "outside_because_en"), pl.String()),
        **dict.fromkeys(
            ("cost_low", "cost_mid", "cost_high", "money_per_year", "dose_unpaid"), pl.Float64()
        ),
        "money_lasts_of_ten": pl.Int64(),
        **dict.fromkeys(("money_de", "money_en"), pl.String()),
    }
)
REFUTATION_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("scenario_id", "refutation_id", "alternative_id"), pl.String()),
        **dict.fromkeys(("indicator_id", "area_system", "area_version", "area_id"), pl.String()),
        "period_start": pl.Date(),
        **dict.fromkeys(("grain", "group_id", "found"), pl.String()),
        "threshold": pl.Float64(),
        "known_by": pl.Date(),
        **dict.fromkeys(("says_de", "says_en"), pl.String()),
        "value": pl.Float64(),
        **dict.fromkeys(
            ("state", "state_de", "state_en", "status", "reason", "reason_en"), pl.String()
        ),
        "as_of": pl.Date(),
    }
)
SCHEMAS: Final = {
    "scenario_alternative": ALTERNATIVE_SCHEMA,
    "scenario_result": RESULT_SCHEMA,
    "scenario_difference": DIFFERENCE_SCHEMA,
    "scenario_chance": CHANCE_SCHEMA,
    "scenario_refutation": REFUTATION_SCHEMA,
    "scenario_gap": GAP_SCHEMA,
}
