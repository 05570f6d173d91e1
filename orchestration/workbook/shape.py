"""How declarations become flat sheets: one per kind and per nested list, derived from the models.

A new field or a new kind of declaration appears in the workbook without a change here.
"""

import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from orchestration.declarations.common import Declared
from orchestration.declarations.tree import KINDS, SINGLE_FILES

Path = tuple[str, ...]

_TITLES = {
    "municipality": "Gemeinde",
    "municipality.departments": "Fachbereiche",
    "municipality.responsible": "Zuständige",
    "areas": "Gebietssysteme",
    "areas.levels": "Ebenen",
    "areas.versions": "Gebietsstände",
    "areas.versions.areas": "Gebietsdateien",
    "areas.versions.areas.members": "Gebiete von Hand",
    "areas.versions.areas.validity": "Gebiete mit Frist",
    "areas.crosswalks": "Umschlüsselungen",
    "sources": "Quellen",
    "sources.measures": "Messgrößen",
    "sources.layouts": "Layouts",
    "sources.layouts.area.rules": "Gebietsregeln",
    "sources.layouts.groups": "Gruppenspalten",
    "sources.layouts.groups.map": "Gruppentexte",
    "sources.layouts.values": "Werte",
    "sources.layouts.cases.counts": "Zählungen",
    "sources.layouts.symbols": "Zeichen",
    "sources.layouts.area.earlier": "Frühere Stände",
    "sources.layouts.cases.stocks": "Bestände",
    "sources.layouts.cases.durations": "Dauern",
    "sources.layouts.skip": "Ausgelassene Zeilen",
    "sources.layouts.subtotals": "Zwischensummen",
    "sources.checks.sums": "Prüfung Summen",
    "sources.checks.areas": "Prüfung Gebiete",
    "sources.checks.severities": "Prüfung Stufen",
    "dialogues": "Dialoge",
    "dialogues.hypotheses": "Vermutungen",
    "dialogues.decisions": "Beschlüsse",
    "dialogues.changes": "Änderungen",
    "dialogues.look_next": "Nächstes Mal",
    "groups": "Zielgruppen",
    "indicators": "Indikatoren",
    "indicators.formula.numerator": "Zähler",
    "indicators.formula.denominator": "Nenner",
    "indicators.formula.index.parts": "Bestandteile",
    "indicators.formula.index.without": "Ohne Gebiete",
    "indicators.formula.index.classes": "Klassen",
    "facilities": "Angebote",
    "facilities.editions": "Angebotslisten",
    "facilities.travel_times": "Wegezeiten",
    "reference_values": "Vergleichswerte",
    "goals": "Ziele",
    "conflicts": "Zielkonflikte",
    "conflicts.sides": "Konfliktseiten",
    "goals.versions": "Zielstände",
    "services": "Leistungen",
    "services.costs": "Kosten",
    "services.contribution.also_acting": "Beitrag Mitwirkende",
    "programmes": "Programme",
    "programmes.also_acting": "Mitwirkende",
    "voices": "Stimmen",
    "scenarios": "Szenarien",
    "scenarios.dose.today": "Szenario Dosis heute",
    "scenarios.effects": "Szenario Wirkungen",
    "scenarios.population": "Szenario Bevölkerung",
    "scenarios.shocks": "Szenario Einschnitte",
    "scenarios.alternatives": "Szenario Alternativen",
    "scenarios.alternatives.dose": "Szenario Dosis",
    "scenarios.refuted_by": "Szenario Widerlegung",
    "scenarios.not_modelled": "Szenario nicht enthalten",
    "releases": "Veröffentlichungen",
    "marks": "Schwellen",
    "marks.thresholds": "Schwellenwerte",
}
_KEYS = ("id", "area_system", "name", "version", "dimension")


@dataclass(frozen=True)
class Column:
    """One column: where its value stands in an item, and how cells hold it.

    `kind` is text, int, float, bool, date, choice, list (one entry per line), one_or_list, lists
    (`name = a | b` per line), key or json.
    """

    path: Path
    kind: str
    required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()

    @property
    def header(self) -> str:
        """The name in the first row, such as `formula.kind`."""
        return ".".join(self.path)


