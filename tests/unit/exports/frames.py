"""Small marts as dbt would build them, for the tests of `exports`."""

from datetime import date
from typing import Any, Final

import polars as pl

AS_OF: Final = date(2024, 3, 31)

VALUE_SCHEMA: Final[dict[str, Any]] = {
    "indicator_id": pl.String,
    "area_system": pl.String,
    "area_version": pl.String,
    "area_id": pl.String,
    "period_start": pl.Date,
    "grain": pl.String,
    "group_id": pl.String,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "value": pl.Float64,
    "unit": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "status": pl.String,
    "reason": pl.String,
    "reason_en": pl.String,
    "as_of": pl.Date,
}
FORECAST_SCHEMA: Final[dict[str, Any]] = {
    "run_id": pl.String,
    **{name: VALUE_SCHEMA[name] for name in list(VALUE_SCHEMA)[:7]},
    "scenario_id": pl.String,
    "model": pl.String,
    "quantile": pl.Float64,
    "value": pl.Float64,
    "status": pl.String,
    "reason": pl.String,
    "reason_en": pl.String,
    "as_of": pl.Date,
}
MARK_SCHEMA: Final[dict[str, Any]] = {
    "mark_id": pl.String,
    "sign": pl.String,
    **{name: VALUE_SCHEMA[name] for name in list(VALUE_SCHEMA)[:7]},
    "severity": pl.String,
    "evidence": pl.String,
    "text_de": pl.String,
    "text_en": pl.String,
    "question_de": pl.String,
    "question_en": pl.String,
    "first_seen": pl.Date,
    "state": pl.String,
    "as_of": pl.Date,
}


def value(
    indicator: str,
    area: str,
    year: int,
    numerator: float | None,
    denominator: float | None = None,
    figure: float | None = None,
    **other: Any,
) -> dict[str, Any]:
    """One row of `indicator_value`; low and high are set so that a leak would show."""
    figure = numerator if figure is None else figure
    return {
        "indicator_id": indicator,
        "area_system": "bezirk",
        "area_version": "2020",
        "area_id": area,
        "period_start": date(year, 1, 1),
        "grain": "year",
        "group_id": "all",
        "numerator": numerator,
        "denominator": denominator,
        "value": figure,
        "unit": "Fälle",
        "low": None if figure is None else figure * 0.5,
        "high": None if figure is None else figure * 1.5,
        "status": "observed" if figure is not None else "missing",
        "reason": None,
        "reason_en": None,
        "as_of": AS_OF,
    } | other


def forecast(indicator: str, area: str, year: int, **other: Any) -> dict[str, Any]:
    """One row of `forecast`."""
    return {
        "run_id": "run-1",
        "indicator_id": indicator,
        "area_system": "bezirk",
        "area_version": "2020",
        "area_id": area,
        "period_start": date(year, 1, 1),
        "grain": "year",
        "group_id": "all",
        "scenario_id": "trend",
        "model": "ets",
        "quantile": 0.5,
        "value": 3.7,
        "status": "estimated",
        "reason": None,
        "reason_en": None,
        "as_of": AS_OF,
    } | other


def mark(indicator: str, area: str, year: int, sign: str = "M01", **other: Any) -> dict[str, Any]:
    """One row of `mark` whose evidence and texts carry figures."""
    return {
        "mark_id": f"{sign}-{indicator}-{area}-{year}",
        "sign": sign,
        "indicator_id": indicator,
        "area_system": "bezirk",
        "area_version": "2020",
        "area_id": area,
        "period_start": date(year, 1, 1),
        "grain": "year",
        "group_id": "all",
        "severity": "hinweis",
        "evidence": '{"vorher": 77031}',
        "text_de": "Der Wert fiel von 77031 auf wenige.",
        "text_en": "The value fell from 77031 to few.",
        "question_de": "Was ist in diesem Jahr geschehen?",
        "question_en": "What happened in this year?",
        "first_seen": AS_OF,
        "state": "open",
        "as_of": AS_OF,
    } | other


def indicator(name: str, kind: str, department: str = "jugend") -> dict[str, Any]:
    """One row of `indicator`."""
    return {
        "indicator_id": name,
        "department_id": department,
        "name_de": f"Name {name}",
        "name_en": f"name {name}",
        "meaning_de": "Was gezählt wird",
        "meaning_en": "what is counted",
        "kind": kind,
        "unit": "Fälle",
        "per": None,
        "polarity": "neither",
        "interval": "byar",
        "formula": "faelle",
        "caveats_de": "=HYPERLINK(1)",
        "caveats_en": None,
        "not_meant_for_de": None,
        "not_meant_for_en": None,
        "lag_years": None,
        "public_level": None,
    }


