"""Outlines of areas: read from GeoJSON, checked, and packed as well-known binary (WKB)."""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

OUTLINE_SCHEMA = {
    "area_system": pl.String,
    "area_version": pl.String,
    "area_id": pl.String,
    "geometry": pl.Binary,
}
# How GeoJSON names longitude and latitude on WGS 84, also before RFC 7946.
WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")
Ring = list[tuple[float, float]]
Corners = npt.NDArray[np.float64]


class BadOutline(Exception):
    """An outline that cannot be used; the message says which and why."""


def outlines_of(
    text: str, file: str, property_name: str, level: str
) -> Iterator[tuple[str, bytes]]:
    """Code and outline (WKB, longitude before latitude) of every area in a GeoJSON text.

    Features with a property `level` count for that level only. Raises BadOutline where the text
    is no collection of polygons in degrees of longitude and latitude, or an area stands twice.
    """
    seen: set[str] = set()
    for number, feature in enumerate(_features(text, file), start=1):
        where = f"{file!r}, feature {number}"
        found = feature.get("properties") if isinstance(feature, Mapping) else None
        properties = found if isinstance(found, Mapping) else {}
        if property_name not in properties:
            names = ", ".join(map(repr, properties)) or "none at all"
            raise BadOutline(f"{where} has no property {property_name!r}; it has {names}")
        if properties.get("level", level) != level:
            continue
        area_id = str(properties[property_name])
        if area_id in seen:
            raise BadOutline(f"{where}: area {area_id!r} has an outline already; one each")
        seen.add(area_id)
        yield area_id, _wkb(feature.get("geometry"), f"{where} (area {area_id!r})")


def land_of(text: str, file: str) -> list[bytes]:
    """All polygons of a GeoJSON text (WKB), whatever their properties, as of inhabited land.

    Raises BadOutline as `outlines_of` does, and where there is none.
    """
    features = _features(text, file)
    if not features:
        raise BadOutline(f"{file!r} has no polygon")
    return [
        _wkb(
            feature.get("geometry") if isinstance(feature, Mapping) else None, f"{file!r}, {place}"
        )
        for place, feature in ((f"feature {n}", one) for n, one in enumerate(features, start=1))
    ]


def _features(text: str, file: str) -> list[Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise BadOutline(f"{file!r} is no GeoJSON: {error}") from None
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise BadOutline(f"{file!r} is no GeoJSON with features")
    crs = content.get("crs")
    if crs is not None and not json.dumps(crs).rstrip('"} ').endswith(WGS84):
        raise BadOutline(
            f"{file!r} is in the coordinates {json.dumps(crs)}; outlines are in degrees of "
            "longitude and latitude (WGS 84), as GeoJSON wants them"
        )
    return features


def _wkb(geometry: Any, where: str) -> bytes:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        raise BadOutline(
            f"{where}: found {kind or geometry!r}; an outline is Polygon, MultiPolygon"
        )
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(parts, list) or not parts:
        raise BadOutline(f"{where}: an outline without coordinates")
    polygons = [_polygon([_ring(ring, where) for ring in _rings(part, where)]) for part in parts]
    if kind == "Polygon":
        return polygons[0]
    return struct.pack("<BII", 1, 6, len(polygons)) + b"".join(polygons)


def _rings(part: Any, where: str) -> list[Any]:
    if not isinstance(part, list) or not part:
        raise BadOutline(f"{where}: a polygon without a ring")
    return part


def _ring(points: Any, where: str) -> Ring:
    try:
        ring = [(float(point[0]), float(point[1])) for point in points]
    except (TypeError, ValueError, LookupError, OverflowError):
        raise BadOutline(f"{where}: a point is not a pair of numbers") from None
    for lon, lat in ring:
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise BadOutline(
                f"{where}: found the point {lon}, {lat}; expected degrees of longitude and latitude"
            )
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise BadOutline(f"{where}: a ring has at least four points and ends where it begins")
    return ring


def _polygon(rings: list[Ring]) -> bytes:
    packed = struct.pack("<BII", 1, 3, len(rings))
    for ring in rings:
        packed += struct.pack("<I", len(ring))
        packed += b"".join(struct.pack("<dd", lon, lat) for lon, lat in ring)
    return packed


def rings(outline: bytes) -> list[Corners]:
    """All rings of an outline packed by `outlines_of`, holes included, as points (n, 2)."""
    _, kind, count = struct.unpack_from("<BII", outline)
    offset = 0 if kind == 3 else 9
    found: list[Corners] = []
    for _ in range(1 if kind == 3 else count):
        (many,) = struct.unpack_from("<I", outline, offset + 5)
        offset += 9
        for _ in range(many):
            (length,) = struct.unpack_from("<I", outline, offset)
            numbers = np.frombuffer(outline, "<f8", 2 * length, offset + 4)
            found.append(numbers.reshape(-1, 2))
            offset += 4 + 16 * length
    return found
