"""The declarations as tables, in the form in which the warehouse reads them."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from orchestration.declarations import assumptions, offers
from orchestration.declarations.codes import CodeEntry
from orchestration.declarations.common import Text
from orchestration.declarations.corrections import Correction, systems_of
from orchestration.declarations.facilities import FacilityList
from orchestration.declarations.indicators import (
    Access,
    Formula,
    Index,
    Indicator,
    Term,
    measures_behind,
)
from orchestration.declarations.sources import Source
from orchestration.declarations.tree import Declarations

_TEXT, _NUMBER, _FLAG, _DATE = pl.String, pl.Float64, pl.Boolean, pl.Date


def _schema(columns: str, **others: Any) -> dict[str, Any]:
    return {name: others.get(name, _TEXT) for name in columns.split()}


# What a composite is made of: its levels, its parts, the areas it leaves out and its classes.
INDEX_SCHEMAS: dict[str, dict[str, Any]] = {
    "indicator_level": _schema(
        "indicator_id level minimum_count minimum_de minimum_en",
        minimum_count=_NUMBER,
    ),
    "indicator_component": _schema(
        "indicator_id part_id weight valid_from valid_to is_stock",
        weight=_NUMBER,
        valid_from=_DATE,
        valid_to=_DATE,
        is_stock=_FLAG,
    ),
    "indicator_left_out": _schema(
        "indicator_id area_version area_id valid_from valid_to reason reason_en",
        valid_from=_DATE,
        valid_to=_DATE,
    ),
    "indicator_class_limit": _schema(
        "indicator_id class_id name_de name_en above up_to", above=_NUMBER, up_to=_NUMBER
    ),
}

# What stands beside values: for which levels and indicators, and what makes areas alike.
REFERENCE_SCHEMAS: dict[str, dict[str, Any]] = {
    "reference_set": _schema(
        "reference_set_id area_system area_version level within at_least at_most context_de "
        "context_en why_de why_en",
        within=_NUMBER,
        at_least=pl.Int64,
        at_most=pl.Int64,
    ),
    "reference_indicator": _schema("reference_set_id indicator_id is_context", is_context=_FLAG),
    "reference_context": _schema("reference_set_id indicator_id"),
}

SCHEMAS: dict[str, dict[str, Any]] = {
    "department": _schema("department_id name_de name_en"),
    "source": _schema(
        "source_id department_id name_de name_en licence attribution url protection was retired_on "
        "retired_why_de retired_why_en",
        retired_on=_DATE,
    ),
    "measure": _schema(
        "measure_id source_id department_id name_de name_en unit stock_or_flow "
        "additive_over_areas additive_over_groups additive_over_time control_of carried_by "
        "control_tolerance control_tolerance_share",
        additive_over_areas=_FLAG,
        additive_over_groups=_FLAG,
        additive_over_time=_FLAG,
        control_tolerance=_NUMBER,
        control_tolerance_share=_NUMBER,
    ),
    "measure_asked": _schema("measure_id group_id dimension"),
    "measure_break": _schema("measure_id since reason reason_en", since=_DATE),
    "group": _schema("group_id dimension name_de name_en"),
    "indicator": _schema(
        "indicator_id department_id name_de name_en meaning_de meaning_en kind unit per polarity "
        "interval formula caveats_de caveats_en not_meant_for_de not_meant_for_en gaming_de "
        "gaming_en lag_years public_level was retired_on retired_why_de retired_why_en",
        per=_NUMBER,
        lag_years=_NUMBER,
        retired_on=_DATE,
    ),
    "indicator_term": _schema("indicator_id role measure_id group_id"),
    "indicator_dimension": _schema("indicator_id dimension"),
    "indicator_measure": _schema("indicator_id measure_id"),
    "indicator_derived": _schema(
        "indicator_id kind of_indicator_id against expressed year_starts", year_starts=pl.Int64
    ),
    "indicator_band": _schema(
        "indicator_id role measure_id group_id name_de name_en weight lower upper quantile",
        weight=_NUMBER,
        lower=_NUMBER,
        upper=_NUMBER,
        quantile=_NUMBER,
    ),
    "indicator_read": _schema("indicator_id model_id kind read_id reach"),
    **INDEX_SCHEMAS,
    **REFERENCE_SCHEMAS,
    "indicator_access": _schema(
        "indicator_id facility_list_id counts within_metres within_minutes",
        within_metres=_NUMBER,
        within_minutes=_NUMBER,
    ),
    "goal": _schema(
        "goal_id version_since name_de name_en holder_kind holder_name_de holder_name_en "
        "indicator_id group_id grain direction areas state baseline target target_date note_de "
        "note_en accepts_less_of_de accepts_less_of_en",
        version_since=_DATE,
        target_date=_DATE,
        baseline=_NUMBER,
        target=_NUMBER,
    ),
    "goal_area": _schema("goal_id area_system area_version area_id"),
    "conflict": _schema(
        "conflict_id name_de name_en declared_by_de declared_by_en declared_on numbers_say_de "
        "numbers_say_en numbers_do_not_say_de numbers_do_not_say_en decides_de decides_en "
        "decides_by decided_on decided_de decided_en",
        declared_on=_DATE,
        decides_by=_DATE,
        decided_on=_DATE,
    ),
    "conflict_side": _schema(
        "conflict_id goal_id says_de says_en said_by_de said_by_en accepts_less_of_de "
        "accepts_less_of_en"
    ),
    "correction": _schema(
        "line source_id measure_id area_system area_version area_id period_start grain group_id "
        "expected corrected told state as_of reason reason_en",
        line=pl.Int64,
        period_start=_DATE,
        expected=_NUMBER,
        corrected=_NUMBER,
        as_of=_DATE,
    ),
    **offers.SCHEMAS,
    **assumptions.SCHEMAS,
}


def declared_tables(declarations: Declarations) -> dict[str, pl.DataFrame]:
    """Every declared thing as rows, one frame per name in SCHEMAS plus `area` and `crosswalk`."""
    rows: dict[str, list[dict[str, Any]]] = {
        "department": [
            {"department_id": one.id, **_names(one.name)}
            for one in declarations.municipality.departments
        ],
        "source": [
            {
                "source_id": one.id,
                "department_id": one.department,
                **_names(one.name),
                "licence": one.licence,
                "attribution": one.attribution,
                "url": one.url,
                "protection": one.protection,
                **_history(one),
            }
            for one in declarations.sources.values()
        ]
        + [_facility_source(one) for one in declarations.facilities.values()],
        "measure": [
            {
                "measure_id": measure.id,
                "source_id": source.id,
                "department_id": source.department,
                **_names(measure.name),
                "unit": measure.unit,
                "stock_or_flow": measure.kind,
                "additive_over_areas": measure.additive.areas,
                "additive_over_groups": measure.additive.groups,
                "additive_over_time": measure.additive.time and measure.kind == "flow",
                "control_of": measure.control_of,
                "carried_by": measure.carried_by,
                "control_tolerance": measure.control_tolerance.absolute,
                "control_tolerance_share": measure.control_tolerance.share,
            }
            for source, measure in declarations.measures.values()
        ],
        "measure_break": [
            {
                "measure_id": measure.id,
                "since": one.since,
                "reason": one.what.de,
                "reason_en": one.what.english,
            }
            for _, measure in declarations.measures.values()
            for one in measure.breaks
        ],
        "group": _groups(declarations),
        "indicator": [_indicator(one, declarations) for one in declarations.indicators.values()],
        "indicator_term": [
            {
                "indicator_id": indicator.id,
                "role": role,
                "measure_id": term.measure,
                "group_id": group_id,
            }
            for indicator in declarations.indicators.values()
            if indicator.formula.over is None
            for role in ("numerator", "denominator")
            for term in getattr(indicator.formula, role)
            for group_id in term.groups
        ]
        + [
            {
                "indicator_id": indicator.id,
                "role": "minimum",
                "measure_id": index.minimum.measure,
                "group_id": group_id,
            }
            for indicator, index in _indices(declarations)
            for group_id in index.minimum.groups
        ],
        **_index_rows(declarations),
        **_reference_rows(declarations),
        "indicator_access": [
            {
                "indicator_id": indicator.id,
                "facility_list_id": access.facilities,
                "counts": access.counts,
                "within_metres": access.within_metres,
                "within_minutes": access.within_minutes,
            }
            for indicator in declarations.indicators.values()
            if (access := indicator.formula.access) is not None
        ],
        "indicator_dimension": [
            {"indicator_id": indicator.id, "dimension": dimension}
            for indicator in declarations.indicators.values()
            for dimension in indicator.formula.by
        ],
        "indicator_measure": [
            {"indicator_id": indicator.id, "measure_id": name}
            for indicator in declarations.indicators.values()
            for name in sorted(measures_behind(indicator, declarations.indicators))
        ],
        "indicator_derived": [
            {
                "indicator_id": indicator.id,
                "kind": indicator.formula.kind,
                "of_indicator_id": indicator.formula.of,
                "against": indicator.formula.against,
                "expressed": indicator.formula.expressed,
                "year_starts": _year_starts(indicator.formula, declarations),
            }
            for indicator in declarations.indicators.values()
            if indicator.formula.of is not None
        ],
        "indicator_band": [
            row
            for indicator in declarations.indicators.values()
            if indicator.formula.over is not None
            for row in _bands(indicator, declarations.codes[indicator.formula.over])
        ],
        "indicator_read": [
            {
                "indicator_id": indicator.id,
                "model_id": indicator.formula.model,
                "kind": kind,
                "read_id": name,
                "reach": reads.reach,
            }
            for indicator in declarations.indicators.values()
            if (reads := indicator.formula.reads) is not None
            for kind, names in (("measure", reads.measures), ("indicator", reads.indicators))
            for name in names
        ],
        "goal": _goals(declarations),
        "goal_area": _goal_areas(declarations),
        "conflict": _conflicts(declarations),
        "conflict_side": _conflict_sides(declarations),
        "correction": [_correction(one, declarations) for one in declarations.corrections],
        **offers.offer_rows(declarations),
        **assumptions.scenario_rows(declarations),
    }
    rows["measure_asked"] = asked_groups(rows)
    frames = {name: pl.DataFrame(rows[name], schema=SCHEMAS[name]) for name in SCHEMAS}
    frames["area"] = declarations.register.areas
    frames["crosswalk"] = declarations.register.crosswalk
    frames["facility"] = declarations.places.facilities
    return frames


def asked_groups(rows: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What anything is computed from: a group, a dimension's groups, or all groups of a measure."""
    asked: dict[tuple[str, str | None, str | None], None] = {}
    for row in (*rows["indicator_term"], *rows["indicator_band"], *rows["reach_term"]):
        asked[row["measure_id"], row["group_id"], None] = None
    for terms, dimensions, key in (
        ("indicator_term", "indicator_dimension", "indicator_id"),
        ("reach_term", "reach_dimension", "reach_id"),
    ):
        by: dict[str, list[str]] = {}
        for row in rows[dimensions]:
            by.setdefault(row[key], []).append(row["dimension"])
        for row in rows[terms]:
            if row["group_id"] == "all":
                for dimension in by.get(row[key], ()):
                    asked[row["measure_id"], None, dimension] = None
    for row in rows["indicator_read"]:
        if row["kind"] == "measure":
            asked[row["read_id"], None, None] = None
    for row in rows["measure"]:
        if row["control_of"] is not None:
            asked[row["measure_id"], "all", None] = None
            asked[row["control_of"], "all", None] = None
    return [
        {"measure_id": measure_id, "group_id": group_id, "dimension": dimension}
        for measure_id, group_id, dimension in asked
    ]


