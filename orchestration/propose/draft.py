"""Puts what was found into a contract: a source as data, and as YAML with doubts as comments."""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml

from orchestration.declarations.sources import (
    GERMAN_TABLE_SYMBOLS,
    Format,
    Source,
    names,
)
from orchestration.declarations.tree import Declarations
from orchestration.ingest.table import normalised
from orchestration.propose.areas import AreaGuess, find_area
from orchestration.propose.groups import (
    Dimensions,
    GroupGuess,
    find_groups,
    is_total,
    total_rows,
)
from orchestration.propose.periods import (
    PeriodGuess,
    as_of_rule,
    find_period,
    header_period,
    word_before,
)
from orchestration.propose.sniff import CannotPropose, Sniffed, sniff
from orchestration.propose.table import Found, Marks, find_table, number_marks

_SIGNS = {
    "na": "missing", "n/a": "missing", "n.a.": "missing", "k.a.": "missing", "k. a.": "missing",
    "null": "missing", "#nv": "missing", "keine daten": "missing", "keine angabe": "missing",
    "nan": "missing", "*": "secret", "**": "secret", "•": "secret", ".": "unknown", "–": "nil",
    "s": "secret", "geheim": "secret", "..": "later", "---": "nil", "--": "nil", "_": "missing",
}  # fmt: skip
_SHARE = re.compile(r"(?i)%|prozent|percent|anteil|quote|rate\b|durchschnitt|mittlere|median|index")
_PERCENT = re.compile(r"(?i)%|prozent|percent|anteil|quote")
_STOCK = re.compile(
    r"(?i)bestand|stichtag|einwohner|bevölkerung|personen|plätze|haushalt|inhabitant|population|"
    r"wohnung|apartment|alter|leistungsberechtigt|gemeinschaft|anteil|quote|index|percentage|places|betreut"
)
_NO_MEASURE = re.compile(
    r"(?i)^(lfd|nr|nummer|id|objectid|fid|oid|zeile|index)\b|koordinate|^lat|^lon|^x$|^y$|linref|"
    r"wgs84|etrs|geom|plz|telefon|schlüssel|gemeinde"
)
_FREE_TEXT = re.compile(r"(?i)bemerkung|kommentar|hinweis|notiz|text|anmerkung|beschreibung|note")
_UNIT = re.compile(
    r"[(\[]\s*(?:in\s+)?([^()\[\]]{1,20})\s*[)\]]\s*$|\bin\s+(%|EUR|Euro|Prozent)\s*$"
)
_PROTECTION = (
    "? sozialdaten or statistik if it is about single people or few cases; these need purpose, "
    "legal_basis, recipients, retention_days"
)
_KEYS = re.compile(r"(?i)delikt|merkmal|art\b|kategorie|gruppe|kennzahl|indikator|typ|variable")


class Noted(NamedTuple):
    """A value with doubts or explanations, written as comments above or behind it."""

    value: Any
    notes: tuple[str, ...]


@dataclass
class Draft:
    """A drafted contract: plain data, the same as YAML, and what the file looks like."""

    data: dict[str, Any]
    text: str
    columns: list[str]
    doubts: list[str] = field(default_factory=list)


@dataclass
class _Look:
    """Everything known about the file while the contract is put together."""

    declarations: Declarations
    known: Source | None
    file_name: str
    source_id: str
    tables: list[Found]
    marks: Marks
    symbols: dict[str, str]
    period: PeriodGuess
    area: AreaGuess
    groups: list[GroupGuess]
    numeric: list[str]
    dimensions: Dimensions
    notes: dict[str, list[str]] = field(default_factory=dict)

    def cells(self, column: str) -> list[str]:
        return [cell for table in self.tables for cell in table.cells(column)]


