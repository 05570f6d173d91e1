"""The tables that a run computes beside dbt and hands back to it: their names and columns."""

from typing import Final

import polars as pl

# In the order in which they come.
COMPUTED: Final = (
    *("effect", "forecast", "forecast_backtest", "forecast_score"),
    *("scenario_alternative", "scenario_result", "scenario_difference", "scenario_chance"),
    *("scenario_refutation", "scenario_gap"),
    *("mark", "goal_question", "occasion"),
)


def schemas() -> dict[str, pl.Schema]:
    """The columns of each table of COMPUTED; loads all that computes them."""
    from forecasting.accuracy import BACKTEST_SCHEMA
    from forecasting.effects.looking_back import EFFECT_SCHEMA
    from forecasting.outlook import FORECAST_SCHEMA
    from forecasting.record import SCORE_SCHEMA
    from orchestration.scenarios.schemas import SCHEMAS
    from quality.comovement import QUESTION_SCHEMA
    from quality.marks import MARK_SCHEMA
    from quality.occasions import OCCASION_SCHEMA

    return {
        "effect": EFFECT_SCHEMA,
        "forecast": FORECAST_SCHEMA,
        "forecast_backtest": BACKTEST_SCHEMA,
        "forecast_score": SCORE_SCHEMA,
        **SCHEMAS,
        "mark": MARK_SCHEMA,
        "goal_question": QUESTION_SCHEMA,
        "occasion": OCCASION_SCHEMA,
    }
