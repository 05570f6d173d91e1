"""The truth file: what was planted where, how large, and how large it came out in this world.

Only tests and benches read it. Areas are codes of area version 2020 unless `area_version` says
otherwise; `size` is what was planned, `realised` what the draw made of it.
"""

import json
from datetime import date
from typing import Any, Final

import numpy as np

from examples.musterstadt import plants
from examples.musterstadt.city import (
    CITY,
    FIRST_YEAR,
    LAST_YEAR,
    NEW,
    OLD,
    QUARTERS,
    STOCK_YEARS,
    TINY,
    YEARS,
    districts,
    members,
)
from examples.musterstadt.deliveries import BAD_ROWS, by_district
from examples.musterstadt.world import BICYCLE, CELLAR, HOME, World, quarters_in

Planted = dict[str, Any]
Values = np.ndarray[Any, Any]

SYSTEM: Final = "stadtgliederung"
_SPLIT: Final = ("0203", "0305")


def truth_file(world: World, seed: int) -> bytes:
    """The truth of one world as JSON text in UTF-8."""
    content = {
        "seed": seed,
        "area_system": SYSTEM,
        "expected_quarantine": BAD_ROWS,
        "totals": totals(world),
        "true_residents": _true_residents(world),
        "crosswalk": crosswalk(world),
        "planted": [*_effects(world), *_manipulations(world), *_traps(world), *_goals(world)],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def totals(world: World) -> dict[str, dict[str, int]]:
    """Sums of the whole city by measure and year, as a correct warehouse finds them.

    Offences are those of the latest delivery of each year; `visits` are as recorded.
    """
    late = {year: date(year + 1, 7, 15) for year in YEARS} | {LAST_YEAR: date(LAST_YEAR + 1, 1, 20)}
    by_year = world.visits_recorded.reshape(len(QUARTERS), len(YEARS), 12).sum(axis=(0, 2))
    series: dict[str, Values] = {
        "hze_begonnen": world.care.sum(axis=(0, 2)),
        "elternkurs_anmeldungen": world.course_starts.sum(axis=0),
        "elternkurs_abschluesse": world.course_finishes.sum(axis=0),
        "jugendtreff_besuche": by_year,
        "beratungen_begonnen": world.waits_recorded.sum(axis=1),
        "untersuchte_kinder": world.examined.sum(axis=0),
        "sgb2_personen_dezember": world.need[:, :, 1].sum(axis=0),
    }
    sums = {name: _by_year(values) for name, values in series.items()}
    sums["einwohner"] = {
        str(year): int(world.residents[:, i].sum()) for i, year in enumerate(STOCK_YEARS)
    }
    for name, offence in (("fahrraddiebstahl", BICYCLE), ("wohnungseinbruch", HOME)):
        sums[name] = {
            str(year): recorded_offences(world, year, offence, late[year]) for year in YEARS
        }
    return sums


def recorded_offences(world: World, year: int, offence: int, known_on: date) -> int:
    """Offences of a year that stand in a case list written on a day, whole city."""
    events = world.events
    known = _in_year(world, year) & (events.reported <= known_on.toordinal())
    return int((known & (events.recorded_as == offence)).sum())


def crosswalk(world: World) -> list[dict[str, Any]]:
    """True shares of residents of 31.12.2019: what the published weights are rounded from."""
    people = world.residents[:, STOCK_YEARS.index(2019)].sum(axis=(1, 2))
    rows = []
    for old in districts(OLD):
        inside = members(old, OLD)
        for new in sorted({QUARTERS[i].new for i in inside}):
            part = people[[i for i in inside if QUARTERS[i].new == new]].sum()
            rows.append(
                {"from": old, "to": new, "share": round(float(part / people[inside].sum()), 6)}
            )
    return rows


def _by_year(values: Values) -> dict[str, int]:
    return {str(year): int(value) for year, value in zip(YEARS, values, strict=True)}


def _in_year(world: World, year: int) -> Values:
    day = world.events.day
    return (day >= date(year, 1, 1).toordinal()) & (day < date(year + 1, 1, 1).toordinal())


def _true_residents(world: World) -> dict[str, dict[str, int]]:
    """Residents of 2014 to 2019 in today's borders, which no delivery holds."""
    return {
        str(year): {
            one: int(cells.sum())
            for one, cells in by_district(world.residents[:, index], NEW).items()
        }
        for index, year in enumerate(STOCK_YEARS)
        if year < 2020
    }


def _planted(
    identifier: str,
    kind: str,
    sign: str | None,
    indicator: str | None,
    areas: list[str],
    periods: tuple[str, str, str],
    size: float | None,
    note: str,
    **more: Any,
) -> Planted:
    first, last, grain = periods
    return {
        "id": identifier,
        "kind": kind,
        "sign": sign,
        "indicator": indicator,
        "area_version": more.pop("area_version", NEW),
        "areas": areas,
        "periods": {"first": first, "last": last, "grain": grain},
        "size": size,
        "note": note,
        **more,
    }


def _effects(world: World) -> list[Planted]:
    events = world.events
    treated = quarters_in(plants.BICYCLE_AREAS)
    since = date(plants.BICYCLE_SINCE, 1, 1).toordinal()
    thefts = np.isin(events.quarter, treated) & (events.offence == BICYCLE) & (events.day >= since)
    prevented = int(events.prevented_beside.sum())
    happened = int(thefts.sum())
    rate = world.care.sum(axis=2) / world.minors
    family = quarters_in(plants.FAMILY_AREAS)
    chosen, after = plants.FAMILY_SHOCK_YEAR - FIRST_YEAR, slice(2020 - FIRST_YEAR, None)
    return [
        _planted(
            "effekt_radsicher",
            "effect",
            None,
            "fahrraddiebstahl_rate",
            list(plants.BICYCLE_AREAS),
            (f"{plants.BICYCLE_SINCE}-01-01", f"{LAST_YEAR}-12-01", "month"),
            -plants.BICYCLE_PREVENTED,
            "relative change of bicycle thefts; districts were not chosen by their thefts",
            programme="radsicher",
            realised={
                "happened": happened,
                "prevented": prevented,
                "relative": round(-prevented / (happened + prevented), 4),
            },
        ),
        _planted(
            "kein_effekt_familienlotsen",
            "trap",
            "M04",
            "hze_rate",
            list(plants.FAMILY_AREAS),
            ("2019-01-01", f"{LAST_YEAR}-01-01", "year"),
            0.0,
            "no effect; a passing shock of 2018 made these districts the highest of that year",
            programme="familienlotsen",
            realised={
                "shock": round(plants.FAMILY_SHOCK - 1, 4),
                "shock_year": plants.FAMILY_SHOCK_YEAR,
                "shock_cases": int(world.care_shock.sum()),
                "rate_2018": round(float(rate[family, chosen].mean()) * 1000, 2),
                "mean_rate_2020_2024": round(float(rate[family, after].mean()) * 1000, 2),
            },
        ),
        _planted(
            "ungleiche_reichweite_familienlotsen",
            "difference",
            None,
            None,
            list(plants.FAMILY_AREAS),
            (f"{plants.FAMILY_REACH_SINCE}-01-01", f"{LAST_YEAR}-01-01", "year"),
            None,
            "share of children with SGB II benefits whose family is guided, by district",
            programme="familienlotsen",
            planned=dict(plants.FAMILY_REACH),
            realised=_reached(world),
        ),
        _planted(
            "noch_kein_effekt_sprachkita",
            "trap",
            "M11",
            "sprachfoerderbedarf",
            list(plants.LANGUAGE_AREAS),
            ("2022-01-01", f"{LAST_YEAR}-01-01", "year"),
            0.0,
            "too early: the first children reach school entry in 2026",
            programme="sprachkita",
        ),
    ]


def _reached(world: World) -> dict[str, float]:
    """Share reached in the last year, by district."""
    places = {one: quarters_in((one,)) for one in plants.FAMILY_AREAS}
    return {
        one: round(float(world.guided[at, -1].sum() / world.need_children[at, -1, 1].sum()), 4)
        for one, at in places.items()
    }


def _manipulations(world: World) -> list[Planted]:
    moved = (world.waits_recorded - world.waits)[:, slice(plants.WAIT_TO[0], plants.WAIT_TO[1] + 1)]
    events = world.events
    recoded = (events.offence == HOME) & (events.recorded_as == CELLAR)
    homes = (events.offence == HOME) & (events.day >= date(plants.RECODED_SINCE, 1, 1).toordinal())
    pulled = world.visits_recorded - world.visits
    decembers = [12 * (y - FIRST_YEAR) + 11 for y in range(plants.VISITS_SINCE, LAST_YEAR + 1)]
    west = quarters_in(plants.VISITS_AREAS)
    month = plants.COPIED_FROM_MONTH
    return [
        _planted(
            "haeufung_wartezeit",
            "manipulation",
            "G01",
            "schuldnerberatung_28",
            [CITY],
            (f"{plants.WAIT_SINCE}-01-01", f"{LAST_YEAR}-01-01", "year"),
            plants.WAIT_MOVED,
            "share of waits of 29 to 35 days booked as 25 to 28 days",
            target=plants.WAIT_TARGET,
            realised={"moved": _by_year(moved.sum(axis=1))},
        ),
        _planted(
            "sprung_dezember",
            "manipulation",
            "G02",
            "jugendtreff_besuche",
            list(plants.VISITS_AREAS),
            (f"{plants.VISITS_SINCE}-12-01", f"{LAST_YEAR}-12-01", "month"),
            plants.VISITS_PULLED,
            "share of January's visits booked in the December before",
            realised={"visits_moved": int(pulled[west][:, decembers].sum())},
        ),
        _planted(
            "runde_zahlen",
            "manipulation",
            "G04",
            "jugendtreff_besuche",
            list(plants.ROUNDED_AREAS),
            (f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-01", "month"),
            float(plants.ROUNDED_TO),
            "all values rounded to tens",
        ),
        _planted(
            "umgebucht_einbruch",
            "manipulation",
            "G05",
            "wohnungseinbruch",
            [CITY],
            (f"{plants.RECODED_SINCE}-01-01", f"{LAST_YEAR}-12-01", "month"),
            -plants.RECODED_SHARE,
            "burglaries of homes recorded as of cellars; the total is unchanged",
            counterpart="kellereinbruch",
            also="G14",
            realised={
                "recoded": int(recoded.sum()),
                "relative": round(-float(recoded.sum() / homes.sum()), 4),
            },
        ),
        _planted(
            "fortgeschrieben_besuche",
            "manipulation",
            "G12",
            "jugendtreff_besuche",
            [plants.COPIED_AREA],
            (
                f"{plants.COPIED_YEAR}-{month:02d}-01",
                f"{plants.COPIED_YEAR}-{month + plants.COPIED_MONTHS:02d}-01",
                "month",
            ),
            float(plants.COPIED_MONTHS),
            "months that repeat the value of the first one",
        ),
    ]


def _traps(world: World) -> list[Planted]:
    year, month = plants.ONLINE_SINCE
    found = world.conspicuous.sum(axis=0) / world.examined.sum(axis=0)
    online = [one for one in districts(NEW) if one.startswith(plants.ONLINE_CITY_AREA)]
    return [
        *_boundary_traps(),
        _planted(
            "kleine_zahlen_hafeninsel",
            "trap",
            "M01",
            None,
            [TINY],
            (f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-31", "year"),
            float(world.residents[quarters_in((TINY,)), -1].sum()),
            "a district with this many residents: every rate of it swings",
        ),
        _simpson(world),
        _planted(
            "anderer_test",
            "trap",
            "G07",
            "sprachfoerderbedarf",
            list(districts(NEW)),
            (f"{plants.NEW_TEST_SINCE}-01-01", f"{LAST_YEAR}-01-01", "year"),
            plants.NEW_TEST_ADDED,
            "documented change of method: share of children that only the new test finds",
            realised={
                "by_test": _by_year(world.conspicuous_by_test.sum(axis=0)),
                "share": {str(y): round(float(s), 4) for y, s in zip(YEARS, found, strict=True)},
            },
        ),
        _planted(
            "online_anzeige",
            "trap",
            "G07",
            "sachbeschaedigung_rate",
            online,
            (f"{year}-{month:02d}-01", f"{LAST_YEAR}-12-01", "month"),
            round(plants.ONLINE_FACTOR - 1, 4),
            "undocumented: an online form brings more reports in one city area",
        ),
        _swapped(world),
        _incomplete(world),
        _planted(
            "zweite_zaehlung",
            "trap",
            "M13",
            "einwohner",
            [CITY],
            (f"{plants.REGISTER_YEAR}-12-31", f"{plants.REGISTER_YEAR}-12-31", "year"),
            float(plants.REGISTER_EXCESS),
            "control total minus the statistics; equal in every other year",
            control="melderegister_bestand",
        ),
    ]


def _boundary_traps() -> list[Planted]:
    change = ("2020-01-01", "2020-01-01", "year")
    return [
        _planted(
            "gebietsreform",
            "trap",
            "M09",
            None,
            sorted({q.new for q in QUARTERS if q.old in _SPLIT} | {"0304"}),
            change,
            None,
            "one district split, a part of another moved to its neighbour",
            splits={old: sorted({q.new for q in QUARTERS if q.old == old}) for old in _SPLIT},
            raw_weight_loss=plants.RAW_WEIGHT_LOSS,
        ),
        _planted(
            "code_neu_vergeben",
            "trap",
            "M09",
            None,
            sorted(q.new for q in QUARTERS if q.new in districts(OLD) and q.old != q.new
                   and q.old not in _SPLIT),
            change,
            None,
            "the code names another place since 2020; whoever joins by code compares two places",
            places={
                q.name: {OLD: q.old, NEW: q.new}
                for q in QUARTERS
                if q.old != q.new and q.old not in _SPLIT
            },
        ),
    ]  # fmt: skip


def _simpson(world: World) -> Planted:
    hard = np.array([q.need >= plants.COURSE_HARD_NEED for q in QUARTERS])
    starts, finishes = world.course_starts, world.course_finishes

    def change(rows: Values) -> float:
        """Change of the share that finished, from the first two years to the last two."""
        ends = [
            finishes[rows][:, years].sum() / starts[rows][:, years].sum()
            for years in (slice(0, 2), slice(-2, None))
        ]
        return round(float(ends[1] - ends[0]), 4)

    return _planted(
        "simpson_elternkurse",
        "trap",
        "M06",
        "elternkurs_abschlussquote",
        [CITY],
        (f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-01-01", "year"),
        None,
        "the share that finishes rises within both kinds of district and falls in the city",
        harder=sorted({q.new for q in QUARTERS if q.need >= plants.COURSE_HARD_NEED}),
        realised={
            "city": change(np.ones_like(hard)),
            "harder_quarters": change(hard),
            "other_quarters": change(~hard),
        },
    )


def _swapped(world: World) -> Planted:
    index = plants.SWAPPED_YEAR - FIRST_YEAR
    day = f"{plants.SWAPPED_YEAR}-12-31"
    return _planted(
        "vertauschte_zeilen",
        "trap",
        "M03",
        "sgb2_quote",
        list(plants.SWAPPED),
        (day, day, "half_year"),
        None,
        "two lines swapped in the first delivery, put right by a later one",
        corrected_as_of=f"{plants.SWAPPED_YEAR + 1}-09-30",
        realised={
            QUARTERS[i].new: int(world.need[i, index, 1]) for i in quarters_in(plants.SWAPPED)
        },
    )


def _incomplete(world: World) -> Planted:
    events = world.events
    stamp = date(LAST_YEAR + 1, 1, 20).toordinal()
    shares = {}
    for month in (10, 11, 12):
        first = date(LAST_YEAR, month, 1).toordinal()
        after = date(LAST_YEAR + month // 12, month % 12 + 1, 1).toordinal()
        inside = (events.day >= first) & (events.day < after)
        known = inside & (events.reported <= stamp)
        shares[f"{LAST_YEAR}-{month:02d}"] = round(float(known.sum() / inside.sum()), 4)
    return _planted(
        "letzter_zeitraum_unvollstaendig",
        "trap",
        "M02",
        "fahrraddiebstahl_rate",
        [CITY],
        (f"{LAST_YEAR}-10-01", f"{LAST_YEAR}-12-01", "month"),
        shares[f"{LAST_YEAR}-12"],
        "share of the offences of December that the last case list knows; all offences alike",
        realised=shares,
    )


def _goals(world: World) -> list[Planted]:
    return [
        _planted(
            "ziel_nachtraeglich_gesenkt",
            "manipulation",
            "G17",
            "hze_rate",
            [CITY],
            ("2023-03-01", "2023-03-01", "year"),
            None,
            "a later version asks for less and gives no reason",
            goal="hze_rate_senken",
        ),
        _planted(
            "ziel_ohne_wagnis",
            "manipulation",
            "G16",
            "elternkurs_anmeldungen",
            [CITY],
            ("2021-03-01", "2021-03-01", "year"),
            float(world.course_starts[:, 2020 - FIRST_YEAR].sum()),
            "already met when it was decided; size is the value of 2020",
            goal="elternkurse_ausbauen",
        ),
    ]
