"""Reads a municipality's folder as a whole and says everything that is wrong with it at once."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from orchestration.declarations.areas import AreaSystem
from orchestration.declarations.city_models import CityModel, check_model, read_models
from orchestration.declarations.codes import CodeEntry, CodeListError, read_codes
from orchestration.declarations.common import Declared
from orchestration.declarations.conflicts import Conflict
from orchestration.declarations.corrections import Correction, CorrectionsError, read_corrections
from orchestration.declarations.dialogues import Dialogue
from orchestration.declarations.facilities import FacilityList
from orchestration.declarations.goals import Goal
from orchestration.declarations.groups import TargetGroup
from orchestration.declarations.indicators import Indicator
from orchestration.declarations.marks import Marks
from orchestration.declarations.municipality import Municipality
from orchestration.declarations.places import Places, PlacesError, read_places
from orchestration.declarations.programmes import Programme
from orchestration.declarations.reference_values import ReferenceValues
from orchestration.declarations.register import AreaRegister, RegisterError, read_register
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.scenarios import Scenario
from orchestration.declarations.services import Service
from orchestration.declarations.sources import Measure, Source
from orchestration.declarations.voices import Voice
from orchestration.declarations.yaml_lines import Location, YamlError, load

ModelT = TypeVar("ModelT", bound=Declared)


class Problem(NamedTuple):
    """One thing that is wrong: where, what was found and what would be right."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return (
            f"{place}  {self.field}: {self.message}" if self.field else f"{place}  {self.message}"
        )


class DeclarationError(Exception):
    """The declarations cannot be used; `problems` lists every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        count = len(problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the declarations:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


@dataclass(frozen=True)
class Declarations:
    """Everything a municipality has written, checked and cross-checked."""

    folder: Path
    municipality: Municipality
    area_systems: Mapping[str, AreaSystem]
    register: AreaRegister
    codes: Mapping[str, list[CodeEntry]]
    groups: Mapping[str, TargetGroup]
    sources: Mapping[str, Source]
    indicators: Mapping[str, Indicator]
    goals: Mapping[str, Goal]
    services: Mapping[str, Service]
    programmes: Mapping[str, Programme]
    marks: Marks
    releases: Mapping[str, ReleaseProfile]
    dialogues: Mapping[str, Dialogue] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    voices: Mapping[str, Voice] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    facilities: Mapping[str, FacilityList] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    models: Mapping[str, CityModel] = field(default_factory=dict)
    reference_values: Mapping[str, ReferenceValues] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)

    @property
    def measures(self) -> dict[str, tuple[Source, Measure]]:
        """Every measure with the source that owns it."""
        return {
            measure.id: (source, measure)
            for source in self.sources.values()
            for measure in source.measures
        }


KINDS: dict[str, type[Declared]] = {
    "areas": AreaSystem,
    "groups": TargetGroup,
    "sources": Source,
    "indicators": Indicator,
    "goals": Goal,
    "services": Service,
    "programmes": Programme,
    "releases": ReleaseProfile,
    "dialogues": Dialogue,
    "conflicts": Conflict,
    "voices": Voice,
    "facilities": FacilityList,
    "reference_values": ReferenceValues,
    "scenarios": Scenario,
}
SINGLE_FILES: dict[str, type[Declared]] = {"municipality": Municipality, "marks": Marks}


@dataclass
class _Reader:
    """Collects models, the lines they stand on and the problems on the way."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    lines: dict[tuple[str, str], tuple[str, dict[Location, int]]] = field(default_factory=dict)

    def add(self, file: str, line: int, where: str, message: str) -> None:
        self.problems.append(Problem(file, line, where, message))

    def at(self, kind: str, name: str, location: Location, message: str) -> None:
        """Note a problem in an already read declaration, at the nearest known line."""
        file, lines = self.lines[(kind, name)]
        self.add(file, _line(lines, location), _dotted(location), message)

    def one(self, path: Path, model: type[ModelT]) -> tuple[ModelT, dict[Location, int]] | None:
        file = path.relative_to(self.folder).as_posix()
        try:
            data, lines = load(path)
        except YamlError as error:
            self.add(file, error.line, "", str(error))
            return None
        try:
            return model.model_validate({} if data is None else data), lines
        except ValidationError as error:
            for detail in error.errors():
                location = _without_tags(detail["loc"], data)
                self.add(file, _line(lines, location), _dotted(location), _say(detail, model))
            return None

    def many(self, kind: str, model: type[ModelT]) -> dict[str, ModelT]:
        found: dict[str, ModelT] = {}
        for path in sorted((self.folder / kind).glob("*.y*ml")):
            file = path.relative_to(self.folder).as_posix()
            read = self.one(path, model)
            if read is None:
                continue
            declared, lines = read
            name = str(getattr(declared, "id", None) or getattr(declared, "area_system", ""))
            if path.stem != name:
                self.add(file, 1, "id", f"found {name!r}; the file's name asks for {path.stem!r}")
            elif name in found:
                self.add(file, 1, "id", f"{name!r} is declared twice, .yml and .yaml")
            found[name] = declared
            self.lines[(kind, name)] = (file, lines)
        return found


