"""Brings an edited workbook into a municipality's folder: `wirkraum workbook import`.

Only files whose content changed are written; what did not change in them keeps its comments.
"""

import csv
import difflib
import io
import json
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from orchestration.declarations.common import Declared
from orchestration.declarations.tree import (
    KINDS,
    SINGLE_FILES,
    DeclarationError,
    Problem,
    read_declarations,
)
from orchestration.declarations.yaml_lines import YamlError, load
from orchestration.ingest.lake import replacing
from orchestration.workbook.cells import WorkbookError
from orchestration.workbook.export import code_delimiter, code_rows, flat
from orchestration.workbook.read import Contents, Thing, read_workbook
from orchestration.workbook.shape import root_sheets

_NOT_DECLARED = shutil.ignore_patterns("deliveries", "store", "var", ".*")


@dataclass
class Imported:
    """What an import changes: files written, new files, files the workbook lacks, lost comments."""

    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    comments: dict[str, list[str]] = field(default_factory=dict)


def bring_in(path: Path, folder: Path, *, dry_run: bool = False) -> Imported:
    """Read a workbook and write the declarations that differ from those in `folder`.

    Everything is checked as a whole before anything is written. Raises WorkbookError with all
    problems, each with its sheet and cell. With `dry_run` nothing is written.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; `wirkraum init` makes one")
    contents = read_workbook(path)
    with tempfile.TemporaryDirectory(prefix="wirkraum-") as temporary:
        planned = Path(temporary) / "planned"
        shutil.copytree(folder, planned, ignore=_NOT_DECLARED)
        outcome = Imported()
        cells: dict[str, dict[str, str]] = {}
        if contents.missing:
            _check_columns(contents, planned)
        for thing in contents.things:
            _plan(thing, planned, outcome, cells)
        _plan_codes(contents, planned, outcome)
        _left(contents, planned, outcome)
        _check(planned, cells)
        if not dry_run:
            for name in [*outcome.changed, *outcome.new]:
                with replacing(folder / name) as target:
                    shutil.copyfile(planned / name, target)
    return outcome


def _check_columns(contents: Contents, planned: Path) -> None:
    """A column may be missing only where no declaration has a value in it."""
    problems = []
    for root in root_sheets():
        model = (SINGLE_FILES if root.single else KINDS)[root.name]
        for thing in (one for one in contents.things if one.kind == root.name):
            path = _path(thing, planned)
            old = _model(path, model) if path.is_file() else None
            if old is None:
                continue
            rows = flat(root, [_dump(old)])
            for sheet in root.walk():
                used = {
                    header
                    for row in rows[sheet.name]
                    for header, cell in zip(sheet.headers, row, strict=True)
                    if cell is not None and (sheet.title, header) in contents.missing
                }
                problems += [
                    f"{sheet.title}!A1: the column {header!r} is missing, but "
                    f"{path.relative_to(planned)} uses it"
                    for header in sorted(used)
                ]
    if problems:
        raise WorkbookError("\n".join(problems))


def _path(thing: Thing, planned: Path) -> Path:
    single = thing.kind in SINGLE_FILES
    stem = planned / thing.kind if single else planned / thing.kind / thing.name
    both = (stem.with_suffix(".yml"), stem.with_suffix(".yaml"))
    return next((one for one in both if one.is_file()), both[0])


def _plan(thing: Thing, planned: Path, outcome: Imported, cells: dict[str, dict[str, str]]) -> None:
    single = thing.kind in SINGLE_FILES
    model = (SINGLE_FILES if single else KINDS)[thing.kind]
    path = _path(thing, planned)
    name = path.relative_to(planned).as_posix()
    cells[name] = {_dotted(location): cell for location, cell in thing.cells.items()}
    if not path.is_file():
        if single and not thing.data:
            return
        path.parent.mkdir(exist_ok=True)
        path.write_text(_plain_yaml(thing.data), encoding="utf-8")
        outcome.new.append(name)
        return
    old, new = _model(path, model), _validated(thing.data, model)
    if old is not None and old == new:
        return
    before = path.read_text(encoding="utf-8")
    after = None
    if old is not None and new is not None:
        after = _merged(before, _dump(old), _dump(new))
        path.write_text(after, encoding="utf-8")
        if _model(path, model) != new:
            after = None
    if after is None:
        path.write_text(_plain_yaml(thing.data), encoding="utf-8")
    outcome.changed.append(name)
    lost = Counter(_comments(before)) - Counter(_comments(path.read_text(encoding="utf-8")))
    if lost:
        outcome.comments[name] = sorted(lost.elements())


def _model(path: Path, model: type[Declared]) -> Declared | None:
    try:
        data, _ = load(path)
    except YamlError:
        return None
    return _validated({} if data is None else data, model)


def _validated(data: Any, model: type[Declared]) -> Declared | None:
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _dump(model: Declared) -> dict[str, Any]:
    return model.model_dump(mode="python", by_alias=True, exclude_defaults=True)


def _plain_yaml(data: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text


def _comments(text: str) -> list[str]:
    return [found[1].strip() for found in re.finditer(r"(?:^|\s)#\s?(.*)$", text, re.MULTILINE)]


def _merged(text: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    """The file's text with what differs between `old` and `new` set, and all else left alone."""
    yaml_ = YAML()
    yaml_.preserve_quotes = True
    yaml_.width = 100
    yaml_.indent(mapping=2, sequence=4, offset=2)
    tree = yaml_.load(text)
    shared = Counter[int]()
    _count(tree, shared)
    _merge(tree, old, new, shared)
    out = io.StringIO()
    yaml_.dump(tree, out)
    return out.getvalue()


