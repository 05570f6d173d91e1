"""Where in a table a contract finds what it needs: its columns, compiled once per table."""

import re
from dataclasses import dataclass, field
from datetime import date

from orchestration.declarations.sources import Layout, Measure, Source, names
from orchestration.declarations.tree import Declarations
from orchestration.ingest import bands, dates
from orchestration.ingest.table import Table, Unreadable, normalised


@dataclass(frozen=True)
class Context:
    """What a row needs to know about its delivery."""

    declarations: Declarations
    source: Source
    layout: Layout
    delivery_id: str
    file_name: str
    as_of: date


@dataclass(frozen=True)
class Located:
    """A value column found in a table; `group` and `period` are what its header says."""

    column: str
    measure: Measure
    group: dict[str, str]
    period: date | None
    where: dict[str, list[str]]
    factor: float


@dataclass
class Plan:
    """The columns of one table by their use; `needed` are all that have to be read."""

    context: Context
    columns: list[str]
    values: list[Located]
    area: str | None
    within: str | None
    period: list[str]
    outer_period: date | None
    groups: dict[str, str]
    needed: list[str] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        """The layout that is followed."""
        return self.context.layout

    def column(self, aliases: str | list[str], what: str) -> str:
        """The header under which a declared column stands; raises Unreadable where none is."""
        return find_column(aliases, self.columns, what)


def make_plan(table: Table, context: Context) -> Plan:
    """Find what the layout names in a table.

    Raises Unreadable when a declared column is missing or a date that stands in the file's or
    sheet's name cannot be read.
    """
    layout = context.layout
    columns = [name for name in table.columns if name]
    values = _locate(context, columns)
    area, within = layout.area.column, layout.area.within
    in_header = any(one.period for one in values)
    period = layout.period.columns if not in_header else None
    plan = Plan(
        context,
        columns,
        values,
        None if area is None else find_column(area, columns, "area"),
        None if within is None else find_column(within.column, columns, "area within"),
        [find_column(name, columns, "period") for name in names(period or [])],
        _outer_period(context, table),
        {one.dimension: find_column(one.column, columns, "group") for one in layout.groups},
    )
    plan.needed = list(dict.fromkeys(_needed(plan)))
    return plan


def _needed(plan: Plan) -> list[str]:
    layout = plan.layout
    needed = [one.column for one in plan.values]
    needed += [name for one in plan.values for name in one.where]
    needed += [name for name in (plan.area, plan.within) if name is not None]
    needed += plan.period + list(plan.groups.values())
    needed += [plan.column(one.column, "skip") for one in layout.skip]
    for rule in layout.subtotals:
        needed.append(plan.column(rule.column, "subtotals"))
        needed += [plan.column(name, "subtotals.by") for name in rule.by]
    if layout.cases is None:
        return needed
    cases = layout.cases
    for count in cases.counts:
        needed += [plan.column(name, "where") for name in count.where]
        needed += [plan.column(one, "cases") for one in (count.date, count.sum) if one is not None]
    for stock in cases.stocks:
        needed += [plan.column(name, "where") for name in stock.where]
        needed += [plan.column(stock.opened, "opened"), plan.column(stock.closed, "closed")]
    for duration in cases.durations:
        needed += [plan.column(name, "where") for name in duration.where]
        needed += [plan.column(duration.start, "start"), plan.column(duration.end, "end")]
    if cases.covers.column is not None:
        needed.append(plan.column(cases.covers.column, "covers"))
    if cases.reported is not None:
        needed.append(plan.column(cases.reported, "reported"))
    return needed


def find_column(aliases: str | list[str], columns: list[str], what: str) -> str:
    """The header under which a declared column stands; raises Unreadable when none is there."""
    for name in names(aliases):
        if normalised(name) in columns:
            return normalised(name)
    wanted = " or ".join(repr(name) for name in names(aliases))
    raise Unreadable(f"column {wanted} ({what}) is missing; the file has {shown(columns)}")


def shown(columns: list[str], most: int = 12) -> str:
    """Column names for a message, not all of a very wide table."""
    more = f" … and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(repr(name[:60]) for name in columns[:most]) + more


def _locate(context: Context, columns: list[str]) -> list[Located]:
    measures = {measure.id: measure for measure in context.source.measures}
    located = []
    for value in context.layout.values:
        measure = measures[value.measure]
        fixed = (
            {} if value.group == "all" else dict(p.split("=", 1) for p in value.group.split("|"))
        )
        where = {
            find_column(name, columns, "where"): list(wanted)
            for name, wanted in value.where.items()
        }
        if value.column is not None:
            column = find_column(value.column, columns, f"measure {value.measure}")
            located.append(Located(column, measure, fixed, None, where, value.factor))
            continue
        matches = [(name, re.fullmatch(value.match or "", name)) for name in columns]
        found = [(name, match.groupdict()) for name, match in matches if match]
        if not found:
            raise Unreadable(
                f"no column matches {value.match!r} (measure {value.measure}); "
                f"the file has {shown(columns)}"
            )
        for name, parts in found:
            period = parts.pop("period", None)
            try:
                day = None if period is None else dates.parse(period, context.layout.period)
            except dates.NoDate as error:
                raise Unreadable(f"header {name!r}: {error}") from None
            group = dict(fixed)
            for dimension, text in parts.items():
                try:
                    code = group_code(context, dimension, text or "", dimension in value.bands)
                except ValueError as error:
                    raise Unreadable(f"header {name!r}: {error}") from None
                if code:
                    group[dimension] = code
            located.append(Located(name, measure, group, day, where, value.factor))
    return located


def group_code(context: Context, dimension: str, text: str, banded: bool) -> str:
    """The code a text stands for, '' for the total; raises ValueError where it is unknown."""
    for group in context.layout.groups:
        if group.dimension == dimension and text in group.map:
            return group.map[text]
    entries = context.declarations.codes.get(dimension, [])
    for entry in entries:
        if text == entry.code or text in entry.aliases:
            return entry.code
    if banded:
        return bands.nest(text, entries, dimension)
    raise ValueError(f"{text!r} is no code of {dimension!r}")


def _outer_period(context: Context, table: Table) -> date | None:
    try:
        return dates.from_names(context.layout.period, context.file_name, table.sheet)
    except dates.NoDate as error:
        raise Unreadable(f"period: {error}") from None


def unknown_columns(plan: Plan) -> list[str]:
    """A note on columns that the contract does not mention."""
    ignore = plan.layout.ignore
    if "*" in ignore:
        return []
    known = {*plan.needed, *(normalised(name) for name in ignore)}
    unknown = [name for name in plan.columns if name not in known]
    if not unknown:
        return []
    return [
        f"unknown column(s) {shown(unknown)}: not read; add them to the contract or to `ignore`"
    ]
