"""Services, programmes, contributions, voices and dialogues as rows of declared tables."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from orchestration.declarations.common import Text
from orchestration.declarations.programmes import Programme
from orchestration.declarations.reach import Reach
from orchestration.declarations.services import Service
from orchestration.declarations.tree import Declarations

_FLAG, _NUMBER, _DATE = pl.Boolean, pl.Float64, pl.Date


def _schema(columns: str, **others: Any) -> dict[str, Any]:
    return {name: others.get(name, pl.String) for name in columns.split()}


SCHEMAS: dict[str, dict[str, Any]] = {
    "service": _schema(
        "service_id department_id name_de name_en duty how_is_open legal_basis beyond_the_law_de "
        "beyond_the_law_en budget_product yearly_cost staff carrier_de carrier_en contract_since "
        "contract_until funder_de funder_en reporting_duty_de reporting_duty_en",
        how_is_open=_FLAG,
        yearly_cost=_NUMBER,
        staff=_NUMBER,
        contract_since=_DATE,
        contract_until=_DATE,
    ),
    "service_cost": _schema(
        "service_id year planned_cost actual_cost",
        year=pl.Int64,
        planned_cost=_NUMBER,
        actual_cost=_NUMBER,
    ),
    "service_indicator": _schema("service_id indicator_id"),
    "programme": _schema(
        "programme_id service_id department_id name_de name_en areas group_id start_date end_date "
        "funding_ends yearly_budget chosen_because_de chosen_because_en input_de input_en "
        "output_de output_en outcome_de outcome_en impact_de impact_en lag_years "
        "earliest_sign_de earliest_sign_en earliest_sign_since also_acting_de also_acting_en",
        start_date=_DATE,
        end_date=_DATE,
        funding_ends=_DATE,
        yearly_budget=_NUMBER,
        lag_years=_NUMBER,
        earliest_sign_since=_DATE,
    ),
    "programme_indicator": _schema("programme_id indicator_id"),
    "target_group": _schema(
        "target_group_id group_id name_de name_en definition_de definition_en "
        "denominator_measure_id need_measure_id sensitivity"
    ),
    "reach": _schema(
        "reach_id service_id programme_id target_group_id uptake_measure_id counts "
        "only_target_group place",
        only_target_group=_FLAG,
    ),
    "reach_term": _schema("reach_id role measure_id group_id"),
    "reach_dimension": _schema("reach_id dimension"),
    "reach_area": _schema("reach_id area_system area_version area_id offered"),
    "contribution": _schema(
        "service_id does_de does_en reaches_de reaches_en misses_de misses_en outcome_de "
        "outcome_en indicator_id also_acting_de also_acting_en"
    ),
    "voice": _schema(
        "voice_id kind role_de role_en says_de says_en heard_on areas group_id method_de method_en "
        "reach_de reach_en consent indicator_id hypothesis_id hypothesis_de hypothesis_en",
        heard_on=_DATE,
    ),
    "dialogue": _schema(
        "dialogue_id held_on has_outcome title_de title_en audience look_next_de look_next_en",
        held_on=_DATE,
        has_outcome=_FLAG,
    ),
    "dialogue_indicator": _schema("dialogue_id indicator_id"),
    "dialogue_change": _schema("dialogue_id service_id since what_de what_en", since=_DATE),
}


def offer_rows(declarations: Declarations) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table in SCHEMAS."""
    services, programmes = declarations.services.values(), declarations.programmes.values()
    reaches = list(_reaches(declarations))
    return {
        "service": [_service(one) for one in services],
        "service_cost": [
            {
                "service_id": one.id,
                "year": cost.year,
                "planned_cost": cost.planned,
                "actual_cost": cost.actual,
            }
            for one in services
            for cost in one.costs
        ],
        "service_indicator": [
            {"service_id": one.id, "indicator_id": name}
            for one in services
            for name in dict.fromkeys(one.indicators)
        ],
        "programme": [_programme(one) for one in programmes],
        "programme_indicator": [
            {"programme_id": one.id, "indicator_id": name}
            for one in programmes
            for name in dict.fromkeys(one.indicators)
        ],
        "target_group": [
            {
                "target_group_id": one.id,
                "group_id": one.group,
                **_both("name", one.name),
                **_both("definition", one.definition),
                "denominator_measure_id": one.denominator,
                "need_measure_id": one.need_measure,
                "sensitivity": one.sensitivity,
            }
            for one in declarations.groups.values()
        ],
        "reach": [
            {
                "reach_id": reach_id,
                "service_id": one.id if isinstance(one, Service) else one.service,
                "programme_id": one.id if isinstance(one, Programme) else None,
                "target_group_id": reach.target_group,
                "uptake_measure_id": reach.uptake,
                "counts": reach.counts,
                "only_target_group": reach.only_target_group,
                "place": reach.place,
            }
            for reach_id, one, reach in reaches
        ],
        "reach_term": [
            {"reach_id": reach_id, "role": role, "measure_id": measure_id, "group_id": group_id}
            for reach_id, _, reach in reaches
            for role, measure_id, groups in _terms(reach, declarations)
            for group_id in groups
        ],
        "reach_dimension": [
            {"reach_id": reach_id, "dimension": name}
            for reach_id, _, reach in reaches
            for name in dict.fromkeys(reach.by)
        ],
        "reach_area": [
            {"reach_id": reach_id, **row}
            for reach_id, one, _ in reaches
            for row in offered(one.areas if isinstance(one, Programme) else [], declarations)
        ],
        "contribution": [
            {
                "service_id": one.id,
                **_both("does", said.does),
                **_both("reaches", said.reaches),
                **_both("misses", said.misses),
                **_both("outcome", said.outcome),
                "indicator_id": said.indicator,
                **_listed("also_acting", said.also_acting),
            }
            for one in services
            if (said := one.contribution) is not None
        ],
        "voice": _voices(declarations),
        "dialogue": [
            {
                "dialogue_id": one.id,
                "held_on": one.date,
                "has_outcome": bool(one.hypotheses or one.decisions or one.changes),
                **_both("title", one.title),
                "audience": one.audience,
                **_listed("look_next", one.look_next),
            }
            for one in declarations.dialogues.values()
        ],
        "dialogue_indicator": [
            {"dialogue_id": one.id, "indicator_id": name}
            for one in declarations.dialogues.values()
            for name in dict.fromkeys(one.topics)
        ],
        "dialogue_change": [
            {
                "dialogue_id": one.id,
                "service_id": change.service,
                "since": change.since,
                **_both("what", change.what),
            }
            for one in declarations.dialogues.values()
            for change in one.changes
        ],
    }