def _count(node: Any, shared: Counter[int]) -> None:
    """How often each node is used: an anchor's node stands in several places."""
    if isinstance(node, CommentedMap | CommentedSeq):
        shared[id(node)] += 1
        if shared[id(node)] == 1:
            for child in node.values() if isinstance(node, CommentedMap) else node:
                _count(child, shared)


def _merge(node: Any, old: Any, new: Any, shared: Counter[int]) -> None:
    for key in [key for key in old if key not in new]:
        if key in node:
            del node[key]
    for key, value in new.items():
        if key in old and old[key] == value and type(old[key]) is type(value):
            continue
        _place(node, key, node.get(key), old.get(key), value, shared)


def _place(node: Any, key: Any, child: Any, old: Any, new: Any, shared: Counter[int]) -> None:
    """Set one value, going into it where the file holds it on its own in the same form."""
    own = child is not None and shared[id(child)] <= 1
    if own and isinstance(child, CommentedMap) and isinstance(old, dict) and isinstance(new, dict):
        _merge(child, old, new, shared)
    elif own and isinstance(child, CommentedSeq) and isinstance(old, list) and _matches(child, old):
        _merge_list(child, old, new, shared) if isinstance(new, list) else None
        if not isinstance(new, list):
            node[key] = _fresh(new)
    else:
        node[key] = _fresh(new)


def _matches(child: CommentedSeq, old: list[Any]) -> bool:
    return len(child) == len(old)


def _merge_list(node: Any, old: list[Any], new: list[Any], shared: Counter[int]) -> None:
    texts = [[json.dumps(one, default=str, sort_keys=True) for one in some] for some in (old, new)]
    matcher = difflib.SequenceMatcher(None, texts[0], texts[1], autojunk=False)
    for tag, start, end, first, last in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        paired = min(end - start, last - first)
        for position in range(start + paired, end)[::-1]:
            del node[position]
        for offset, value in enumerate(new[first + paired : last]):
            node.insert(start + paired + offset, _fresh(value))
        for offset in range(paired):
            at = start + offset
            _place(node, at, node[at], old[at], new[first + offset], shared)


def _fresh(value: Any) -> Any:
    """A value as new YAML: short mappings in one line, texts quoted where they would be misread."""
    if isinstance(value, dict):
        made = CommentedMap({_fresh(key): _fresh(one) for key, one in value.items()})
        if len(value) <= 4 and not any(isinstance(one, dict | list) for one in value.values()):
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        items = CommentedSeq([_fresh(one) for one in value])
        if not any(isinstance(one, dict | list) for one in value):
            items.fa.set_flow_style()
        return items
    if isinstance(value, str) and (not value or _misread(value)):
        return DoubleQuotedScalarString(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _misread(text: str) -> bool:
    try:
        return bool(yaml.safe_load(text) != text)
    except (yaml.YAMLError, ValueError):
        return True


def _plan_codes(contents: Contents, planned: Path, outcome: Imported) -> None:
    for name, rows in contents.codes.items():
        path = planned / "codes" / f"{name}.csv"
        fields = list(
            dict.fromkeys(["code", "name_de", "name_en", *(k for row in rows for k in row)])
        )
        delimiter, newline = ",", "\n"
        if path.is_file():
            before = code_rows(path)
            if _filled(before) == _filled(rows):
                continue
            raw = path.read_bytes().decode("utf-8-sig")
            delimiter = code_delimiter(raw)
            newline = "\r\n" if "\r\n" in raw else "\n"
            known = list(before[0]) if before else []
            fields = known + [one for one in fields if one not in known and _used(rows, one)]
            outcome.changed.append(path.relative_to(planned).as_posix())
        else:
            path.parent.mkdir(exist_ok=True)
            outcome.new.append(path.relative_to(planned).as_posix())
        out = io.StringIO()
        writer = csv.DictWriter(
            out, fields, delimiter=delimiter, lineterminator=newline, restval=""
        )
        writer.writeheader()
        writer.writerows(rows)
        path.write_bytes(out.getvalue().encode())


def _used(rows: list[dict[str, str]], name: str) -> bool:
    return any(row.get(name) for row in rows)


def _filled(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{key: value.strip() for key, value in row.items() if value and value.strip()}
            for row in rows]  # fmt: skip


def _left(contents: Contents, planned: Path, outcome: Imported) -> None:
    """Files that declare something the workbook does not have; they stay."""
    known = {(thing.kind, thing.name) for thing in contents.things}
    for kind in KINDS:
        for path in sorted((planned / kind).glob("*.y*ml")):
            if (kind, path.stem) not in known:
                outcome.left.append(path.relative_to(planned).as_posix())
    for path in sorted((planned / "codes").glob("*.csv")):
        if path.stem not in contents.codes and code_rows(path):
            outcome.left.append(path.relative_to(planned).as_posix())


def _check(planned: Path, cells: dict[str, dict[str, str]]) -> None:
    try:
        read_declarations(planned)
    except DeclarationError as error:
        raise WorkbookError(
            "\n".join(dict.fromkeys(_in_cells(problem, cells) for problem in error.problems))
        ) from None


def _in_cells(problem: Problem, cells: dict[str, dict[str, str]]) -> str:
    known = cells.get(problem.file)
    if known is None:
        return str(problem)
    where = problem.field
    while where and where not in known:
        where = re.sub(r"(\[\d+\]|\.?[^.\[\]]+)$", "", where)
    cell = known.get(where) or known.get("", problem.file)
    inner = problem.field[len(where) :].lstrip(".")
    return f"{cell}: {inner + ': ' if inner else ''}{problem.message}"


def _dotted(location: tuple[str | int, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).lstrip(".")