@dataclass
class Sheet:
    """One sheet: rows are items of a list, led by the keys of the items they belong to.

    `path` is where the list stands in the parent's item. A sheet of a mapping has as many key
    columns as the mapping has levels.
    """

    name: str
    path: Path
    columns: list[Column]
    parent: "Sheet | None" = None
    key: str | None = None
    children: list["Sheet"] = field(default_factory=list)
    mapping: bool = False

    @property
    def title(self) -> str:
        """What stands on the tab."""
        return _TITLES.get(self.name, self.name.replace("_", " "))[-31:]

    @property
    def single(self) -> bool:
        """One row only, such as the municipality itself."""
        return self.parent is None and self.name in SINGLE_FILES

    @property
    def owners(self) -> list["Sheet"]:
        """The sheets above this one whose keys lead its rows, the topmost first."""
        above: list[Sheet] = []
        sheet = self.parent
        while sheet is not None:
            if not sheet.single:
                above.insert(0, sheet)
            sheet = sheet.parent
        return above

    @property
    def headers(self) -> list[str]:
        """All headers: keys of the owners, then the own columns."""
        own = [f"{owner.name}.{owner.key}" for owner in self.owners]
        if self.key == "nr":
            own.append("nr")
        return own + [column.header for column in self.columns]

    def walk(self) -> Iterator["Sheet"]:
        """This sheet and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def root_sheets() -> list[Sheet]:
    """The sheets of all kinds of declarations, each with those of its nested lists below it."""
    singles = {name: SINGLE_FILES[name] for name in sorted(SINGLE_FILES, reverse=True)}
    head = {"municipality": singles.pop("municipality")}
    return [_sheet(name, model) for name, model in (head | KINDS | singles).items()]


def _sheet(name: str, model: type[Declared], path: Path = (), parent: Sheet | None = None) -> Sheet:
    sheet = Sheet(name, path, [], parent)
    _fill(sheet, model, (), required=True)
    own = {column.path: column for column in sheet.columns}
    if not sheet.single and (parent is None or sheet.children):
        sheet.key = next((key for key in _KEYS if (key,) in own and own[(key,)].required), "nr")
    return sheet


def _fill(sheet: Sheet, model: type[Declared], prefix: Path, *, required: bool) -> None:
    for name, info in model.model_fields.items():
        path = (*prefix, info.alias or name)
        kind, inner, optional = _kind(info.annotation)
        needed = required and info.is_required() and not optional
        text = info.description or ""
        child = f"{sheet.name}.{'.'.join(path)}"
        if kind == "model":
            _fill(sheet, inner, path, required=needed)
        elif kind == "models":
            sheet.children.append(_sheet(child, inner, path, sheet))
        elif kind in ("map", "maps"):
            keys = [Column(("key",), "key", True)]
            if kind == "maps":
                keys.append(Column(("key2",), "key", True))
            columns = [*keys, Column(("value",), *_value(inner))]
            sheet.children.append(Sheet(child, path, columns, sheet, mapping=True))
        else:
            choices = tuple(map(str, get_args(inner))) if kind == "choice" else ()
            sheet.columns.append(Column(path, kind, needed, _described(info, text), choices))


def _described(info: FieldInfo, text: str) -> str:
    if text or info.annotation is None:
        return text
    for part in get_args(info.annotation):
        found = _description(part)
        if found:
            return found
    return text


def _description(annotation: Any) -> str:
    for part in getattr(annotation, "__metadata__", ()):
        if isinstance(part, FieldInfo) and part.description:
            return part.description
    return ""


def _value(annotation: Any) -> tuple[str, bool, str, tuple[str, ...]]:
    kind, inner, _ = _kind(annotation)
    return kind, False, "", tuple(map(str, get_args(inner))) if kind == "choice" else ()


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _kind(annotation: Any) -> tuple[str, Any, bool]:
    """Kind of field, the type inside it, and whether it may be None."""
    annotation = _bare(annotation)
    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        parts = list(_alternatives(annotation))
        optional = type(None) in parts
        parts = [part for part in parts if part is not type(None)]
        if len(parts) > 1:
            texts = str in parts and any(get_origin(part) is list for part in parts)
            return ("one_or_list" if texts and len(parts) == 2 else "json"), None, optional
        annotation = parts[0]
    kind, inner = _plain_kind(annotation)
    return kind, inner, optional


def _alternatives(annotation: Any) -> Iterator[Any]:
    bare = _bare(annotation)
    if get_origin(bare) in (Union, types.UnionType):
        for part in get_args(bare):
            yield from _alternatives(part)
    else:
        yield bare


def _plain_kind(annotation: Any) -> tuple[str, Any]:
    scalars = {str: "text", int: "int", float: "float", bool: "bool", date: "date"}
    if annotation in scalars:
        return scalars[annotation], annotation
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        texts = all(isinstance(one, str) for one in inside)
        return ("choice" if texts else "json"), annotation
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        return "model", annotation
    if origin is list:
        kind, inner, _ = _kind(inside[0])
        if kind == "model":
            return "models", inner
        return ("list" if kind in ("text", "choice") else "json"), inner
    if origin is dict:
        kind, inner, _ = _kind(inside[1])
        if kind in ("text", "choice", "float", "int"):
            return "map", inside[1]
        if kind == "map":
            return "maps", inner
        if kind == "list":
            return "lists", inner
    return "json", None