def _names(name: Text) -> dict[str, str]:
    return {"name_de": name.de, "name_en": name.english}


def _words(field: str, text: Text | None) -> dict[str, str | None]:
    return {
        f"{field}_de": None if text is None else text.de,
        f"{field}_en": None if text is None else text.english,
    }


def _facility_source(one: FacilityList) -> dict[str, Any]:
    """A list of offers as a source like others, so that its name and licence travel along."""
    return {
        "source_id": one.id,
        "department_id": one.department,
        **_names(one.name),
        "licence": one.licence,
        "attribution": one.attribution,
        "url": one.url,
        "protection": "none",
        "was": None,
        "retired_on": None,
        **_words("retired_why", None),
    }


def _history(one: Indicator | Source) -> dict[str, Any]:
    retired = one.retired
    return {
        "was": ", ".join(one.was) or None,
        "retired_on": None if retired is None else retired.on,
        **_words("retired_why", None if retired is None else retired.why),
    }


def _groups(declarations: Declarations) -> list[dict[str, Any]]:
    named = declarations.groups.values()
    names = {one.group: one.name for one in named if one.group is not None}
    rows: dict[str, dict[str, Any]] = {
        "all": {"group_id": "all", "dimension": None, "name_de": "alle", "name_en": "all"}
    }
    for dimension, entries in declarations.codes.items():
        for entry in entries:
            group_id = f"{dimension}={entry.code}"
            rows[group_id] = {
                "group_id": group_id,
                "dimension": dimension,
                "name_de": entry.name_de,
                "name_en": entry.name_en,
            }
    for group_id, name in names.items():
        dimensions = "|".join(part.split("=")[0] for part in group_id.split("|"))
        rows[group_id] = {"group_id": group_id, "dimension": dimensions, **_names(name)}
    return list(rows.values())


