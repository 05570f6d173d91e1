"""Outlines of areas: read where they are right, and said what is wrong where they are not."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations import DeclarationError, Declarations, read_declarations
from orchestration.declarations.outlines import BadOutline, outlines_of
from tests.unit.ingest.town import found

SQUARE = [[10.0, 50.0], [11.0, 50.0], [11.0, 51.0], [10.0, 51.0], [10.0, 50.0]]
HOLE = [[10.2, 50.2], [10.4, 50.2], [10.4, 50.4], [10.2, 50.2]]


def feature(area_id: str, geometry: Any = None, **properties: Any) -> dict[str, Any]:
    """One area of a GeoJSON file, a square where nothing else is said."""
    return {
        "type": "Feature",
        "properties": {"area_id": area_id, **properties},
        "geometry": geometry or {"type": "Polygon", "coordinates": [SQUARE]},
    }


def collection(*features: Any, **other: Any) -> str:
    """A GeoJSON file."""
    return json.dumps({"type": "FeatureCollection", "features": features, **other})


def _town(folder: Path, content: str | bytes, **changes: Any) -> Declarations:
    """The tiny town, with outlines declared for its districts."""
    found(folder)
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "areas" / "umrisse.geojson").write_bytes(data)
    path = folder / "areas" / "raum.yml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))
    system["versions"][0]["areas"][1]["geometry"] = {"file": "umrisse.geojson", **changes}
    path.write_text(yaml.safe_dump(system, allow_unicode=True), encoding="utf-8")
    return read_declarations(folder)


def test_outlines_are_read_for_their_level_alone(tmp_path: Path) -> None:
    text = collection(feature("02", level="bezirk"), feature("0101", level="viertel"))
    outlines = _town(tmp_path, gzip.compress(text.encode())).register.outlines
    assert outlines.drop("geometry").rows() == [("raum", "1", "02")]


def test_outlines_are_not_needed(tmp_path: Path) -> None:
    assert found(tmp_path).register.outlines.is_empty()


def test_well_known_binary_is_what_the_standard_says() -> None:
    """Byte order, kind, count, then points: worked out by hand from OGC 06-103r4."""
    ((_, square),) = outlines_of(collection(feature("01")), "f", "area_id", "bezirk")
    assert square[:13].hex() == "01" + "03000000" + "01000000" + "05000000"
    assert square[13:29].hex() == "0000000000002440" + "0000000000004940"
    assert len(square) == 13 + 5 * 16
    several = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [SQUARE]]}
    ((_, both),) = outlines_of(collection(feature("01", several)), "f", "area_id", "bezirk")
    assert both[:9].hex() == "01" + "06000000" + "02000000"
    assert both[9:18].hex() == "01" + "03000000" + "02000000"
    assert both.endswith(square)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "'umrisse.geojson' is no GeoJSON: "),
        ("[]", "'umrisse.geojson' is no GeoJSON with features"),
        (
            collection({"properties": {"id": "01"}}),
            "feature 1 has no property 'area_id'; it has 'id'",
        ),
        (
            collection(feature("01"), feature("01")),
            "feature 2: area '01' has an outline already; one each",
        ),
        (collection(feature("99")), "has outlines of no such area of level 'bezirk': '99'"),
        (
            collection(feature("01", {"type": "Point", "coordinates": [10, 50]})),
            "feature 1 (area '01'): found 'Point'; an outline is Polygon, MultiPolygon",
        ),
        (
            collection(feature("01", {"type": "Polygon", "coordinates": [SQUARE[:-1]]})),
            "a ring has at least four points and ends where it begins",
        ),
        (
            collection(feature("01", {"type": "Polygon", "coordinates": [[[1], [2]]]})),
            "a point is not a pair of numbers",
        ),
        (
            collection(
                feature("01", {"type": "Polygon", "coordinates": [[[388000.0, 5820000.0]] * 4]})
            ),
            "found the point 388000.0, 5820000.0; expected degrees of longitude and latitude",
        ),
        (
            collection(feature("01"), crs={"properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}),
            "outlines are in degrees of longitude and latitude (WGS 84)",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_field(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        _town(tmp_path, content)
    (problem,) = caught.value.problems
    assert problem.file == "areas/raum.yml"
    assert problem.line > 1
    assert "geometry" in problem.field
    assert said in problem.message


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"'fehlt\.geojson' does not exist"):
        _town(tmp_path, "", file="fehlt.geojson")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                ["type", "features", "properties", "geometry", "coordinates", "area_id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_no_file_is_a_surprise(coordinates: Any, whatever: Any) -> None:
    """Anything that is JSON is read or refused in words."""
    geometry = {"type": "Polygon", "coordinates": coordinates}
    for content in (whatever, {"features": [whatever, feature("1", geometry)]}):
        with suppress(BadOutline):
            outlines = dict(outlines_of(json.dumps(content), "f", "area_id", "bezirk"))
            assert all(outline[0] == 1 for outline in outlines.values())
