"""Scenarios as rows of declared tables: what is assumed, on which ground, who answers for it."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from orchestration.declarations.common import Text
from orchestration.declarations.scenarios import (
    Alternative,
    Assumption,
    Effect,
    Months,
    Population,
    Scenario,
    Shock,
    Spread,
)
from orchestration.declarations.tree import Declarations

_NUMBER, _DATE = pl.Float64, pl.Date


def _schema(columns: str, **others: Any) -> dict[str, Any]:
    return {name: others.get(name, pl.String) for name in columns.split()}


SCHEMAS: dict[str, dict[str, Any]] = {
    "scenario": _schema(
        "scenario_id name_de name_en question_de question_en owner_de owner_en programme_id "
        "dose_unit_de dose_unit_en observed_low observed_high observed_where_de observed_where_en",
        observed_low=_NUMBER,
        observed_high=_NUMBER,
    ),
    "scenario_assumption": _schema(
        "scenario_id assumption_id part position indicator_id role what_de what_en low mid high "
        "holds unit_de unit_en since until areas source_kind source_de source_en source_url "
        "status owner_de owner_en alternatives",
        position=pl.Int64,
        low=_NUMBER,
        mid=_NUMBER,
        high=_NUMBER,
        holds=_NUMBER,
        since=_DATE,
        until=_DATE,
    ),
}

_MONTHS = Text(de="Monate", en="months")
_EUROS = Text(de="Euro im Jahr je Dosis", en="euros a year per dose")
_PERCENT = Text(de="Prozent", en="percent")
_PERCENT_A_YEAR = Text(de="Prozent im Jahr", en="percent a year")


def scenario_rows(declarations: Declarations) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table in SCHEMAS."""
    every = declarations.scenarios.values()
    return {
        "scenario": [_scenario(one) for one in every],
        "scenario_assumption": [
            {"scenario_id": one.id, "position": position, **row}
            for one in every
            for position, row in enumerate(_assumptions(one, declarations), 1)
        ],
    }


def indicators_of(scenario: Scenario) -> list[str]:
    """The indicators a scenario speaks of, in the order in which it does."""
    acting: list[Effect | Population | Shock] = [
        *scenario.effects,
        *scenario.population,
        *scenario.shocks,
    ]
    return list(dict.fromkeys(one.indicator for one in acting))


def _both(field: str, text: Text | None) -> dict[str, str | None]:
    return {
        f"{field}_de": None if text is None else text.de,
        f"{field}_en": None if text is None else text.english,
    }


def _scenario(one: Scenario) -> dict[str, Any]:
    observed = None if one.dose is None else one.dose.observed
    return {
        "scenario_id": one.id,
        **_both("name", one.name),
        **_both("question", one.question),
        **_both("owner", one.owner),
        "programme_id": one.programme,
        **_both("dose_unit", None if one.dose is None else one.dose.unit),
        "observed_low": None if observed is None else observed.low,
        "observed_high": None if observed is None else observed.high,
        **_both("observed_where", None if observed is None else observed.where),
    }


def _assumptions(one: Scenario, declarations: Declarations) -> Iterator[dict[str, Any]]:
    for effect in one.effects:
        yield from _effect(one, effect, declarations)
    for people in one.population:
        using = [other for other in one.alternatives if people.id in other.population]
        yield {
            **_ground(people),
            "part": "population",
            "indicator_id": people.indicator,
            **_spread(people.yearly, _PERCENT_A_YEAR),
            "since": people.since,
            "areas": ", ".join(people.areas) or None,
            "alternatives": _ids(using),
        }
    for shock in one.shocks:
        using = [other for other in one.alternatives if shock.id in other.shocks]
        yield {
            **_ground(shock),
            "part": "shock",
            "indicator_id": shock.indicator,
            **_spread(shock.by, _unit(shock, declarations)),
            "since": shock.since,
            "until": shock.until,
            "areas": ", ".join(shock.areas) or None,
            "alternatives": _ids(using),
        }
    if one.cost is not None:
        yield {
            **_ground(one.cost),
            "part": "cost",
            **_spread(one.cost.per_dose, _EUROS),
            "alternatives": _ids(one.alternatives),
        }


def _effect(one: Scenario, effect: Effect, declarations: Declarations) -> Iterator[dict[str, Any]]:
    """The size of an effect, then when it begins, when it is there, how it goes and where it ends.

    All of them share ground and owner.
    """
    cut = [other for other in one.alternatives if other.kind == "cut"]
    moved = [other for other in one.alternatives if other.kind in ("expand", "cut")]
    ground = {**_ground(effect), "indicator_id": effect.indicator, "role": effect.role}
    unit = _unit(effect, declarations)
    of = "" if effect.per_dose == 1 else f"{effect.per_dose:g}"
    per = Text(
        de=f"{unit.de} je Dosis{of and f' von {of}'}",
        en=f"{unit.english} per dose{of and f' of {of}'}",
    )
    yield {**ground, "part": "effect", **_spread(effect.by, per), "alternatives": _ids(moved)}
    for part, months, using in (
        ("lag", effect.lag_months, moved),
        ("ramp", effect.ramp_months, moved),
        ("fading", effect.fades_months, cut),
    ):
        if months is not None:
            yield {**ground, "part": part, **_spread(months, _MONTHS), "alternatives": _ids(using)}
    if effect.saturates_at is not None and one.dose is not None:
        most = {"mid": effect.saturates_at, **_both("unit", one.dose.unit)}
        yield {**ground, "part": "saturation", **most, "alternatives": _ids(moved)}


def _unit(one: Effect | Shock, declarations: Declarations) -> Text:
    return (
        _PERCENT
        if one.change == "percent"
        else Text(de=declarations.indicators[one.indicator].unit)
    )


def _ground(one: Assumption) -> dict[str, Any]:
    return {
        "assumption_id": one.id,
        **_both("what", one.what),
        "source_kind": one.source.kind,
        **_both("source", one.source.what),
        "source_url": one.source.url,
        "status": one.status,
        **_both("owner", one.owner),
    }


def _spread(one: Spread | Months, unit: Text) -> dict[str, Any]:
    inside = {"mid": one.mid, "holds": one.holds} if isinstance(one, Spread) else {}
    return {"low": one.low, "high": one.high, **inside, **_both("unit", unit)}


def _ids(alternatives: list[Alternative]) -> str | None:
    return ", ".join(one.id for one in alternatives) or None