def _bands(indicator: Indicator, entries: list[CodeEntry]) -> list[dict[str, Any]]:
    """The age bands of a standardised rate, or the bins of a mean or quantile, with their limits.

    An open bin has no upper limit. Whole numbers reach half a unit to either side, as continuity
    asks for; completed units reach up to the next.
    """
    formula = indicator.formula
    half = 0.5 if formula.counted_in == "whole_numbers" else 0.0
    return [
        {
            "indicator_id": indicator.id,
            "role": role,
            "measure_id": term.measure,
            "group_id": f"{formula.over}={entry.code}",
            "name_de": entry.name_de,
            "name_en": entry.name_en,
            "weight": None if formula.standard is None else entry.weight(formula.standard),
            "lower": None if entry.low is None else entry.low - half,
            "upper": None if entry.high is None else entry.high + 1 - half,
            "quantile": formula.quantile,
        }
        for role in ("numerator", "denominator")
        for term in getattr(formula, role)
        for entry in entries
        if formula.standard is None or entry.weight(formula.standard) is not None
    ]


def _year_starts(formula: Formula, declarations: Declarations) -> int | None:
    """The month in which a cumulative indicator begins anew."""
    if formula.within is None:
        return None
    return declarations.municipality.fiscal_year_starts if formula.within == "fiscal_year" else 1


