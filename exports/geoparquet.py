"""Areas with their outlines as one GeoParquet file, for maps in QGIS, DuckDB, R or Python."""

import json
import struct
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

KEY: Final = ("area_system", "area_version", "area_id")
POLYGON, MULTIPOLYGON = 3, 6


def write_areas(areas: pl.DataFrame, outlines: pl.DataFrame, target: Path) -> None:
    """Write all areas, such as `write_areas(areas, outlines, published / "areas.parquet")`.

    `areas` is shaped like `marts.area`; `outlines` has its key and `geometry`, little-endian WKB of
    polygons in degrees of longitude and latitude. One row per area and version in the order of the
    key, members for rows without an area left out; an area without an outline keeps its row with an
    empty geometry. The metadata follow GeoParquet 1.1.0; without `crs` they mean OGC:CRS84.
    """
    frame = (
        areas.filter(~pl.col("is_unassigned"))
        .drop("is_unassigned")
        .join(outlines, on=KEY, how="left", validate="1:1")
        .sort(KEY)
    )
    shapes = [_look(outline) for outline in frame["geometry"].drop_nulls()]
    points = [point for _, found in shapes for point in found]
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted({kind for kind, _ in shapes}),
    }
    if points:
        lons, lats = zip(*points, strict=True)
        column["bbox"] = [min(lons), min(lats), max(lons), max(lats)]
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    table = table.cast(pa.schema([_small(field) for field in table.schema]))
    table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.new")
    pq.write_table(table, part, compression="zstd")
    part.replace(target)


def _small(field: Any) -> Any:
    """Plain text and bytes, which every reader knows, instead of their large variants."""
    plain = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}
    return field.with_type(plain.get(field.type, field.type))


def _look(outline: bytes) -> tuple[str, list[tuple[float, float]]]:
    """The kind of a geometry and all its points."""
    _, kind, count = struct.unpack_from("<BII", outline)
    if kind == POLYGON:
        return "Polygon", _points(outline, 0)[0]
    if kind != MULTIPOLYGON:
        raise ValueError(f"WKB of kind {kind}; outlines are polygons (3) or several of them (6)")
    points, offset = [], 9
    for _ in range(count):
        found, offset = _points(outline, offset)
        points += found
    return "MultiPolygon", points


def _points(outline: bytes, offset: int) -> tuple[list[tuple[float, float]], int]:
    _, _, rings = struct.unpack_from("<BII", outline, offset)
    offset += 9
    points: list[tuple[float, float]] = []
    for _ in range(rings):
        (length,) = struct.unpack_from("<I", outline, offset)
        numbers = struct.unpack_from(f"<{2 * length}d", outline, offset + 4)
        points += zip(numbers[::2], numbers[1::2], strict=True)
        offset += 4 + 16 * length
    return points, offset
