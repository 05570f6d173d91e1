"""What programmes may have changed: declarations and values as `forecasting.effects` takes them."""

from itertools import combinations
from typing import Final

import polars as pl

from forecasting.effects.looking_back import effects
from orchestration.city import City
from orchestration.declarations.outlines import rings
from orchestration.declarations.programmes import Programme
from orchestration.declarations.tree import Declarations

PAIR_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(("programme_id", "indicator_id", "group_id", "kind", "unit"), pl.String()),
        "lag_years": pl.Float64(),
        "last_day": pl.Date(),
        "chosen_by": pl.String(),
    }
)
PLACE_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(
            ("programme_id", "area_system", "area_version", "level", "area_id"), pl.String()
        ),
        "is_whole": pl.Boolean(),
        "since": pl.Date(),
        "strength": pl.Float64(),
    }
)
NEIGHBOUR_SCHEMA: Final = pl.Schema(
    dict.fromkeys(("area_system", "area_version", "area_id", "neighbour_id"), pl.String())
)
# Corners are the same where neighbours share their border; written anew they differ by less.
_DIGITS: Final = 6


def effects_of(city: City, values: pl.DataFrame) -> pl.DataFrame:
    """All pairs of a programme and one of its indicators (`EFFECT_SCHEMA`).

    `values` are those of `indicator_value` in today's borders, as they will be published, with the
    `level` of their area.
    """
    pairs, places = pairs_of(city.declarations), places_of(city.declarations)
    wanted = values.join(pairs.select("indicator_id"), on="indicator_id", how="semi").sort(
        "indicator_id", *PLACE_SCHEMA.names()[1:5], "grain", "period_start", "group_id"
    )
    near = neighbours_of(city.declarations, places)
    return effects(wanted, pairs, places, near, as_of=city.known_on)


def pairs_of(declarations: Declarations) -> pl.DataFrame:
    """Every programme with every indicator it names (`PAIR_SCHEMA`), both sorted."""
    rows = []
    for _, one in sorted(declarations.programmes.items()):
        for name in sorted(set(one.indicators)):
            indicator = declarations.indicators[name]
            lag = one.logic.lag_years
            rows.append(
                (
                    one.id,
                    name,
                    one.group,
                    indicator.formula.kind,
                    indicator.unit,
                    indicator.lag_years if lag is None else lag,
                    one.end,
                    one.chosen_by,
                )
            )
    return pl.DataFrame(rows, schema=PAIR_SCHEMA, orient="row")


def places_of(declarations: Declarations) -> pl.DataFrame:
    """Where every programme is (`PLACE_SCHEMA`), in today's borders; the city where it is all."""
    systems = declarations.area_systems.values()
    areas = pl.concat(
        declarations.register.of(one.area_system, one.current.version) for one in systems
    ).filter(~pl.col("is_unassigned"))
    rows = []
    for _, one in sorted(declarations.programmes.items()):
        found = _areas(one, areas)
        is_whole = not one.areas
        for area in found.sort("area_id").iter_rows(named=True):
            code = area["area_id"]
            rows.append(
                (
                    one.id,
                    *(area[name] for name in ("area_system", "area_version", "level")),
                    code,
                    is_whole,
                    one.began.get(code, one.start),
                    one.strength.get(code, 1.0),
                )
            )
    return pl.DataFrame(rows, schema=PLACE_SCHEMA, orient="row")


def _areas(one: Programme, areas: pl.DataFrame) -> pl.DataFrame:
    """The areas of a programme on one level: the finest it names, the city where it names none."""
    if not one.areas:
        return areas.filter(pl.col("level_rank") == pl.col("level_rank").max()).head(1)
    found = areas.filter(pl.col("area_id").is_in(sorted(one.areas)))
    if found.is_empty():
        # Areas of older borders only: nothing of today can be compared.
        return found
    found = found.filter(pl.col("area_system") == pl.col("area_system").min())
    finest = found["level_rank"].min()
    system = found["area_system"][0]
    while (coarse := found.filter(pl.col("level_rank") > finest)).height:
        inside = areas.filter(
            pl.col("area_system") == system, pl.col("parent_id").is_in(coarse["area_id"].to_list())
        )
        found = pl.concat([found.filter(pl.col("level_rank") <= finest), inside]).unique("area_id")
    return found


def neighbours_of(declarations: Declarations, places: pl.DataFrame) -> pl.DataFrame:
    """Areas that share a corner (`NEIGHBOUR_SCHEMA`), both ways, on the levels of programmes."""
    level = ["area_system", "area_version", "level"]
    key = ["area_system", "area_version", "area_id"]
    wanted = declarations.register.areas.join(
        places.filter(~pl.col("is_whole")).select(level).unique(), on=level, how="semi"
    )
    at: dict[tuple[str, str, str, float, float], set[str]] = {}
    outlines = declarations.register.outlines.join(wanted.select(*key, "level"), on=key)
    for system, version, area, outline, rank in outlines.select(
        *key, "geometry", "level"
    ).iter_rows():
        for ring in rings(outline):
            for longitude, latitude in set(map(tuple, ring.round(_DIGITS).tolist())):
                at.setdefault((system, version, rank, longitude, latitude), set()).add(area)
    found = {
        (corner[0], corner[1], *pair)
        for corner, areas in at.items()
        for one, other in combinations(sorted(areas), 2)
        for pair in ((one, other), (other, one))
    }
    return pl.DataFrame(sorted(found), schema=NEIGHBOUR_SCHEMA, orient="row")