def _interval(indicator: Indicator, declarations: Declarations) -> str:
    """How the limits are computed.

    Limits of a change treat both periods as independent, which holds for events and not for stocks
    or shares of the same people: a difference takes both limits (mover), a percentage the share of
    the later period in all events (conditional). Those of an access hold wherever in their areas
    people live (placing).
    """
    if indicator.interval is not None:
        return indicator.interval
    formula, measures = indicator.formula, declarations.measures
    if formula.of is not None:
        below = _interval(declarations.indicators[formula.of], declarations)
        if formula.kind == "cumulative":
            return below
        if formula.expressed == "absolute":
            return "mover" if below in ("byar", "dobson") else "none"
        return "conditional" if below == "byar" else "none"
    if formula.access is not None:
        by_distance = formula.access.within_metres is not None
        return "placing" if by_distance and formula.access.counts == "people" else "none"
    flows = all(measures[term.measure][1].kind == "flow" for term in formula.numerator)
    match formula.kind:
        case "share":
            return "wilson"
        case "standardised":
            return "dobson" if flows else "none"
        case "rate" | "count" if flows:
            return "byar"
        case _:
            return "none"


def _indicator(indicator: Indicator, declarations: Declarations) -> dict[str, Any]:
    index = indicator.formula.index
    return {
        "indicator_id": indicator.id,
        "department_id": indicator.department,
        **_names(indicator.name),
        **_words("meaning", indicator.meaning),
        "kind": indicator.formula.kind,
        "unit": indicator.unit,
        "per": indicator.formula.per,
        "polarity": indicator.polarity,
        "interval": _interval(indicator, declarations),
        "formula": formula_text(indicator, declarations),
        **_words("caveats", indicator.caveats),
        **_words("not_meant_for", indicator.not_meant_for),
        **_words("gaming", indicator.gaming),
        "lag_years": indicator.lag_years,
        "public_level": None if index is None else index.public_level,
        **_history(indicator),
    }