def read_declarations(folder: Path) -> Declarations:
    """Read and check a municipality, such as `read_declarations(Path("examples/musterstadt"))`.

    Raises DeclarationError with all problems of all files together: not YAML, unknown or missing
    fields, wrong types, and references to departments, areas, codes, measures or indicators that
    nobody declared.
    """
    reader = _Reader(folder)
    path = folder / "municipality.yml"
    if not path.is_file():
        raise DeclarationError(
            [Problem("municipality.yml", 1, "", f"missing in {folder}; `wirkraum init` writes one")]
        )
    head = reader.one(path, Municipality)
    marks_path = folder / "marks.yml"
    marks = reader.one(marks_path, Marks) if marks_path.is_file() else None
    area_systems = reader.many("areas", AreaSystem)
    declared = {
        "groups": reader.many("groups", TargetGroup),
        "sources": reader.many("sources", Source),
        "indicators": reader.many("indicators", Indicator),
        "goals": reader.many("goals", Goal),
        "services": reader.many("services", Service),
        "programmes": reader.many("programmes", Programme),
        "releases": reader.many("releases", ReleaseProfile),
        "dialogues": reader.many("dialogues", Dialogue),
        "conflicts": reader.many("conflicts", Conflict),
        "voices": reader.many("voices", Voice),
        "facilities": reader.many("facilities", FacilityList),
        "reference_values": reader.many("reference_values", ReferenceValues),
        "scenarios": reader.many("scenarios", Scenario),
    }
    corrections = _read_corrections(reader)
    models = _read_models(reader)
    codes = _read_code_lists(reader)
    register = _read_register(reader, area_systems)
    places = _read_places(reader, declared["facilities"], register, area_systems)  # type: ignore[arg-type]
    if head is None or reader.problems:
        raise DeclarationError(reader.problems)
    reader.lines[("municipality", "")] = ("municipality.yml", head[1])
    if marks is not None:
        reader.lines[("marks", "")] = ("marks.yml", marks[1])
    declarations = Declarations(
        folder=folder,
        municipality=head[0],
        area_systems=area_systems,
        register=register,
        codes=codes,
        marks=marks[0] if marks else Marks(),
        corrections=tuple(corrections),
        places=places,
        models=models,
        **declared,  # type: ignore[arg-type]
    )
    from orchestration.declarations.references import check_references

    check_references(declarations, reader.at)
    if not reader.problems:
        _check_models(declarations, reader)
    if reader.problems:
        raise DeclarationError(reader.problems)
    return declarations


def _check_models(declarations: Declarations, reader: _Reader) -> None:
    """What a model may not do or lacks, at its own lines."""
    by_model = {one.formula.model: one for one in declarations.indicators.values()}
    for model in declarations.models.values():

        def report(line: int, message: str, file: str = model.file) -> None:
            reader.add(file, line, "", message)

        check_model(model, by_model[model.name], report)


def _read_code_lists(reader: _Reader) -> dict[str, list[CodeEntry]]:
    codes: dict[str, list[CodeEntry]] = {}
    for path in sorted((reader.folder / "codes").glob("*.csv")):
        try:
            codes[path.stem] = read_codes(path)
        except CodeListError as error:
            reader.add(path.relative_to(reader.folder).as_posix(), error.line, "", str(error))
    return codes


def _read_corrections(reader: _Reader) -> list[Correction]:
    path = reader.folder / "corrections.csv"
    if not path.is_file():
        return []
    try:
        corrections = read_corrections(path)
    except CorrectionsError as error:
        for line, column, message in error.problems:
            reader.add(path.name, line, column, message)
        return []
    for one in corrections:
        reader.lines[("corrections", str(one.line))] = (path.name, {(): one.line})
    return corrections


def _read_models(reader: _Reader) -> dict[str, CityModel]:
    models: dict[str, CityModel] = {}
    for found in read_models(reader.folder):
        if isinstance(found, CityModel):
            models[found.name] = found
            reader.lines[("models", found.name)] = (found.file, {})
        else:
            file, message = found
            reader.add(file, 1, "", message)
    return models


def _read_register(reader: _Reader, systems: Mapping[str, AreaSystem]) -> AreaRegister:
    try:
        return read_register(reader.folder / "areas", list(systems.values()))
    except RegisterError as error:
        for system, location, message in error.problems:
            reader.at("areas", system, location, message)
        return AreaRegister.empty()


def _read_places(
    reader: _Reader,
    lists: Mapping[str, FacilityList],
    register: AreaRegister,
    systems: Mapping[str, AreaSystem],
) -> Places:
    try:
        return read_places(reader.folder / "facilities", lists, register, systems)
    except PlacesError as error:
        for one, location, message in error.problems:
            reader.at("facilities", one, location, message)
        return Places()


def _line(lines: Mapping[Location, int], location: Location) -> int:
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location, 1)


def _dotted(location: Location) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).lstrip(".")


def _without_tags(location: tuple[Any, ...], data: Any) -> Location:
    """Drop the parts pydantic adds for unions, which the reader of the file never wrote."""
    kept: list[str | int] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if isinstance(data, Mapping) and (part in data or last):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        kept.append(part)
    return tuple(kept)


def _say(detail: Any, model: type[Declared]) -> str:
    kind, found = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        name = str(detail["loc"][-1])
        close = difflib.get_close_matches(name, sorted(_field_names(model)), n=1)
        return f"unknown field {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
    if kind == "missing":
        return "is missing and needed"
    message = detail["msg"].removeprefix("Value error, ")
    if isinstance(found, str | int | float | bool):
        return f"found {found!r}; {message}"
    return str(message)


def _field_names(model: type[Declared]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield info.alias or name
        for part in _models_in(info.annotation):
            yield from _field_names(part)


def _models_in(annotation: Any) -> Iterator[type[Declared]]:
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)