def draft(
    path: Path,
    declarations: Declarations,
    source_id: str | None = None,
    department: str | None = None,
    known: Source | None = None,
) -> Draft:
    """Draft a contract for a file, such as `draft(Path("Einwohner_2024.csv"), declarations)`.

    `known` is the contract that exists already: its names, ids and texts are kept where its
    columns are found again. Raises CannotPropose where no table is found.
    """
    sniffed = sniff(path.read_bytes())
    kinds = get_args(Format.model_fields["type"].annotation)
    if sniffed.kind not in kinds:
        raise CannotPropose(
            f"the file is a spreadsheet of kind {sniffed.kind}, which contracts cannot read yet "
            f"(they read {', '.join(kinds)}); save it as .xlsx"
        )
    tables, sheet, sheet_notes = _tables(sniffed)
    source_id = source_id or (known.id if known else identifier(_stem(path)))
    look = _look(sniffed, tables, declarations, known, path.name, source_id)
    head = _head(look, department)
    measures, values, cases = _values(look)
    stock = any(one["kind"] == "stock" for one in plain(measures))
    layout = _layout(look, path.name, sniffed, sheet, sheet_notes, values, cases, stock=stock)
    data = {**head, "measures": measures, "layouts": [layout]}
    ordered = {name: data[name] for name in Source.model_fields if name in data}
    opening = (
        f"# Drafted from {path.name} by `wirkraum source propose`.\n"
        "# Lines that begin with `# ?` are doubts: answer each one, then delete it.\n"
    )
    text = opening + "\n".join(_lines(ordered, 0)) + "\n"
    return Draft(plain(ordered), text, tables[0].columns, list(_doubts(ordered)))


def identifier(text: str) -> str:
    """A lower-case name of letters, digits and underscores for any text, umlauts written out."""
    text = text.casefold()
    for old, new in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("%", " prozent ")):
        text = text.replace(old, new)
    text = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return text if re.match("[a-z]", text) else f"m_{text}".rstrip("_")


def plain(data: Any) -> Any:
    """The data without their notes."""
    if isinstance(data, Noted):
        return plain(data.value)
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [plain(value) for value in data]
    return data


def _stem(path: Path) -> str:
    stem = re.sub(r"(\.(csv|txt|tsv|xlsx|xlsm|xls|ods|gz))+$", "", path.name, flags=re.IGNORECASE)
    stem = re.sub(r"(?i)([ _-]*(stand|vom|version))?([ _-]+\d|\d{4})[\d._-]*", "_", stem)
    return stem.strip("_- .") or "quelle"


def _tables(sniffed: Sniffed) -> tuple[list[Found], str | None, list[str]]:
    """The tables of the largest family of equal sheets, the pattern of their names, and notes."""
    found = [table for grid in sniffed.grids if (table := find_table(grid)) is not None]
    if not found:
        raise CannotPropose("no table was found: no header with rows of at least two cells below")
    if sniffed.kind == "csv":
        return found, None, []
    families: dict[tuple[str, int, int, tuple[str, ...]], list[Found]] = {}
    for table in found:
        shape = re.sub(r"\d+", "0", table.sheet or "")
        key = (shape, table.title_rows, table.header_rows, tuple(_undated(table.columns)))
        families.setdefault(key, []).append(table)
    tables = max(families.values(), key=lambda family: sum(len(one.rows) for one in family))
    sheets = [table.sheet or "" for table in tables]
    pattern = re.escape(sheets[0]).replace("\\ ", " ").replace("\\-", "-")
    if len(sheets) > 1:
        pattern = re.sub(r"\d+", lambda m: _digits(len(m[0])), pattern)
    others = [grid.name for grid in sniffed.grids if grid.name not in sheets]
    caught = [name for name in others if name and re.fullmatch(pattern, name)]
    notes = []
    if caught:
        pattern = "|".join(re.escape(name) for name in sheets)
    if others:
        shown = ", ".join(map(repr, others[:8])) + (", …" if len(others) > 8 else "")
        notes.append(f"sheets not read: {shown}")
    return tables, pattern, notes


def _digits(count: int) -> str:
    return f"\\d{{{count}}}" if count > 1 else "\\d+"


def _undated(columns: list[str]) -> list[str]:
    return [re.sub(r"(19|20)\d\d", "0000", column) for column in columns]


