"""Invented outlines of Musterstadt: a bent grid in which every quarter owns some cells.

Districts, city areas and the city are the outer edge of their quarters' cells, so that neighbours
share their border exactly and the boundary change of 2020 moves whole quarters.
"""

import json
from typing import Final

import numpy as np

from examples.musterstadt.city import CITY, CITY_AREAS, NEW, OLD, QUARTERS, code, districts

# Codes of 2020, from north to south; E is the east of Mühlanger, which joined Auwinkel.
MAP: Final = (
    "0201 0201 0203 0206 0204 0205",
    "0401 0202 0202 0106 0104 0205",
    "0405 0403 0101 0102 0103 0301",
    "0402 0404 0105 0105 0303 0302",
    "0406 0306 0305 E    0304 0304",
)
# Somewhere in the middle of Germany, where no such city is; about a kilometre per cell.
WEST, NORTH, WIDTH, HEIGHT = 10.0, 51.05, 0.0145, 0.009
BEND: Final = 0.28
SEED: Final = 2015

Cell = tuple[int, int]
Point = tuple[int, int]


def outline_files() -> dict[str, bytes]:
    """File name and GeoJSON bytes for both versions; the same every time."""
    where = corners()
    return {f"umrisse_{version}.geojson": _geojson(version, where) for version in (OLD, NEW)}


def corners() -> list[list[tuple[float, float]]]:
    """Longitude and latitude of every corner of the grid, each moved a little."""
    rows, columns = len(MAP), len(MAP[0].split())
    moved = np.random.default_rng(SEED).uniform(-BEND, BEND, (rows + 1, columns + 1, 2))
    return [
        [
            (
                round(WEST + (column + float(moved[row, column, 0])) * WIDTH, 5),
                round(NORTH - (row + float(moved[row, column, 1])) * HEIGHT, 5),
            )
            for column in range(columns + 1)
        ]
        for row in range(rows + 1)
    ]


def cells_of_quarters() -> dict[str, list[Cell]]:
    """The cells of every quarter, by its name."""
    names = {quarter.new: quarter.name for quarter in QUARTERS if quarter.name != "Mühlanger-Ost"}
    names["E"] = "Mühlanger-Ost"
    cells: dict[str, list[Cell]] = {}
    for row, line in enumerate(MAP):
        for column, word in enumerate(line.split()):
            cells.setdefault(names[word], []).append((row, column))
    return cells


def _geojson(version: str, corners: list[list[tuple[float, float]]]) -> bytes:
    cells = cells_of_quarters()
    areas: list[tuple[str, str, str, list[Cell]]] = [
        (CITY, "stadt", "Musterstadt", [cell for many in cells.values() for cell in many])
    ]
    for area, name in CITY_AREAS.items():
        inside = [quarter.name for quarter in QUARTERS if quarter.city_area == area]
        areas.append((area, "stadtgebiet", name, [c for one in inside for c in cells[one]]))
    for area, name in districts(version).items():
        inside = [quarter.name for quarter in QUARTERS if code(quarter, version) == area]
        areas.append((area, "stadtteil", name, [c for one in inside for c in cells[one]]))
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"area_id": area_id, "level": level, "name": name},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[corners[row][column] for row, column in _edge(owned)]],
                },
            },
            ensure_ascii=False,
        )
        for area_id, level, name, owned in areas
    ]
    lines = ",\n".join(features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'.encode()


def _edge(cells: list[Cell]) -> list[Point]:
    """The corners around cells that hang together, against the clock and closed."""
    walked: set[tuple[Point, Point]] = set()
    for row, column in cells:
        around = [(row + 1, column), (row + 1, column + 1), (row, column + 1), (row, column)]
        walked |= set(zip(around, [*around[1:], around[0]], strict=True))
    # A side that two cells share is walked both ways and lies inside.
    outer = [(start, end) for start, end in walked if (end, start) not in walked]
    steps = dict(outer)
    assert len(steps) == len(outer), "cells touch at a corner only"
    first = min(steps)
    edge = [first]
    while len(edge) == 1 or edge[-1] != first:
        edge.append(steps.pop(edge[-1]))
    assert not steps, "the cells do not hang together or leave a hole"
    return edge