def _both(field: str, text: Text | None) -> dict[str, str | None]:
    return {
        f"{field}_de": None if text is None else text.de,
        f"{field}_en": None if text is None else text.english,
    }


def _listed(field: str, texts: list[Text]) -> dict[str, str | None]:
    """Several texts as one, each in a line of its own."""
    return {
        f"{field}_de": "\n".join(one.de for one in texts) or None,
        f"{field}_en": "\n".join(one.english for one in texts) or None,
    }


def _service(one: Service) -> dict[str, Any]:
    return {
        "service_id": one.id,
        "department_id": one.department,
        **_both("name", one.name),
        "duty": one.duty,
        "how_is_open": one.how_is_open,
        "legal_basis": one.legal_basis,
        **_both("beyond_the_law", one.beyond_the_law),
        "budget_product": one.budget_product,
        "yearly_cost": one.yearly_cost,
        "staff": one.staff,
        **_both("carrier", one.carrier),
        "contract_since": None if one.contract is None else one.contract.since,
        "contract_until": None if one.contract is None else one.contract.until,
        **_both("funder", one.funder),
        **_both("reporting_duty", one.reporting_duty),
    }


def _programme(one: Programme) -> dict[str, Any]:
    logic, sign = one.logic, one.logic.earliest_sign
    return {
        "programme_id": one.id,
        "service_id": one.service,
        "department_id": one.department,
        **_both("name", one.name),
        "areas": ", ".join(one.areas) or None,
        "group_id": one.group,
        "start_date": one.start,
        "end_date": one.end,
        "funding_ends": one.funding_ends,
        "yearly_budget": one.yearly_budget,
        **_both("chosen_because", one.chosen_because),
        **_both("input", logic.input),
        **_both("output", logic.output),
        **_both("outcome", logic.outcome),
        **_both("impact", logic.impact),
        "lag_years": logic.lag_years,
        **_both("earliest_sign", None if sign is None else sign.what),
        "earliest_sign_since": None if sign is None else sign.since,
        **_listed("also_acting", one.also_acting),
    }