def source(name: str, licence: str | None, protection: str = "none") -> dict[str, Any]:
    """One row of `source`."""
    return {
        "source_id": name,
        "department_id": "jugend",
        "name_de": f"Quelle {name}",
        "name_en": f"source {name}",
        "licence": licence,
        "attribution": f"Amt für {name}",
        "url": "https://example.org",
        "protection": protection,
    }


def marts() -> dict[str, pl.DataFrame]:
    """A city of two districts.

    `faelle` is small in Süd in 2023, `anteil` is nowhere small, no source of `alt` states a
    licence, `offen` is small but comes from an unprotected source.
    """
    values = [
        value("faelle", "01", 2022, 40.0),
        value("faelle", "01", 2023, 44.0),
        value("faelle", "02", 2022, 12.0),
        value("faelle", "02", 2023, 3.0),
        value("anteil", "01", 2023, 60.0, 200.0, 30.0, unit="%"),
        value("anteil", "02", 2023, 20.0, 100.0, 20.0, unit="%"),
        value("offen", "01", 2023, 2.0),
        value("offen", "02", 2023, None),
        value("alt", "01", 2023, 50.0),
        value("stadtweit", "0", 2023, 47.0, area_system="stadt"),
        value("median", "01", 2023, None, None, 2.5, unit="Tage"),
    ]
    forecasts = [
        forecast("faelle", "01", 2024, quantile=0.1, value=30.0),
        forecast("faelle", "01", 2024, quantile=0.5, value=45.0),
        forecast("faelle", "02", 2024, quantile=0.5),
        forecast(
            "anteil",
            "01",
            2024,
            quantile=None,
            value=None,
            status="missing",
            reason="Reihe zu kurz",
            reason_en="series too short",
        ),
    ]
    marks = [
        mark("faelle", "02", 2023),
        mark("faelle", "02", 2022, sign="M02"),
        mark("faelle", "01", 2023, severity="hoch"),
        mark("faelle", "01", 2023, sign="M09"),
    ]
    kinds = {
        "faelle": "count",
        "anteil": "share",
        "offen": "count",
        "alt": "count",
        "stadtweit": "count",
        "median": "reported",
    }
    links = {
        "faelle": ["asd"],
        "anteil": ["asd", "melde"],
        "offen": ["melde"],
        "alt": ["zettel"],
        "stadtweit": ["asd"],
        "median": ["melde"],
    }
    area = {
        "area_version": "2020",
        "is_unassigned": False,
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
    }
    district = area | {"area_system": "bezirk", "level": "bezirk", "level_rank": 0}
    return {
        "indicator_value": pl.DataFrame(values, schema=VALUE_SCHEMA),
        "forecast": pl.DataFrame(forecasts, schema=FORECAST_SCHEMA),
        "mark": pl.DataFrame(marks, schema=MARK_SCHEMA),
        "indicator": pl.DataFrame(
            [indicator(name, kind) for name, kind in kinds.items()],
            schema_overrides={"per": pl.Float64, "lag_years": pl.Float64},
            infer_schema_length=None,
        ),
        "indicator_source": pl.DataFrame(
            [
                {"indicator_id": name, "source_id": linked, "department_id": "jugend"}
                for name, many in links.items()
                for linked in many
            ]
        ),
        "source": pl.DataFrame(
            [
                source("asd", "dl-de/by-2-0", "sozialdaten"),
                source("melde", "CC BY 4.0"),
                source("zettel", " ", "statistik"),
            ]
        ),
        "area": pl.DataFrame(
            [
                district | {"area_id": "01", "name": "Nord", "parent_id": "0"},
                district | {"area_id": "02", "name": "Süd", "parent_id": "0"},
                district | {"area_id": "03", "name": "Unbenutzt", "parent_id": "0"},
                area
                | {
                    "area_system": "stadt",
                    "area_id": "0",
                    "name": "Stadt",
                    "level": "stadt",
                    "level_rank": 1,
                    "parent_id": None,
                },
            ],
            schema_overrides={"valid_to": pl.Date},
            infer_schema_length=None,
        ),
        "group": pl.DataFrame(
            [
                {
                    "group_id": "all",
                    "dimension": None,
                    "name_de": "alle",
                    "name_en": "all",
                }
            ],
            schema_overrides={"dimension": pl.String},
        ),
        "period": pl.DataFrame(
            [
                {
                    "period_start": date(year, 1, 1),
                    "grain": "year",
                    "period_end": date(year, 12, 31),
                    "label_de": str(year),
                    "label_en": str(year),
                }
                for year in (2022, 2023)
            ]
        ),
        "department": pl.DataFrame(
            [
                {"department_id": "jugend", "name_de": "Jugendamt", "name_en": "youth office"},
                {"department_id": "fremd", "name_de": "Fremdes", "name_en": "other"},
            ]
        ),
    }