def _look(
    sniffed: Sniffed,
    tables: list[Found],
    declarations: Declarations,
    known: Source | None,
    file_name: str,
    source_id: str,
) -> _Look:
    period = find_period(tables, file_name)
    span = (min(period.days), max(period.days)) if period.days else None
    area = find_area(tables[0], declarations, span)
    dimensions = Dimensions(declarations)
    taken = {area.column, *period.columns, *(area.others if area.others else [])}
    if area.within:
        taken.add(str(area.within["column"]))
    free = [column for column in tables[0].columns if column and column not in taken]
    doubled = {column for column in free if tables[0].columns.count(column) > 1}
    free = [column for column in free if column not in doubled]
    groups, group_doubts = find_groups(tables, free, dimensions)
    used = {group.column for group in groups}
    rest = [column for column in free if column not in used]
    cells = {column: [c for table in tables for c in table.cells(column)] for column in rest}
    texts = [cell for column in rest for cell in cells[column] if cell]
    marks, doubt = number_marks(texts)
    numeric: list[str] = []
    symbols: dict[str, str] = {}
    for column in rest:
        signs = _numbers(column, cells[column], marks)
        if signs is not None:
            numeric.append(column)
            symbols |= signs
    look = _Look(
        declarations, known, file_name, source_id, tables, marks, symbols, period, area,
        groups, numeric, dimensions,
    )  # fmt: skip
    for place, doubts in sniffed.doubts.items():
        look.notes.setdefault(f"format.{place}", []).extend(f"? {one}" for one in doubts)
    if doubt is not None:
        look.notes.setdefault("format.thousands", []).append(f"? {doubt}")
    if doubled:
        look.notes.setdefault("layout", []).append(
            f"? the header has {', '.join(map(repr, sorted(doubled)))} twice"
        )
    look.notes.setdefault("groups", []).extend(f"? {one}" for one in group_doubts)
    return look


def _numbers(column: str, cells: list[str], marks: Marks) -> dict[str, str] | None:
    """The signs among the numbers of a column, None where it holds no numbers to count with."""
    filled = [cell for cell in cells if cell]
    if not filled or _NO_MEASURE.search(column):
        return None
    counted = Counter(filled)
    numbers = {cell for cell in counted if marks.number(cell) is not None}
    signs = {
        cell: _SIGNS[cell.casefold()]
        for cell in counted
        if cell not in numbers and cell not in GERMAN_TABLE_SYMBOLS and cell.casefold() in _SIGNS
    }
    good = sum(
        count
        for cell, count in counted.items()
        if cell in numbers or cell in signs or cell in GERMAN_TABLE_SYMBOLS
    )
    share = sum(counted[cell] for cell in numbers)
    if good < 0.9 * len(filled) or not share:
        return None
    if any(re.fullmatch(r"0\d+", cell) for cell in numbers):
        return None  # codes with leading zeros
    return signs


def _head(look: _Look, department: str | None) -> dict[str, Any]:
    known = look.known
    departments = [one.id for one in look.declarations.municipality.departments]
    if known is not None:
        kept = known.model_dump(mode="python", by_alias=True, exclude_unset=True)
        return {
            key: _tidy_words(value)
            for key, value in kept.items()
            if key not in ("measures", "layouts")
        } | ({"department": department} if department else {})
    chosen: Any = department or departments[0]
    if department is None and len(departments) > 1:
        chosen = Noted(
            chosen, (f"? which department delivers it? one of {', '.join(departments)}",)
        )
    return {
        "id": look.source_id,
        "department": chosen,
        "name": Noted(
            {"de": _spoken(look.source_id)}, ("? what people call this file; add en: … too",)
        ),
        "why": Noted({"de": "noch zu klären"}, ("? why does this file exist anyway?",)),
        "protection": Noted(
            "none",
            (_PROTECTION,),
        ),
    }


def _tidy_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tidy_words(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_tidy_words(one) for one in value]
    return value