def _reaches(declarations: Declarations) -> Iterator[tuple[str, Service | Programme, Reach]]:
    for service in declarations.services.values():
        if service.reach is not None:
            yield f"service/{service.id}", service, service.reach
    for programme in declarations.programmes.values():
        if programme.reach is not None:
            yield f"programme/{programme.id}", programme, programme.reach


def _terms(reach: Reach, declarations: Declarations) -> Iterator[tuple[str, str, list[str]]]:
    group = declarations.groups[reach.target_group]
    yield "uptake", reach.uptake, list(dict.fromkeys(reach.groups))
    if group.need_measure is not None:
        yield "need", group.need_measure, list(dict.fromkeys(group.need_groups))
    if group.denominator is not None:
        yield "population", group.denominator, list(dict.fromkeys(group.counted_groups))


def offered(named: list[str], declarations: Declarations) -> Iterator[dict[str, str]]:
    """Every area of today's borders: offered `here`, `in_parts` of it, or only `elsewhere`."""
    for system in declarations.area_systems.values():
        version = system.current.version
        areas = declarations.register.of(system.area_system, version)
        parents = dict(areas.select("area_id", "parent_id").iter_rows())
        above = {one: list(_ancestors(one, parents)) for one in parents}
        chosen = set(named) & parents.keys()
        around = {name for one in chosen for name in above[one]}
        for one, ancestors in above.items():
            offered = "elsewhere"
            if not named or chosen & {one, *ancestors}:
                offered = "here"
            elif one in around:
                offered = "in_parts"
            yield {
                "area_system": system.area_system,
                "area_version": version,
                "area_id": one,
                "offered": offered,
            }


def _ancestors(area_id: str, parents: dict[str, str | None]) -> Iterator[str]:
    above = parents.get(area_id)
    while above is not None:
        yield above
        above = parents.get(above)


def _voices(declarations: Declarations) -> list[dict[str, Any]]:
    hypotheses = {
        one.id: one.says
        for dialogue in declarations.dialogues.values()
        for one in dialogue.hypotheses
    }
    return [
        {
            "voice_id": one.id,
            "kind": one.kind,
            **_both("role", one.role),
            **_both("says", one.says),
            "heard_on": one.heard_on,
            "areas": ", ".join(one.areas) or None,
            "group_id": one.group,
            **_both("method", one.method),
            **_both("reach", one.reach),
            "consent": one.consent,
            "indicator_id": one.indicator,
            "hypothesis_id": one.hypothesis,
            **_both("hypothesis", hypotheses.get(one.hypothesis or "")),
        }
        for one in declarations.voices.values()
    ]


def voice_rows(declarations: Declarations) -> pl.DataFrame:
    """The voices as `quality.occasions.VOICE_SCHEMA`."""
    from quality.occasions import VOICE_SCHEMA

    rows = [
        {name: row[name] for name in VOICE_SCHEMA.names()} | {"areas": voice.areas}
        for row, voice in zip(_voices(declarations), declarations.voices.values(), strict=True)
    ]
    return pl.DataFrame(rows, schema=VOICE_SCHEMA)


def item_rows(declarations: Declarations, known_on: date) -> pl.DataFrame:
    """Programmes that run on a day and decisions taken, as `quality.occasions.ITEM_SCHEMA`.

    A programme without areas and group is for everybody and stands in no occasion of its own.
    Decisions count from when they are written down, deliveries may be older.
    """
    from quality.occasions import ITEM_SCHEMA

    supply = [
        {
            "side": "supply",
            "item_id": one.id,
            "name_de": one.name.de,
            "name_en": one.name.english,
            "department_id": one.department,
            "text_de": one.logic.output.de,
            "text_en": one.logic.output.english,
            "areas": one.areas,
            "group_id": one.group,
        }
        for one in declarations.programmes.values()
        if one.start <= known_on and (one.end is None or one.end >= known_on)
    ]
    decided = [
        {
            "side": "decision",
            "item_id": one.id,
            "name_de": one.decided_by.de,
            "name_en": one.decided_by.english,
            "department_id": None,
            "text_de": f"Beschlossen am {one.on:%d.%m.%Y}: {one.what.de}",
            "text_en": f"Decided on {one.on}: {one.what.english}",
            "areas": one.areas,
            "group_id": one.group,
        }
        for dialogue in declarations.dialogues.values()
        for one in dialogue.decisions
    ]
    return pl.DataFrame(supply + decided, schema=ITEM_SCHEMA)
