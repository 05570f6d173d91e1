"""Computes all scenarios of a municipality: rows for the tables `scenario_…`."""

from datetime import date
from typing import Any, Final

import duckdb
import polars as pl

from forecasting.refusal import german
from forecasting.scenarios import BASELINE, chance_words, futures, lasts
from orchestration.city import City
from orchestration.declarations.assumptions import indicators_of
from orchestration.declarations.scenarios import AS_PUBLISHED, Alternative, Scenario, doses
from orchestration.declarations.tree import Declarations
from orchestration.nowcasts import run_id
from orchestration.scenarios import words
from orchestration.scenarios.prepare import Known, prepare, read_known
from orchestration.scenarios.schemas import (
    ALTERNATIVE_SCHEMA,
    GAP_SCHEMA,
    REFUTATION_SCHEMA,
    SCHEMAS,
)

STATES: Final = {
    "not_due": ("noch nicht fällig", "not due yet"),
    "no_value": ("fällig, aber der Wert liegt nicht vor", "due, but the value is not there"),
    "held": ("eingetroffen wie angenommen", "as assumed"),
    "refuted": ("widerlegt", "refuted"),
}


def scenarios(city: City) -> dict[str, pl.DataFrame]:
    """All scenarios of a municipality; the frames of SCHEMAS, empty where none is declared.

    Reads the look ahead that was just made, and the warehouse after base.
    """
    declarations, inputs = city.declarations, city.place.inputs
    if not declarations.scenarios:
        return {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
    with duckdb.connect(str(city.place.warehouse), read_only=True) as connection:
        known = read_known(
            connection,
            declarations,
            pl.read_parquet(inputs / "forecast.parquet"),
            pl.read_parquet(inputs / "goal_area.parquet"),
        )
    return computed(declarations, known, run_id=run_id(city), known_on=city.known_on)


def computed(
    declarations: Declarations, known: Known, *, run_id: str, known_on: date
) -> dict[str, pl.DataFrame]:
    """The frames of SCHEMAS from what is known."""
    ready = prepare(declarations, known)
    found = futures(known.forecast, ready.series, ready.influences, ready.goals, run_id=run_id)
    return {
        "scenario_alternative": _alternatives(declarations),
        "scenario_result": found.result,
        "scenario_difference": found.difference,
        "scenario_chance": found.chance,
        "scenario_refutation": _refutations(declarations, known, known_on),
        "scenario_gap": pl.concat(
            [ready.gaps, _goals_left_out(declarations, known, ready.gaps, found.chance)]
        ).sort("scenario_id", "position"),
    }


def _goals_left_out(
    declarations: Declarations, known: Known, gaps: pl.DataFrame, chance: pl.DataFrame
) -> pl.DataFrame:
    """Goals of which a scenario says nothing, in words, after all other gaps."""
    told = set(chance.select("scenario_id", "goal_id").iter_rows())
    last = dict(gaps.group_by("scenario_id").agg(pl.col("position").max()).iter_rows())
    rows = []
    for scenario in declarations.scenarios.values():
        mine = known.goals.filter(pl.col("indicator_id").is_in(indicators_of(scenario)))
        for goal in mine["goal_id"].unique().sort():
            if (scenario.id, goal) not in told:
                name = declarations.goals[goal].name
                last[scenario.id] += 1
                german, english = words.no_chance((name.de, name.english))
                rows.append(
                    {
                        "scenario_id": scenario.id,
                        "position": last[scenario.id],
                        "origin": "computed",
                        "text_de": german,
                        "text_en": english,
                    }
                )
    return pl.DataFrame(rows, schema=GAP_SCHEMA)


def _alternatives(declarations: Declarations) -> pl.DataFrame:
    rows = []
    names = {
        area: name
        for system in declarations.area_systems.values()
        for area, name in declarations.register.of(system.area_system, system.current.version)
        .select("area_id", "name")
        .iter_rows()
    }
    for scenario in declarations.scenarios.values():
        own = {"scenario_id": scenario.id}
        rows.append(
            own
            | {
                "alternative_id": BASELINE,
                "position": 0,
                "kind": BASELINE,
                "name_de": AS_PUBLISHED.de,
                "name_en": AS_PUBLISHED.english,
                "outside_observed": False,
            }
        )
        rows += [
            own | _alternative(scenario, one, position, names)
            for position, one in enumerate(scenario.alternatives, 1)
        ]
    return pl.DataFrame(rows, schema=ALTERNATIVE_SCHEMA)


def _alternative(
    scenario: Scenario, one: Alternative, position: int, names: dict[str, str]
) -> dict[str, Any]:
    then, because = doses(scenario, one), one.outside_because
    today = {} if scenario.dose is None else scenario.dose.today
    moved = [
        (names[area], dose, today.get(area, 0.0))
        for area, dose in sorted(then.items())
        if dose != today.get(area, 0.0)
    ]
    return {
        "alternative_id": one.id,
        "position": position,
        "kind": one.kind,
        "name_de": one.name.de,
        "name_en": one.name.english,
        "since": one.since,
        "dose": ", ".join(f"{area}: {dose:g}" for area, dose in sorted(then.items())) or None,
        "changed_de": "; ".join(
            f"{name} {german_short(dose)} statt {german_short(had)}" for name, dose, had in moved
        )
        or None,
        "changed_en": "; ".join(f"{name} {dose:g} instead of {had:g}" for name, dose, had in moved)
        or None,
        "dose_total": sum(then[area] for area in sorted(then)) if then else None,
        "outside_observed": one.outside_observed,
        "outside_because_de": None if because is None else because.de,
        "outside_because_en": None if because is None else because.english,
        "money_per_year": one.money_per_year,
        **_money(scenario, one),
    }


def german_short(number: float) -> str:
    """A number as short as it was written, the German way."""
    return f"{number:g}".replace(".", ",")


def _money(scenario: Scenario, one: Alternative) -> dict[str, Any]:
    """What an alternative costs, and whether the money lasts, said and not decided."""
    if scenario.cost is None:
        return {}
    total, cost = sum(doses(scenario, one).values()), scenario.cost.per_dose
    low, mid, high = (total * each for each in (cost.low, cost.mid, cost.high))
    said: dict[str, Any] = {"cost_low": low, "cost_mid": mid, "cost_high": high}
    if total == 0:
        return said | {
            "money_de": "Kostet dann nichts mehr.",
            "money_en": "Then costs nothing any more.",
        }
    spoken = [german(each, 0) for each in (mid, low, high)]
    money_de = f"Kostet im Jahr etwa {spoken[0]} Euro ({spoken[1]} bis {spoken[2]})."
    money_en = f"Costs about {mid:,.0f} euros a year ({low:,.0f} to {high:,.0f})."
    if one.money_per_year is None:
        return said | {"money_de": money_de, "money_en": money_en}
    tenths = lasts(one.money_per_year, low, mid, high, cost.holds)
    words = chance_words(tenths)
    unpaid = max(total - one.money_per_year / cost.mid, 0.0) if cost.mid > 0 else 0.0
    money_de += f" Es gibt {german(one.money_per_year, 0)} Euro: sie reichen {words[0]}."
    money_en += f" There are {one.money_per_year:,.0f} euros: they last {words[1]}."
    if unpaid > 0.05 * total:
        money_de += (
            f" Im mittleren Fall nicht bezahlt: Dosis {german(unpaid)} von {german_short(total)}."
        )
        money_en += f" Not paid for in the middle case: dose {unpaid:.1f} of {total:g}."
    return said | {
        "money_lasts_of_ten": tenths,
        "dose_unpaid": unpaid,
        "money_de": money_de,
        "money_en": money_en,
    }


def _refutations(declarations: Declarations, known: Known, known_on: date) -> pl.DataFrame:
    cell = ["indicator_id", "area_system", "area_version", "area_id", "period_start", "grain"]
    cell.append("group_id")
    values = {tuple(row[name] for name in cell): row for row in known.values.iter_rows(named=True)}
    places = {
        area: (system.area_system, system.current.version)
        for system in declarations.area_systems.values()
        for area in declarations.register.of(system.area_system, system.current.version)["area_id"]
    }
    rows = []
    for scenario in declarations.scenarios.values():
        for one in scenario.refuted_by:
            system, version = places[one.area]
            key = (one.indicator, system, version, one.area, one.period, one.grain, one.group)
            found = values.get(key)
            value = None if found is None else found["value"]
            grows = found is not None and found["status"] == "provisional"
            if value is None or (grows and known_on < one.by):
                state, value = ("not_due" if known_on < one.by else "no_value"), None
            else:
                wrong = value > one.than if one.found == "above" else value < one.than
                state = "refuted" if wrong else "held"
            rows.append(
                {
                    "scenario_id": scenario.id,
                    "refutation_id": one.id,
                    "alternative_id": one.alternative,
                    **dict(zip(cell, key, strict=True)),
                    "found": one.found,
                    "threshold": one.than,
                    "known_by": one.by,
                    "says_de": one.says.de,
                    "says_en": one.says.english,
                    "value": value,
                    "state": state,
                    "state_de": STATES[state][0],
                    "state_en": STATES[state][1],
                    "status": "missing" if found is None else found["status"],
                    "as_of": known_on,
                }
            )
    return pl.DataFrame(rows, schema=REFUTATION_SCHEMA)
