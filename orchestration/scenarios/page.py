"""One page about a scenario: assumptions first, then alternatives side by side, in plain words."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import duckdb

from orchestration.place import Place

Row = dict[str, Any]

_WORDS: Final = {
    "de": {
        "decides": "Ein Szenario beschließt nichts: Es sagt, was unter Annahmen herauskäme.",
        "owner": "Verantwortlich",
        "assumptions": "Worauf es beruht",
        "dose": "Dosis",
        "observed": "beobachtet",
        "range": "Spanne",
        "middle": "Mitte",
        "source": "Woher",
        "status": "Stand",
        "estimated": "geschätzt",
        "literature": "aus der Literatur",
        "set": "gesetzt",
        "effect": "Wirkung",
        "lag": "beginnt nach",
        "ramp": "ist voll da nach weiteren",
        "fading": "ist nach dem Ende verschwunden nach weiteren",
        "months": "Monaten",
        "others": "Weitere Gebiete mit --area",
        "saturation": "mehr nützt nicht mehr ab",
        "population": "Bevölkerung",
        "shock": "Von außen",
        "cost": "Kosten",
        "leading_step": "erster Schritt, kein Beleg für eine Wirkung",
        "looked_back": "Rückblick auf dieses Programm",
        "supported": "gestützt",
        "points_that_way": "deutet darauf hin",
        "not_distinguishable": "vom Zufall nicht zu unterscheiden",
        "too_early": "zu früh",
        "cannot_be_judged": "nicht zu beurteilen",
        "alternatives": "Die Alternativen, nebeneinander",
        "since": "ab",
        "alternative": "Alternative",
        "value": "Mitte (80 von 100 Zukünften)",
        "difference": "Unterschied zum Ausblick (80 von 100)",
        "same": "keiner",
        "withheld": "geschützt",
        "none": "Für keine Reihe gibt es einen Ausblick, auf dem gerechnet werden könnte.",
        "goals": "Ziele",
        "due": "fällig",
        "at_most": "höchstens",
        "at_least": "mindestens",
        "held": "Wie oft solche Aussagen bisher eintrafen",
        "refuted": "Was es widerlegen würde",
        "if": "wenn beschlossen",
        "above": "über",
        "below": "unter",
        "by": "zu sehen bis",
        "gaps": "Was nicht enthalten ist",
        "to": "bis",
        "outside": "Mehr oder weniger, als je beobachtet wurde:",
        "as_of": "Bekannt am",
    },
    "en": {
        "decides": "A scenario decides nothing: it says what would come out under assumptions.",
        "owner": "Answers for it",
        "assumptions": "What it rests on",
        "dose": "Dose",
        "observed": "observed",
        "range": "range",
        "middle": "middle",
        "source": "From",
        "status": "status",
        "estimated": "estimated",
        "literature": "from the literature",
        "set": "set",
        "effect": "Effect",
        "lag": "begins after",
        "ramp": "is there in full after another",
        "fading": "is gone, once ended, after another",
        "months": "months",
        "others": "More areas by --area",
        "saturation": "more does not help above",
        "population": "People",
        "shock": "From outside",
        "cost": "Cost",
        "leading_step": "first step, no proof of an outcome",
        "looked_back": "Looking back at this programme",
        "supported": "supported",
        "points_that_way": "points that way",
        "not_distinguishable": "not to be told from chance",
        "too_early": "too early",
        "cannot_be_judged": "cannot be judged",
        "alternatives": "The alternatives, side by side",
        "since": "from",
        "alternative": "Alternative",
        "value": "Middle (80 of 100 futures)",
        "difference": "Difference to the look ahead (80 of 100)",
        "same": "none",
        "withheld": "withheld",
        "none": "No series has a look ahead on which to compute.",
        "goals": "Goals",
        "due": "due",
        "at_most": "at most",
        "at_least": "at least",
        "held": "How often such statements held so far",
        "refuted": "What would refute it",
        "if": "if taken",
        "above": "above",
        "below": "below",
        "by": "to be seen by",
        "gaps": "What is not in it",
        "to": "to",
        "outside": "More or less than was ever observed:",
        "as_of": "Known on",
    },
}
_QUANTILES: Final = (0.1, 0.5, 0.9)


def listed(place: Place, language: str) -> str:
    """Ids and names of all scenarios, one per line."""
    with _open(place) as connection:
        rows = _rows(connection, "select * from marts.scenario order by scenario_id")
    return "\n".join(f"{row['scenario_id']}: {row[f'name_{language}']}" for row in rows)


def page(place: Place, scenario_id: str, area: str | None = None, language: str = "de") -> str:
    """The page as Markdown, from the published warehouse, where protected figures are withheld.

    Raises FileNotFoundError where nothing is published or nobody declares the scenario.
    """
    with _open(place) as connection:
        found = _rows(connection, "select * from marts.scenario where scenario_id = ?", scenario_id)
        if not found:
            known = _rows(connection, "select scenario_id from marts.scenario order by 1")
            names = ", ".join(row["scenario_id"] for row in known) or "none"
            raise FileNotFoundError(f"no scenario {scenario_id!r} is published; there are: {names}")
        return "\n".join(_Page(connection, found[0], area, language).lines()) + "\n"


def _open(place: Place) -> duckdb.DuckDBPyConnection:
    if not place.published_warehouse.exists():
        raise FileNotFoundError(
            f"{place.published_warehouse} is not there; `wirkraum run` publishes it"
        )
    return duckdb.connect(str(place.published_warehouse), read_only=True)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[Row]:
    return list(connection.execute(sql, list(values)).pl().iter_rows(named=True))


class _Page:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scenario: Row,
        area: str | None,
        language: str,
    ) -> None:
        self.connection, self.scenario, self.area = connection, scenario, area
        self.language, self.words = language, _WORDS[language]
        self.alternatives = self._of("scenario_alternative", "position")
        self.names = {one["alternative_id"]: self._in(one, "name") for one in self.alternatives}

    def _of(self, table: str, order: str) -> list[Row]:
        sql = f"select * from marts.{table} where scenario_id = ? order by {order}"
        return _rows(self.connection, sql, self.scenario["scenario_id"])

    def _in(self, row: Row, field: str) -> str:
        said = row[f"{field}_{self.language}"]
        return "" if said is None else str(said)

    def lines(self) -> Iterator[str]:
        scenario, words = self.scenario, self.words
        yield f"# {self._in(scenario, 'name')}"
        yield ""
        yield f"**{self._in(scenario, 'question')}**"
        yield ""
        yield f"{words['owner']}: {self._in(scenario, 'owner')}. {words['decides']}"
        for title, part in (
            ("assumptions", self._assumptions()),
            ("alternatives", self._alternatives()),
            ("goals", self._chances()),
            ("refuted", self._refutations()),
            ("gaps", self._gaps()),
        ):
            said = list(part)
            if said:
                yield from ("", f"## {words[title]}", "", *said)

    def _assumptions(self) -> Iterator[str]:
        scenario, words = self.scenario, self.words
        if scenario["dose_unit_de"] is not None:
            limits = self._between(scenario["observed_low"], scenario["observed_high"])
            yield (
                f"- {words['dose']}: {self._in(scenario, 'dose_unit')}; {words['observed']} "
                f"{limits} ({self._in(scenario, 'observed_where')})"
            )
        for row in self._of("scenario_assumption", "position"):
            if row["part"] in ("lag", "ramp", "fading"):
                spread = self._between(row["low"], row["high"])
                yield f"    - {words[row['part']]} {spread} {words['months']}"
            elif row["part"] == "saturation":
                yield f"    - {words['saturation']} {self._number(row['mid'])} ({words['dose']})"
            else:
                yield from self._assumption(row)

    def _assumption(self, row: Row) -> Iterator[str]:
        words = self.words
        step = f" ({words['leading_step']})" if row["role"] == "leading_step" else ""
        spread = self._between(row["low"], row["high"])
        source = self._in(row, "source").rstrip(".")
        yield f"- {words[row['part']]}{step}: {self._in(row, 'what')}"
        yield (
            f"    - {words['range']} {spread}, {words['middle']} {self._number(row['mid'])}, "
            f"{self._in(row, 'unit')}"
        )
        yield (
            f"    - {words['status']}: {words[row['status']]}. {words['source']}: {source}. "
            f"{words['owner']}: {self._in(row, 'owner')}"
        )

        if row["part"] == "effect":
            yield from self._looked_back(row["indicator_id"])

    def _looked_back(self, indicator_id: str) -> Iterator[str]:
        """What looking back says of the same programme and indicator, beside what is assumed."""
        rows = _rows(
            self.connection,
            "select verdict, estimate, low, high, unit from marts.effect "
            "where programme_id = ? and indicator_id = ? order by all",
            self.scenario["programme_id"],
            indicator_id,
        )
        for row in rows:
            told = f"    - {self.words['looked_back']}: {self.words[row['verdict']]}"
            if row["estimate"] is not None and row["low"] is not None:
                mid, low, high = (
                    self._number(row[name], digits=0) for name in ("estimate", "low", "high")
                )
                told += f", {mid} ({low} {self.words['to']} {high}) {row['unit']}"
            yield told

    def _alternatives(self) -> Iterator[str]:
        for one in self.alternatives:
            since = (
                "" if one["since"] is None else f", {self.words['since']} {self._day(one['since'])}"
            )
            changed = self._in(one, "changed")
            dose = f" ({self.words['dose']}: {changed})" if changed else ""
            yield f"- **{self._in(one, 'name')}**{since}{dose}. {self._in(one, 'money')}".rstrip()
            if one["outside_observed"]:
                yield f"    - {self.words['outside']} {self._in(one, 'outside_because')}"
        yield from self._tables()

    def _tables(self) -> Iterator[str]:
        shown: dict[tuple[str, str, str, date], dict[str, list[Row]]] = {}
        found = self._results()
        top = max((row["level_rank"] for row in found), default=0)
        others = sorted({row["area_id"] for row in found if row["level_rank"] < top})
        for row in found:
            if self.area is None and row["level_rank"] < top:
                continue
            key = (row["indicator_id"], row["area_id"], row["grain"], row["period_start"])
            shown.setdefault(key, {}).setdefault(row["alternative_id"], []).append(row)
        if not shown:
            yield from ("", self.words["none"])
        for (*_, grain, period), by_alternative in shown.items():
            first = by_alternative["baseline"][0]
            named = (
                f"{self._in(first, 'name')}, {first['area_name']}, {self._period(period, grain)}"
            )
            yield from ("", f"### {named}", "", f"{first['unit']}", "")
            head = (self.words[one] for one in ("alternative", "value", "difference"))
            yield f"| {' | '.join(head)} |"
            yield "|---|---|---|"
            for one, name in self.names.items():
                yield f"| {name} | {self._cells(by_alternative[one])} |"
        if self.area is None and others:
            yield from ("", f"{self.words['others']}: {', '.join(others)}")

    def _results(self) -> list[Row]:
        """Quantiles and differences of the last year, else period, of each series."""
        return _rows(
            self.connection,
            "select result.*, apart.value as apart, indicator.name_de, indicator.name_en, "
            "indicator.unit, area.name as area_name, area.level_rank "
            "from marts.scenario_result as result "
            "join marts.indicator using (indicator_id) "
            "join marts.area using (area_system, area_version, area_id) "
            "left join marts.scenario_difference as apart using (scenario_id, alternative_id, "
            "indicator_id, area_system, area_version, area_id, period_start, grain, group_id, "
            "quantile) where scenario_id = ? and (? is null or area_id = ?) "
            "qualify period_start = max(period_start) over (partition by indicator_id, "
            "area_system, area_version, area_id, grain, group_id) and (grain = 'year' or "
            "not bool_or(grain = 'year') over (partition by indicator_id, area_system, "
            "area_version, area_id, group_id)) "
            "order by indicator_id, area.level_rank desc, area_id, quantile",
            self.scenario["scenario_id"],
            self.area,
            self.area,
        )

    def _cells(self, rows: list[Row]) -> str:
        by_quantile = {row["quantile"]: row for row in rows}
        if None in by_quantile:
            return f"{by_quantile[None]['reason' if self.language == 'de' else 'reason_en']} | "
        low, mid, high = (by_quantile[one] for one in _QUANTILES)
        if mid["value"] is None:
            return f"{self.words['withheld']} | {self.words['withheld']}"
        digits = 0 if mid["value"] >= 100 else 1 if mid["value"] >= 10 else 2
        ends = [self._number(one["value"], digits=digits) for one in (low, mid, high)]
        value = f"{ends[1]} ({ends[0]} {self.words['to']} {ends[2]})"
        if mid["alternative_id"] == "baseline":
            return f"{value} | "
        if low["apart"] == high["apart"] == 0:
            return f"{value} | {self.words['same']}"
        apart = [self._number(one["apart"], sign=True, digits=digits) for one in (low, mid, high)]
        return f"{value} | {apart[1]} ({apart[0]} {self.words['to']} {apart[2]})"

    def _chances(self) -> Iterator[str]:
        words = self.words
        rows = _rows(
            self.connection,
            "select chance.* exclude (held_de, held_en), goal.name_de, goal.name_en, "
            "area.name as area_name, coalesce(before.held_de, chance.held_de) as held_de, "
            "coalesce(before.held_en, chance.held_en) as held_en "
            "from marts.scenario_chance as chance left join marts.goal_outlook as before "
            "using (goal_id, area_system, area_version, area_id) "
            "join marts.area using (area_system, area_version, area_id) "
            "join (select distinct on (goal_id) goal_id, name_de, name_en from marts.goal "
            "order by goal_id, version_since desc) as goal using (goal_id) "
            "join marts.scenario_alternative as one using (scenario_id, alternative_id) "
            "where scenario_id = ? order by goal_id, area_id, one.position",
            self.scenario["scenario_id"],
        )
        goals: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            goals.setdefault((row["goal_id"], row["area_id"]), []).append(row)
        for each in goals.values():
            row = each[0]
            limit = f"{words[row['direction']]} {self._number(row['target'])}"
            yield (
                f"- **{self._in(row, 'name')}**, {row['area_name']}: {limit}, {words['due']} "
                f"{self._day(row['target_date'])}"
            )
            for one in each:
                told = one["reason" if self.language == "de" else "reason_en"]
                chance = self._in(one, "chance") or told
                yield f"    - {self.names[one['alternative_id']]}: {chance}"
            yield f"    - {words['held']}: {self._in(row, 'held')}"

    def _refutations(self) -> Iterator[str]:
        words = self.words
        rows = _rows(
            self.connection,
            "select said.*, indicator.name_de, indicator.name_en, area.name as area_name "
            "from marts.scenario_refutation as said join marts.indicator using (indicator_id) "
            "join marts.area using (area_system, area_version, area_id) "
            "where scenario_id = ? order by refutation_id",
            self.scenario["scenario_id"],
        )
        for row in rows:
            taken = self.names.get(row["alternative_id"])
            when = "" if taken is None else f" ({words['if']}: {taken})"
            period = self._period(row["period_start"], row["grain"])
            yield (
                f"- {self._in(row, 'name')}, {row['area_name']}, {period}: {words[row['found']]} "
                f"{self._number(row['threshold'])}, {words['by']} {self._day(row['known_by'])}"
                f"{when}. {self._in(row, 'says')} **{self._in(row, 'state')}**"
            )

    def _gaps(self) -> Iterator[str]:
        for row in self._of("scenario_gap", "position"):
            yield f"- {self._in(row, 'text')}"

    def _between(self, low: float, high: float) -> str:
        return f"{self._number(low)} {self.words['to']} {self._number(high)}"

    def _number(self, number: float, *, sign: bool = False, digits: int | None = None) -> str:
        """As many digits as asked for, else those that a declared number has."""
        rounded = (round(number, digits) if digits is not None else number) or 0.0
        shape = f"{'+' if sign and rounded else ''},{'' if digits is None else f'.{digits}f'}"
        text = f"{rounded:{shape}}".removesuffix(".0" if digits is None else " ")
        return text.translate(str.maketrans(",.", ".,")) if self.language == "de" else text

    def _day(self, day: date) -> str:
        return f"{day:%d.%m.%Y}" if self.language == "de" else day.isoformat()

    def _period(self, start: date, grain: str) -> str:
        if grain == "year" and start.day == start.month == 1:
            return str(start.year)
        return f"{start:%m/%Y}" if grain == "month" else self._day(start)