def formula_text(indicator: Indicator, declarations: Declarations) -> str:
    """The formula as one line, such as `unfaelle / einwohner × 1000`."""
    formula = indicator.formula
    if formula.kind == "change":
        now = f"{formula.of} (t)"
        before = f"{formula.of} (t − {'12 M.' if formula.against == 'year_before' else '1'})"
        difference = f"{now} − {before}"
        return difference if formula.expressed == "absolute" else f"{now} / {before} × 100 − 100"
    if formula.reads is not None:
        return f"{formula.model} ({', '.join(formula.reads.indicators + formula.reads.measures)})"
    if formula.kind == "cumulative":
        return f"Σ {formula.of} (1.{_year_starts(formula, declarations)}. … t)"
    if formula.kind in ("mean", "quantile"):
        which = "x̄" if formula.quantile is None else f"Q({formula.quantile:g})"
        return f"{which} [{formula.over}; {formula.numerator[0].measure}]"
    if formula.kind == "standardised":
        above, below = formula.numerator[0].measure, formula.denominator[0].measure
        weights = f"{formula.standard} [{formula.over}]"
        return f"Σ ({weights} × {above} / {below}) / Σ {weights} × {formula.per:g}"

    def side(terms: list[Term]) -> str:
        parts = [
            term.measure + ("" if term.groups == ["all"] else f" [{', '.join(term.groups)}]")
            for term in terms
        ]
        return parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"

    formula = indicator.formula
    if formula.index is not None:
        return _index_text(formula.index)
    if formula.access is not None:
        return _access_text(formula.access, side(formula.denominator))
    text = side(formula.numerator)
    if formula.denominator:
        text += f" / {side(formula.denominator)}"
    if formula.kind == "share":
        text += " × 100"
    if formula.per is not None:
        text += f" × {formula.per:g}"
    return text


def _access_text(access: Access, people: str) -> str:
    near = (
        f"{access.within_metres:g} m"
        if access.within_metres is not None
        else f"{access.within_minutes:g} min ({access.travel_times})"
    )
    if access.counts == "places":
        return f"Σ {people} × {access.facilities} (≤ {near}) / {people}"
    return f"{people} (≤ {near}: {access.facilities}) / {people} × 100"


def _index_text(index: Index) -> str:
    parts = " + ".join(
        ("" if part.weight == 1 else f"{part.weight:g} × ")
        + f"z({part.indicator})"
        + (f" [≥ {part.since}]" if part.since else "")
        + (f" [≤ {part.until}]" if part.until else "")
        for part in index.parts
    )
    limits = [f"{one.id} ≤ {one.up_to:g}" for one in index.classes if one.up_to is not None]
    classes = f"; {', '.join(limits)} < {index.classes[-1].id}" if limits else ""
    return f"z({parts}){classes}"


def _indices(declarations: Declarations) -> list[tuple[Indicator, Index]]:
    every = declarations.indicators.values()
    return [(one, one.formula.index) for one in every if one.formula.index is not None]


def _index_rows(declarations: Declarations) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in INDEX_SCHEMAS}
    for indicator, index in _indices(declarations):
        own = {"indicator_id": indicator.id}
        measured = declarations.measures[index.minimum.measure][1].name
        rows["indicator_level"] += [
            {
                **own,
                "level": level,
                "minimum_count": index.minimum.count,
                "minimum_de": measured.de,
                "minimum_en": measured.english,
            }
            for level in index.levels
        ]
        rows["indicator_component"] += [
            {
                **own,
                "part_id": part.indicator,
                "weight": part.weight,
                "valid_from": part.since,
                "valid_to": part.until,
                "is_stock": all(
                    declarations.measures[term.measure][1].kind == "stock"
                    for term in declarations.indicators[part.indicator].formula.numerator
                ),
            }
            for part in index.parts
        ]
        rows["indicator_left_out"] += [
            {
                **own,
                "area_version": one.area_version,
                "area_id": area,
                "valid_from": one.since,
                "valid_to": one.until,
                "reason": one.why.de,
                "reason_en": one.why.english,
            }
            for one in index.without
            for area in one.areas
        ]
        above: list[float | None] = [None, *(one.up_to for one in index.classes)]
        rows["indicator_class_limit"] += [
            {**own, "class_id": one.id, **_names(one.name), "above": low, "up_to": one.up_to}
            for one, low in zip(index.classes, above, strict=False)
        ]
    return rows


