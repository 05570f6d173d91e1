"""The tiny town with residents, outlines and a list of offers, on a plane metre grid."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from orchestration.declarations import read_declarations
from orchestration.declarations.places import degrees
from orchestration.place import Place
from tests.unit.ingest.town import Town, found, layout

# Corner of the town in zone 33, in metres; everything else is measured from there.
EAST, NORTH = 400_000.0, 5_800_000.0
SQUARES = {"0101": (0, 0), "0102": (1000, 0), "0201": (0, 1000)}
EDITION = {
    "valid_on": "2020-12-31",
    "file": "rat.csv",
    "x": "x",
    "y": "y",
    "crs": "EPSG:25833",
}
ACCESS = {"facilities": "rat", "within_metres": 500, "people_live": "evenly_in_area"}
STOCK = {"id": "leute", "name": "Leute", "unit": "Leute", "kind": "stock"}


def at(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the grid."""
    point = degrees(EAST + x, NORTH + y, "EPSG:25833")
    assert point is not None
    return point


def ring(x: float, y: float, width: float = 1000, height: float = 1000) -> list[list[float]]:
    """The corners of a rectangle as GeoJSON has them."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return [list(at(*corner)) for corner in corners]


def geojson(squares: dict[str, list[list[float]]]) -> str:
    """One polygon per area."""
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"area_id": area_id},
                    "geometry": {"type": "Polygon", "coordinates": [corners]},
                }
                for area_id, corners in squares.items()
            ],
        }
    )


def lines(*offers: Sequence[object], columns: str = "id,x,y") -> str:
    """A list of offers with their places on the grid, in eastings and northings."""
    rows = [
        [str(one), f"{EAST + float(str(x)):.2f}", f"{NORTH + float(str(y)):.2f}", *map(str, rest)]
        for one, x, y, *rest in offers
    ]
    return "\n".join([columns, *(",".join(row) for row in rows)]) + "\n"


def town(
    folder: Path,
    offers: str,
    edition: dict[str, Any] | None = None,
    access: dict[str, Any] | None = None,
    *,
    squares: Sequence[str] = tuple(SQUARES),
    files: dict[str, str] | None = None,
    formula: dict[str, Any] | None = None,
    **facilities: Any,
) -> Town:
    """Found the town, declare one access in it and deliver nothing yet."""
    values = [{"measure": "leute", "column": "Leute"}]
    period = {"columns": "Tag", "format": "%Y-%m-%d", "grain": "year"}
    found(folder, layout(values=values, period=period), measures=[STOCK])
    path = folder / "areas" / "raum.yml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))
    if squares:
        system["versions"][0]["areas"][0]["geometry"] = {"file": "umrisse.geojson"}
    indicator = {
        "id": "nahe",
        "department": "amt",
        "name": "Nahe",
        "meaning": "Nahe",
        "unit": "%",
        "formula": {
            "kind": "access",
            "denominator": [{"measure": "leute"}],
            "access": ACCESS | (access or {}),
            **(formula or {}),
        },
    }
    listed = {
        "id": "rat",
        "department": "amt",
        "name": "Rat",
        "editions": [EDITION | (edition or {})],
        **facilities,
    }
    written = {
        "areas/raum.yml": system,
        "indicators/nahe.yml": indicator,
        "facilities/rat.yml": listed,
        "areas/umrisse.geojson": geojson({one: ring(*SQUARES[one]) for one in squares}),
        "facilities/rat.csv": offers,
        **(files or {}),
    }
    for name, content in written.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
    return Town(read_declarations(folder), Place(folder))
