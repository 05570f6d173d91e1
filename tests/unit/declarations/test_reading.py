"""Declarations are read as a whole; every mistake is shown with its place and a way out."""

from pathlib import Path

import pytest

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.schemas import FOLDER, schemas
from orchestration.template import create


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A small municipality that is in order."""
    create(tmp_path / "town")
    return tmp_path / "town"


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _problems(town: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        read_declarations(town)
    return str(caught.value)


def test_schemas_are_those_of_the_models() -> None:
    """When stale: `python -m orchestration.declarations.schemas`."""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert written == schemas()


def test_several_mistakes_are_shown_together_with_their_lines(town: Path) -> None:
    _replace(town / "sources" / "einwohner.yml", "\nlayouts:", "\nlayuots:")
    _replace(town / "municipality.yml", "name:", "nmae:")
    said = _problems(town)
    assert "sources/einwohner.yml:" in said
    assert "unknown field 'layuots'; did you mean 'layouts'?" in said
    assert "unknown field 'nmae'; did you mean 'name'?" in said


def test_a_reference_nobody_declares_gets_a_suggestion(town: Path) -> None:
    path = town / "indicators" / "beratungen_je_1000.yml"
    _replace(path, "measure: einwohner", "measure: einwonher")
    said = _problems(town)
    assert "found measure 'einwonher', which nobody declares; did you mean 'einwohner'?" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id: x\nid: y\n", "'id' stands twice"),
        (b"name: \xe4\n", "not UTF-8"),
        (b"id: [x\n", "expected"),
    ],
)
def test_files_that_are_no_yaml(town: Path, content: bytes, message: str) -> None:
    (town / "municipality.yml").write_bytes(content)
    assert message in _problems(town)


def test_a_folder_without_municipality(tmp_path: Path) -> None:
    assert "`wirkraum init` writes one" in _problems(tmp_path)


def test_an_unknown_threshold_names_the_known_ones(town: Path) -> None:
    (town / "marks.yml").write_text("thresholds: {M01: {hinweiss: 0.3}}\n", encoding="utf-8")
    assert "did you mean 'hinweis'?" in _problems(town)


def test_public_releases_are_protected_by_default(town: Path) -> None:
    assert read_declarations(town).releases["public"].minimum_count == 5