def _reference_rows(declarations: Declarations) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in REFERENCE_SCHEMAS}
    for one in declarations.reference_values.values():
        own, alike = {"reference_set_id": one.id}, one.alike
        context = [] if alike is None else alike.context
        names = [declarations.indicators[name].name for name in context]
        rows["reference_set"].append(
            {
                **own,
                "area_system": one.area_system,
                "area_version": declarations.area_systems[one.area_system].current.version,
                "level": one.level,
                "within": None if alike is None else alike.within,
                "at_least": None if alike is None else alike.at_least,
                "at_most": None if alike is None else alike.at_most,
                "context_de": ", ".join(name.de for name in names) or None,
                "context_en": ", ".join(name.english for name in names) or None,
                **_words("why", None if alike is None else alike.why),
            }
        )
        rows["reference_indicator"] += [
            {**own, "indicator_id": name, "is_context": name in context} for name in one.indicators
        ]
        rows["reference_context"] += [{**own, "indicator_id": name} for name in context]
    return rows


def _goals(declarations: Declarations) -> list[dict[str, Any]]:
    return [
        {
            "goal_id": goal.id,
            "version_since": version.since,
            **_names(goal.name),
            "holder_kind": goal.holder.kind,
            "holder_name_de": goal.holder.name.de,
            "holder_name_en": goal.holder.name.english,
            "indicator_id": goal.indicator,
            "group_id": goal.group,
            "grain": goal.grain,
            "direction": goal.direction,
            "areas": ", ".join(goal.areas),
            "state": version.state,
            "baseline": version.baseline,
            "target": version.target,
            "target_date": version.by,
            **_words("note", version.note),
            **_words("accepts_less_of", goal.accepts_less_of),
        }
        for goal in declarations.goals.values()
        for version in goal.versions
    ]


def _goal_areas(declarations: Declarations) -> list[dict[str, Any]]:
    """The areas of each goal in today's borders; without any, the whole of each area system."""
    current = [(one.area_system, one.current.version) for one in declarations.area_systems.values()]
    rows = []
    for goal in declarations.goals.values():
        for system, version in current:
            areas = declarations.register.of(system, version).filter(~pl.col("is_unassigned"))
            whole = (pl.col("level_rank") == pl.col("level_rank").max()) & (len(goal.areas) == 0)
            chosen = areas.filter(pl.col("area_id").is_in(goal.areas) | whole)
            rows += [
                {"goal_id": goal.id, "area_system": system, "area_version": version, "area_id": one}
                for one in chosen["area_id"]
            ]
    return rows


def _conflicts(declarations: Declarations) -> list[dict[str, Any]]:
    return [
        {
            "conflict_id": one.id,
            **_names(one.name),
            **_words("declared_by", one.declared_by),
            "declared_on": one.declared_on,
            **_words("numbers_say", one.numbers_say),
            **_words("numbers_do_not_say", one.numbers_do_not_say),
            **_words("decides", one.decides.who),
            "decides_by": one.decides.by,
            "decided_on": None if one.decision is None else one.decision.on,
            **_words("decided", None if one.decision is None else one.decision.what),
        }
        for one in declarations.conflicts.values()
    ]


def _conflict_sides(declarations: Declarations) -> list[dict[str, Any]]:
    return [
        {
            "conflict_id": conflict.id,
            "goal_id": side.goal,
            **_words("says", side.says),
            **_words("said_by", side.said_by),
            **_words("accepts_less_of", side.accepts_less_of),
        }
        for conflict in declarations.conflicts.values()
        for side in conflict.sides
    ]


# Where neither figure could be a small count, as audiences' minimum counts go, it may be named.
_NEVER_SMALL = 10


def _correction(one: Correction, declarations: Declarations) -> dict[str, Any]:
    """A correction with its reason in words, which say the old value only where it tells nobody.

    Reasons travel on into sums and releases, so a figure of a protected source, or one that could
    be a small count, stays out of them.
    """
    source = declarations.sources[one.source]
    figures = (abs(one.expected), abs(one.corrected))
    small = any(0 < figure < _NEVER_SMALL for figure in figures)
    named = source.protection == "none" and not small
    old = f"{one.expected:.15g}"
    was_de = f", geliefert war {old.replace('.', ',')}" if named else ""
    was_en = f", delivered was {old}" if named else ""
    fields = ("told", "state", "as_of", "line", "period_start", "grain", "expected", "corrected")
    return {
        **{name: getattr(one, name) for name in fields},
        "source_id": one.source,
        "measure_id": one.measure,
        "area_system": systems_of(one, source)[0],
        "area_version": one.area_version,
        "area_id": one.area,
        "group_id": one.group,
        "reason": f"berichtigt: {one.why_de}{was_de}",
        "reason_en": f"corrected: {one.why_en or one.why_de}{was_en}",
    }
