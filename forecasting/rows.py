"""Forecasts and refusals as rows of `forecast`, with what readers should know in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from forecasting import counts, ensemble, naive, refusal
from forecasting.linear import Floats
from forecasting.periods import SEASON_LENGTH, later
from forecasting.pools import Looked
from forecasting.refusal import Refusal
from forecasting.scores import QUANTILES
from forecasting.series import SERIES_KEY, changes_of, mean_cases

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


def rows_of(one: Looked, run_id: str) -> Iterator[dict[str, Any]]:
    """Rows of one series: one per period and quantile, or one that says why there are none."""
    if isinstance(one.quantiles, Refusal):
        yield refused_row(one.ready.row, run_id, one.quantiles)
    else:
        skipped = one.begin - one.ready.span[1]
        yield from _forecast_rows(
            one.ready.row, run_id, one.quantiles, one.model, skipped, one.apart
        )


def refused_row(row: Mapping[str, Any], run_id: str, why: Refusal) -> dict[str, Any]:
    """The row of a series, as `series.collect` gives it, that is not forecast."""
    return _base(row, run_id, ensemble.MODEL_NAME) | {
        "period_start": later(_last(row), 1, row["grain"]),
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
        period = later(_last(row), ahead, row["grain"])
        for quantile, value in zip(QUANTILES, per_quantile, strict=True):
            yield base | {
                "period_start": period,
                "quantile": quantile,
                "value": value,
                "status": "estimated",
                "reason": reason_de,
                "reason_en": reason_en,
            }


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
        mean = refusal.at_most(mean_cases(row))
        german.append(
            f"Kleine Zahlen (im Mittel höchstens {mean} Fälle je Zeitraum): geschätzt "
            "gemeinsam mit anderen Gebieten; einzelne Zeiträume bestimmt der Zufall."
        )
        english.append(
            f"Small numbers (at most {mean} cases per period on average): estimated together with "
            "other areas; chance rules single periods."
        )
    if changes := changes_of(row):
        days = " und ".join(f"{day:%d.%m.%Y}" for day in changes)
        german.append(
            f"Seit {days} wird anders gezählt; frühere Werte sind auf die neue Höhe gerückt."
        )
        days = " and ".join(map(str, changes))
        english.append(f"Counted differently since {days}; earlier values are moved to that level.")
    if apart is not None:
        # How much is missing would give away what is withheld of one part.
        more = apart > 1
        german.append(
            "Nicht die Summe der Teile: "
            + ("sie ergaben mehr." if more else "die mit Ausblick sind nicht alles, was sie zählt.")
        )
        english.append(
            "Not the sum of its parts: "
            + ("they came to more." if more else "those with an outlook are not all it counts.")
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