def _spoken(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


@dataclass
class _Column:
    """A measure column taken apart: what is measured, which period pattern, which group."""

    column: str
    base: str
    pattern: str | None
    group: dict[str, str]


def _taken_apart(look: _Look) -> list[_Column]:
    parts = []
    for column in look.numeric:
        base, pattern, group = column, None, dict[str, str]()
        if look.period.where == "header":
            dated = header_period(column)
            if dated is None or dated[2] != look.period.rule["format"]:
                continue
            before, after, form, _ = dated
            shape = {"%Y": r"\d{4}", "%Y-%m": r"\d{4}-\d{2}", "%Y%m": r"\d{6}"}.get(form, r".+")
            pattern = f"{_escaped(before)}(?P<period>{shape}){_escaped(after)}"
            base = f"{before}{after}"
        pieces = []
        for piece in re.split(r"\s*/\s*|\s*[,:]\s+", base):
            hit = look.dimensions.of_text(piece)
            if hit is not None and hit[0] not in group:
                group[hit[0]] = hit[1]
            elif piece.strip(" -_/") and not is_total(piece):
                pieces.append(piece.strip(" -_/"))
        parts.append(_Column(column, " ".join(pieces), pattern, group))
    bare = {one.base for one in parts}
    for one in parts:
        words = one.base.split()
        if one.group or len(words) < 2:
            continue
        hit = look.dimensions.of_text(words[-1]) if len(words[-1]) > 4 else None
        rest = " ".join(words[:-1])
        if hit is not None and (rest in bare or f"{rest} insgesamt" in bare):
            one.base, one.group = rest, {hit[0]: hit[1]}
    return parts


def _escaped(text: str) -> str:
    return re.escape(text).replace("\\ ", " ").replace("\\-", "-")


def _values(look: _Look) -> tuple[list[Any], list[Any] | None, dict[str, Any] | None]:
    """Measures with either values (a table) or cases (one row per event)."""
    keys = _key_columns(look)
    if _is_case_list(look, keys):
        measures, cases = _cases(look, keys)
        return measures, None, cases
    columns = _taken_apart(look)
    if not columns:
        if look.period.by_day or look.period.grain in ("day", "month"):
            measures, cases = _cases(look, keys)
            return measures, None, cases
        raise CannotPropose(
            "no column of numbers was found, and no column of days by which rows could be counted; "
            f"the columns are {', '.join(map(repr, look.tables[0].columns))}"
        )
    wheres = _wheres(look, keys)
    found: dict[str, Any] = {}
    values: list[Any] = []
    done: set[tuple[str, str | None]] = set()
    for one in columns:
        if one.pattern is not None and (one.pattern, None) in done:
            continue
        done.add((one.pattern or one.column, None))
        for where in wheres:
            measure_id, measure = _measure(look, one, where)
            found.setdefault(measure_id, measure)
            value: dict[str, Any] = {"measure": measure_id}
            if one.pattern is not None:
                value["match"] = one.pattern
            else:
                value["column"] = _alias(look, measure_id, one.column)
            if one.group:
                value["group"] = "|".join(
                    f"{dim}={code}" for dim, code in sorted(one.group.items())
                )
            if where:
                value["where"] = where
            values.append(value)
    return list(found.values()), values, None


def _alias(look: _Look, measure_id: str, column: str) -> Any:
    """The column under all names an existing contract gives it."""
    for layout in look.known.layouts if look.known else []:
        for value in layout.values:
            if value.measure != measure_id or value.column is None:
                continue
            if column in map(normalised, names(value.column)):
                return value.column
    return column


def _key_columns(look: _Look) -> list[str]:
    """Columns of few, often repeated texts that are not known groups: perhaps kinds of things."""
    taken = {look.area.column, *look.period.columns, *(group.column for group in look.groups)}
    taken |= set(look.area.others) | set(look.numeric)
    if look.area.within:
        taken.add(look.area.within["column"])  # type: ignore[arg-type]
    keys = []
    for column in look.tables[0].columns:
        if not column or column in taken or _FREE_TEXT.search(column):
            continue
        texts = Counter(look.cells(column))
        rows = sum(texts.values())
        if "" in texts or not 2 <= len(texts) <= 30 or rows < 3 * len(texts):
            continue
        if all(re.fullmatch(r"[\d.,:-]+", text) for text in texts):
            continue
        keys.append(column)
    return sorted(keys, key=lambda one: not _KEYS.search(one))


def _identity(look: _Look, extra: list[str]) -> float:
    """Share of rows whose area, period, groups and `extra` columns occur more than once."""
    columns = [look.area.column, *look.period.columns, *(one.column for one in look.groups), *extra]
    wanted = [column for column in columns if column]
    seen: Counter[tuple[str, ...]] = Counter()
    for table in look.tables:
        indexes = [table.columns.index(column) for column in wanted]
        seen.update((table.sheet or "", *(row[i] for i in indexes)) for row in table.rows)
    rows = sum(seen.values())
    return sum(count for count in seen.values() if count > 1) / rows if rows else 0.0


def _is_case_list(look: _Look, keys: list[str]) -> bool:
    if look.period.where != "column" or look.period.grain not in ("day", "month"):
        return False
    if not look.numeric:
        return True
    return _identity(look, []) > 0.05 and not any(_identity(look, [key]) < 0.02 for key in keys)


def _wheres(look: _Look, keys: list[str]) -> list[dict[str, list[str]]]:
    """Which rows hold which measure, where a column of texts tells them apart."""
    if _identity(look, []) < 0.02:
        return [{}]
    for column in keys:
        if _identity(look, [column]) < 0.02:
            return [{column: [text]} for text in dict.fromkeys(look.cells(column))]
    look.notes.setdefault("values", []).append(
        "? several rows are about the same area, period and group: a column that tells them apart "
        "is missing here (a code list in codes/, or `where`)"
    )
    return [{}]


def _measure(look: _Look, one: _Column, where: dict[str, list[str]]) -> tuple[str, Any]:
    known = _known_measure(look, one, where)
    if known is not None:
        dumped = known.model_dump(mode="python", by_alias=True, exclude_defaults=True)
        return known.id, _tidy_words(dumped)
    unit = _UNIT.search(one.base)
    base = one.base[: unit.start()].strip() if unit else one.base
    text = " ".join(word for values in where.values() for word in values)
    label = text or base or _spoken(look.source_id)
    if text and base and not re.fullmatch("(?i)anzahl|wert|fälle|value|menge|zahl", base):
        label = f"{text} {base}"
    measure_id = identifier(label)
    taken = {
        measure
        for measure, (source, _) in look.declarations.measures.items()
        if source.id != look.source_id
    }
    notes = ["? name, unit and kind are guesses"]
    if measure_id in taken:
        owner = look.declarations.measures[measure_id][0].id
        notes.append(f"? {owner} owns a measure {measure_id!r}: is this one its `control_of`?")
        measure_id = f"{look.source_id}_{measure_id}"
    cells = [cell for cell in look.cells(one.column) if cell]
    numbers = [number for cell in cells if (number := look.marks.number(cell)) is not None]
    whole = all(number == round(number) for number in numbers)
    share = bool(_SHARE.search(one.base)) and not whole
    told = (unit[1] or unit[2]) if unit else None
    measure: dict[str, Any] = {
        "id": measure_id,
        "name": {"de": label},
        "unit": told
        or ("%" if share and _PERCENT.search(one.base) else "Anzahl" if whole else "Wert"),
        "kind": "stock"
        if _STOCK.search(f"{one.base} {look.tables[0].titles}") or share
        else "flow",
    }
    if not whole:
        measure["additive"] = {"areas": False, "groups": False, "time": False}
        notes.append("? not whole numbers: taken for a value that may never be summed")
    if any(number < 0 for number in numbers):
        measure["minimum"] = None
    if not whole:
        measure["whole"] = False
    return measure_id, Noted(measure, tuple(notes))


def _known_measure(look: _Look, one: _Column, where: dict[str, list[str]]) -> Any:
    if look.known is None:
        return None
    measures = {measure.id: measure for measure in look.known.measures}
    for layout in look.known.layouts:
        for value in layout.values:
            if value.where != where:
                continue
            if value.column is not None:
                if one.column in map(normalised, names(value.column)):
                    return measures.get(value.measure)
            elif re.fullmatch(value.match or "", one.column):
                return measures.get(value.measure)
    return None


def _cases(look: _Look, keys: list[str]) -> tuple[list[Any], dict[str, Any]]:
    by = keys[0] if keys and _KEYS.search(keys[0]) else None
    texts = list(dict.fromkeys(look.cells(by))) if by else []
    wheres: list[dict[str, list[str]]] = [{by: [text]} for text in texts] if by else [{}]
    measures, counts = [], []
    known = {
        tuple(sorted((key, tuple(some)) for key, some in count.where.items())): count
        for layout in (look.known.layouts if look.known else [])
        if layout.cases
        for count in layout.cases.counts
    }
    owned = {measure.id: measure for measure in (look.known.measures if look.known else [])}
    dimensions = [group.dimension for group in look.groups]
    for where in wheres:
        before = known.get(tuple(sorted((key, tuple(some)) for key, some in where.items())))
        if before is not None:
            measure_id = before.measure
            measure: Any = _tidy_words(
                owned[measure_id].model_dump(mode="python", by_alias=True, exclude_defaults=True)
            )
        else:
            label = where[by][0] if by else _spoken(look.source_id)
            measure_id = identifier(label)
            if look.declarations.measures.get(measure_id, (look,))[0] is not look:
                measure_id = f"{look.source_id}_{measure_id}"
            measure = Noted(
                {"id": measure_id, "name": {"de": label}, "unit": "Fälle", "kind": "flow"},
                ("? counted rows; the name is a guess",),
            )
        measures.append(measure)
        count: dict[str, Any] = {"measure": measure_id}
        if where:
            count["where"] = where
        wanted = before.groups if before is not None else dimensions
        if wanted:
            count["groups"] = wanted
        counts.append(count)
    return measures, {"counts": counts, "covers": _covers(look)}


def _covers(look: _Look) -> Any:
    days = look.period.days
    years = {day.year for day in days}
    for found in re.finditer(r"(?<!\d)(?:19|20)\d\d(?!\d|-\d)", look.file_name):
        if years == {int(found[0])}:
            lead = _escaped(word_before(look.file_name[: found.start()]))
            return {"file_name": f"{lead}(\\d{{4}})"}
    rule = as_of_rule(look.file_name)
    stand = re.search(r"(?:19|20)\d\d", str(rule and look.file_name))
    last = int(stand[0]) if rule and stand else max(years, default=2000)
    since = "same_year" if min(years, default=last) == last else "previous_year"
    return Noted(
        {"since": since},
        ("? which time does a file cover? months in it without rows count as zero",),
    )


def _layout(
    look: _Look,
    file_name: str,
    sniffed: Sniffed,
    sheet: str | None,
    sheet_notes: list[str],
    values: list[Any] | None,
    cases: dict[str, Any] | None,
    *,
    stock: bool,
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": "standard",
        "files": Noted([_glob(file_name)], ("? which names do the files have?",)),
        "format": _format(look, sniffed, sheet, sheet_notes),
    }
    as_of = as_of_rule(file_name)
    if as_of is not None:
        data["as_of"] = as_of
    data["area"] = _area(look.area)
    period = dict(look.period.rule)
    if cases is not None:
        period["grain"] = "month"
    elif "%d" not in str(period.get("format", "%d")) and look.period.where != "fixed" and stock:
        period["at"] = "end"
    data["period"] = Noted(
        {
            key: period[key]
            for key in ("columns", "file_name", "sheet", "fixed", "format", "at", "grain")
            if key in period and not (key == "format" and period[key] == "%Y-%m-%d")
        },
        tuple(f"? {one}" for one in look.period.doubts),
    )
    data["groups"] = Noted(
        [
            Noted(
                {"dimension": one.dimension, "column": one.column}
                | ({"map": one.map} if one.map else {}),
                tuple(f"? {doubt}" for doubt in one.doubts),
            )
            for one in look.groups
        ],
        tuple(look.notes.get("groups", ())),
    )
    if values is not None:
        data["values"] = Noted(values, tuple(look.notes.get("values", ())))
    if cases is not None:
        data["cases"] = cases
    if values is not None:
        notes = [
            f"? {sign!r} in cells was taken for {meaning!r}"
            for sign, meaning in look.symbols.items()
        ]
        notes += _standard_signs(look)
        data["symbols"] = Noted(look.symbols, tuple(notes))
    data["ignore"] = _ignored(look, data)
    empty = [key for key in ("groups", "symbols", "ignore") if not plain(data.get(key))]
    carried = [
        note for key in empty if isinstance(data.get(key), Noted) for note in data[key].notes
    ]
    for key in empty:
        data.pop(key, None)
    notes = [*look.notes.get("layout", ()), *carried]
    if as_of is None:
        notes.append("? no date such as _Stand_2024-03-31 in the file's name: as_of is the arrival")
    if look.tables[0].crooked:
        notes.append(f"? {look.tables[0].crooked} rows have more or fewer cells than the header")
    data["name"] = Noted(data["name"], tuple(notes))
    return data


def _glob(file_name: str) -> str:
    dates_in_it = r"(?<![A-Za-z\d])\d[\d._-]*\d|\d{4,}"
    return re.sub(dates_in_it, "*", re.sub(r"[\[\]?]", "?", file_name)).replace("**", "*")


def _format(
    look: _Look, sniffed: Sniffed, sheet: str | None, sheet_notes: list[str]
) -> dict[str, Any]:
    table = look.tables[0]
    data: dict[str, Any] = {"type": sniffed.kind}
    if sniffed.kind == "csv":
        data["encoding"] = sniffed.encoding
        data["delimiter"] = sniffed.delimiter
    data["decimal"] = look.marks.decimal
    if look.marks.thousands is not None:
        data["thousands"] = look.marks.thousands
    if table.title_rows:
        data["title_rows"] = table.title_rows
    if table.header_rows > 1:
        data["header_rows"] = table.header_rows
    if sheet is not None:
        data["sheet"] = Noted(sheet, tuple(f"? {note}" for note in sheet_notes))
    footer, notes = _footer(look)
    if footer is not None:
        data["footer"] = Noted(footer, tuple(notes))
    for key in list(data):
        found = look.notes.get(f"format.{key}")
        if found:
            value = data[key]
            kept = value.notes if isinstance(value, Noted) else ()
            data[key] = Noted(plain(value), (*kept, *found))
    return data


def _footer(look: _Look) -> tuple[str | None, list[str]]:
    words, notes = [], []
    first = look.tables[0].columns[0]
    body = [cell for table in look.tables for cell in table.cells(first)]
    if look.area.column == first:
        totals = set().union(*(total_rows(table, first) for table in look.tables))
        if totals:
            shown = ", ".join(map(repr, sorted(totals)))
            notes.append(f"? the total in the last rows ({shown}) is not read")
            words += sorted(totals)
            body = [cell for cell in body if cell not in totals]
    for table in look.tables:
        words += table.footers[:1]
    starts = dict.fromkeys(_start(word, body) for word in words)
    kept = [start for start in starts if start]
    return (
        "^(" + "|".join(kept) + ")" if len(kept) > 1 else "^" + kept[0] if kept else None
    ), notes


def _start(word: str, body: list[str]) -> str:
    """A pattern for the beginning of a footnote that matches no row of data."""
    found = re.match(r"\w+", word)
    short = re.escape(found[0]) if found and not found[0].isdigit() else _escaped(word[:20])
    if not found:
        short = re.escape(word[:1])
    for pattern in (short, _escaped(word)):
        if not any(re.match(pattern, cell) for cell in body):
            return pattern
    return ""


def _area(guess: AreaGuess) -> Any:
    data: dict[str, Any] = {}
    rules = guess.rules
    if guess.column is None:
        data["is"] = rules[0]["is"]
        rules = []
    else:
        data["column"] = guess.column
    data |= {"system": guess.system, "version": guess.version, "level": guess.level}
    if guess.pad:
        data["pad"] = guess.pad
    if rules:
        data["rules"] = rules
    if guess.within:
        data["within"] = guess.within
    return Noted(data, tuple(f"? {one}" for one in guess.doubts))


def _standard_signs(look: _Look) -> list[str]:
    cells = Counter(cell for column in look.numeric for cell in look.cells(column))
    return [
        f"? {sign!r} in {cells[sign]} cells means {meaning!r} in German tables: here too?"
        for sign, meaning in GERMAN_TABLE_SYMBOLS.items()
        if sign and cells[sign]
    ]


def _ignored(look: _Look, data: dict[str, Any]) -> list[Any]:
    used = set(_named(plain(data)))
    patterns = [value["match"] for value in plain(data.get("values")) or [] if "match" in value]
    ignored = []
    for column in look.tables[0].columns:
        if not column or column in used or any(re.fullmatch(one, column) for one in patterns):
            continue
        ignored.append(Noted(column, (_why_ignored(look, column),)))
    return list({one.value: one for one in ignored}.values())


def _named(data: Any) -> Iterator[str]:
    """Every text that may be a column's name."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from _named(value)
    elif isinstance(data, list):
        for value in data:
            yield from _named(value)
    else:
        yield str(data)


def _why_ignored(look: _Look, column: str) -> str:
    if column in look.area.others:
        return "areas as well"
    if column in look.period.others:
        return "? dates as well"
    if _FREE_TEXT.search(column):
        return "free text is never read"
    cells = {cell for cell in look.cells(column) if cell}
    if not cells:
        return "empty"
    if len(cells) <= 30 and len(look.cells(column)) > 3 * len(cells):
        return "? a group? then it needs a code list in codes/"
    return "? neither areas, dates, groups nor numbers"


def _doubts(data: Any) -> Iterator[str]:
    if isinstance(data, Noted):
        yield from (note for note in data.notes if note.startswith("?"))
        yield from _doubts(data.value)
    elif isinstance(data, dict):
        for value in data.values():
            yield from _doubts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _doubts(value)


def _lines(data: dict[str, Any], depth: int) -> Iterator[str]:
    """Block YAML with notes above the key they are about; short values in one line."""
    pad = "  " * depth
    for key, value in data.items():
        name = _scalar(key)
        yield from _comments(value, pad)
        bare = value.value if isinstance(value, Noted) else value
        line = f"{pad}{name}: {_scalar(plain(bare))}"
        noted = any(isinstance(one, Noted) for one in _inside(bare))
        if not isinstance(bare, dict | list) or (len(line) <= 100 and not noted and _flat(bare)):
            yield line
        elif isinstance(bare, dict):
            yield f"{pad}{name}:"
            yield from _lines(bare, depth + 1)
        else:
            yield f"{pad}{name}:"
            yield from _items(bare, depth + 1)


def _items(data: list[Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for value in data:
        yield from _comments(value, pad)
        bare = value.value if isinstance(value, Noted) else value
        line = f"{pad}- {_scalar(plain(bare))}"
        noted = any(isinstance(one, Noted) for one in _inside(bare))
        if not isinstance(bare, dict) or (len(line) <= 100 and not noted and len(bare) <= 4):
            yield line
            continue
        rows = list(_lines(bare, depth + 1))
        first = next(index for index, row in enumerate(rows) if not row.strip().startswith("#"))
        yield from (f"{pad}{row.strip()}" for row in rows[:first])
        yield f"{pad}- {rows[first].strip()}"
        yield from rows[first + 1 :]


def _comments(value: Any, pad: str) -> Iterator[str]:
    for note in value.notes if isinstance(value, Noted) else ():
        yield from textwrap.wrap(
            note, 99, initial_indent=f"{pad}# ", subsequent_indent=f"{pad}#   "
        )


def _inside(data: Any) -> Iterator[Any]:
    for value in (
        data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    ):
        yield value
        yield from _inside(value.value if isinstance(value, Noted) else value)


def _flat(data: Any) -> bool:
    values = data.values() if isinstance(data, dict) else data
    return not any(isinstance(value, dict) for value in values) and bool(data)


def _scalar(value: Any) -> str:
    text: str = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False
    )
    return text.strip()[1:-1]
