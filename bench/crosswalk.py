"""How far counts carried over to newer areas are from the truth, per kind of weight.

    WIRKRAUM_DATA=/folder python -m bench.crosswalk [--quick] [--check]

Berlin's accidents of 2018 and 2020 carry the planning area of before and after 2021, so the truth
is known for each of the 542 new areas. Weights that were counted from accidents of one year are
tested on the other year, never on their own. A second truth are the residents of June 2021 beside
those of December 2020 carried over; births, deaths and moves of half a year are in that error too.

Kinds of weight: `area` as declared; `events` counted from accidents, one more per old area shared
out by area; `population` from iterative proportional fitting of area weights to the residents of
the old and the new areas (Deming & Stephan 1940); and, as the plain peer, `largest`: every old
area goes as a whole to the new area that holds most of it.

The spread is that of a beta-binomial part of each old count n with weight w: variance
n w (1 - w) (1 + (n - 1) spread), estimated by moments over all pairs. 0 means that only chance
decides which events lie where, 1 that each old area lies as a whole in one new one. `stated` is
the share of new areas whose truth lies within 1.96 standard deviations so computed, with the
spread of the other year.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import polars as pl

from orchestration.declarations.areas import AreaSystem, Events
from orchestration.declarations.register import count_events, read_register
from orchestration.declarations.yaml_lines import load

CITY = Path(__file__).parents[1] / "examples" / "berlin"
ACCIDENTS = (
    "${WIRKRAUM_DATA}/10_verkehrsunfaelle/"
    "AfSBBB_BE_LOR_Strasse_Strassenverkehrsunfaelle_{year}_Datensatz.csv.gz"
)
RESIDENTS = "02_einwohner_halbjahr/berlin-lor-population-{half}-t1-planning-areas.csv"
CLASSES = {"accidents": (5, 20, 50), "residents": (2_000, 5_000, 10_000)}
PAIR = ["old", "new"]


class Result(NamedTuple):
    """One truth carried over by one kind of weight."""

    truth: str
    basis: str
    mean_absolute: float
    relative: float
    by_class: list[float | None]
    bias_by_class: list[float | None]
    within_poisson: float
    spread: float
    stated: float | None


def weights_by_area() -> pl.DataFrame:
    """The declared weights by area: old, new, weight (1 per old area)."""
    system = AreaSystem.model_validate(load(CITY / "areas" / "lor.yml")[0])
    crosswalk = read_register(CITY / "areas", [system]).crosswalk.filter(basis="area")
    raw = crosswalk.select(old="from_area_id", new="to_area_id", weight="weight_raw")
    return _shares(raw)


def accidents(year: int) -> pl.DataFrame:
    """How many accidents of a year lie in each pair: old, new, count."""
    file = ACCIDENTS.replace("{year}", str(year))
    columns = {"from_column": "LOR", "to_column": "LOR_ab_2021"}
    counts = count_events(CITY, Events(files=[file], pad=8, **columns))
    rows = [(*pair, float(count)) for pair, count in sorted(counts.items())]
    return pl.DataFrame(rows, schema=[*PAIR, "count"], orient="row")


def residents(half: str, name: str) -> pl.DataFrame:
    """Residents of each planning area, such as of `2021-01`: `name`, count."""
    path = Path(os.environ["WIRKRAUM_DATA"]) / RESIDENTS.replace("{half}", half)
    return pl.read_csv(path, infer_schema=False).select(
        pl.col("id").str.zfill(8).alias(name),
        pl.col("inhabitants").cast(pl.Float64, strict=False).fill_null(0.0).alias("count"),
    )


def weights_by_events(events: pl.DataFrame, prior: pl.DataFrame) -> pl.DataFrame:
    """Weights counted from events, with one more event per old area shared out by `prior`."""
    together = prior.join(events, on=PAIR, how="full", coalesce=True)
    return _shares(
        together.select(
            *PAIR, weight=pl.col("count").fill_null(0.0) + pl.col("weight").fill_null(0.0)
        )
    )


def weights_by_residents(
    before: pl.DataFrame, after: pl.DataFrame, seed: pl.DataFrame, rounds: int = 200
) -> pl.DataFrame:
    """Weights whose carried residents agree with both registers, starting from `seed`."""
    cells = seed.join(before, on="old").with_columns(weight=pl.col("weight") * pl.col("count"))
    for _ in range(rounds):
        for side, margin in (("new", after), ("old", before)):
            cells = (
                cells.drop("count")
                .join(margin, on=side)
                .with_columns(held=pl.col("weight").sum().over(side))
                .with_columns(
                    weight=pl.when(pl.col("held") > 0)
                    .then(pl.col("weight") * pl.col("count") / pl.col("held"))
                    .otherwise(0.0)
                )
                .drop("held")
            )
    inhabited = _shares(cells.select(*PAIR, "weight").filter(pl.col("weight") > 0))
    return pl.concat([inhabited, seed.join(inhabited, on="old", how="anti")])


def weights_of_the_largest(area: pl.DataFrame) -> pl.DataFrame:
    """Every old area as a whole to the new area that holds most of it."""
    largest = area.sort("old", "weight", "new", descending=[False, True, False])
    return largest.unique("old", keep="first", maintain_order=True).with_columns(weight=1.0)


def _shares(weights: pl.DataFrame) -> pl.DataFrame:
    positive = weights.filter(pl.col("weight") > 0).sort(PAIR)
    return positive.with_columns(pl.col("weight") / pl.col("weight").sum().over("old"))


def _moments(weights: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Per pair: carried value, the variance by chance and what it gains per unit of spread."""
    n, w = pl.col("count"), pl.col("weight")
    return weights.join(whole, on="old").select(
        *PAIR,
        carried=n * w,
        chance=n * w * (1 - w),
        gain=n * (n - 1) * w * (1 - w),
    )


def measured_spread(weights: pl.DataFrame, truth: pl.DataFrame) -> float:
    """The spread of `weights` against the pairs of `truth` (old, new, count), by moments."""
    whole = truth.group_by("old").agg(pl.col("count").sum())
    pairs = _moments(weights, whole).join(truth, on=PAIR, how="full", coalesce=True).fill_null(0.0)
    return _spread(pairs)


def _spread(areas: pl.DataFrame) -> float:
    squares = _sum((areas["count"] - areas["carried"]) ** 2)
    gain = _sum(areas["gain"])
    return (squares - _sum(areas["chance"])) / gain if gain else float("nan")


def _sum(series: pl.Series) -> float:
    return float(series.cast(pl.Float64).sum())


def measure(
    name: str,
    basis: str,
    weights: pl.DataFrame,
    whole: pl.DataFrame,
    truth: pl.DataFrame,
    spread: float,
    stated_spread: float | None,
) -> Result:
    """Carry `whole` (old, count) over and compare with `truth` (new, count)."""
    areas = (
        _moments(weights, whole)
        .group_by("new")
        .agg(pl.col("carried", "chance", "gain").sum())
        .join(truth, on="new", how="full", coalesce=True)
        .fill_null(0.0)
        .with_columns(off=pl.col("carried") - pl.col("count"))
        .sort("new")
    )
    by_class: list[float | None] = []
    bias: list[float | None] = []
    limits = CLASSES[name.split(maxsplit=1)[0]]
    for low, high in zip((0, *limits), (*limits, None), strict=True):
        part = areas.filter(
            pl.col("count") >= low, pl.lit(True) if high is None else pl.col("count") < high
        )
        total = _sum(part["count"])
        by_class.append(_sum(part["off"].abs()) / total if total else None)
        bias.append(_sum(part["off"]) / total if total else None)
    noise = 1.959963984540054 * areas["carried"].clip(1.0).sqrt()
    stated = None
    if stated_spread is not None:
        deviation = (areas["chance"] + stated_spread * areas["gain"]).sqrt()
        stated = _sum(areas["off"].abs() <= 1.959963984540054 * deviation) / areas.height
    off = areas["off"].abs()
    return Result(
        name,
        basis,
        _sum(off) / areas.height,
        _sum(off) / _sum(areas["count"]),
        by_class,
        bias,
        _sum(off <= noise) / areas.height,
        spread,
        stated,
    )


def on_accidents(year: int, other: int, area: pl.DataFrame) -> list[Result]:
    """All kinds of weight on the accidents of `year`; what is counted or fitted is of `other`."""
    truth, elsewhere = accidents(year), accidents(other)
    before, after = residents("2020-02", "old"), residents("2021-01", "new")
    kinds = {
        "largest": (weights_of_the_largest(area), None),
        "area": (area, measured_spread(area, elsewhere)),
        "population": (
            fitted := weights_by_residents(before, after, area),
            measured_spread(fitted, elsewhere),
        ),
        "events": (
            weights_by_events(elsewhere, area),
            measured_spread(weights_by_events(truth, area), elsewhere),
        ),
    }
    whole = truth.group_by("old").agg(pl.col("count").sum())
    true = truth.group_by("new").agg(pl.col("count").sum())
    return [
        measure(
            f"accidents {year}",
            basis,
            weights,
            whole,
            true,
            float("nan") if stated is None else measured_spread(weights, truth),
            stated,
        )
        for basis, (weights, stated) in kinds.items()
    ]


def on_residents(area: pl.DataFrame) -> list[Result]:
    """Residents of December 2020 carried over, beside those of June 2021."""
    before, after = residents("2020-02", "old"), residents("2021-01", "new")
    events = pl.concat([accidents(2018), accidents(2020)]).group_by(PAIR).agg(pl.col("count").sum())
    found = []
    for basis, weights in (
        ("largest", weights_of_the_largest(area)),
        ("area", area),
        ("events", weights_by_events(events, area)),
    ):
        areas = (
            _moments(weights, before)
            .group_by("new")
            .agg(pl.col("carried", "chance", "gain").sum())
            .join(after, on="new", how="full", coalesce=True)
            .fill_null(0.0)
        )
        spread = _spread(areas)
        found.append(measure("residents 2021", basis, weights, before, after, spread, None))
    return found


def declared_spreads() -> dict[str, float]:
    """What examples/berlin states as the spread of each basis."""
    system = AreaSystem.model_validate(load(CITY / "areas" / "lor.yml")[0])
    return {one.basis: one.error.spread for one in system.crosswalks if one.error is not None}


def _table(results: list[Result]) -> str:
    def percent(share: float | None) -> str:
        return "–" if share is None or share != share else f"{100 * share:.1f} %"

    head = f"{'truth':<15}{'weights':<12}{'mean |err|':>11}{'|err|/sum':>11}"
    head += "".join(f"{size:>9}" for size in ("tiny", "small", "middle", "large"))
    head += f"{'bias tiny':>12}{'large':>8}{'in noise':>10}{'spread':>8}{'stated':>9}"
    lines = [head]
    for one in results:
        line = (
            f"{one.truth:<15}{one.basis:<12}{one.mean_absolute:>11.2f}{percent(one.relative):>11}"
        )
        line += "".join(f"{percent(share):>9}" for share in one.by_class)
        small = next((bias for bias in one.bias_by_class if bias is not None), None)
        line += f"{percent(small):>12}{percent(one.bias_by_class[-1]):>8}"
        line += f"{percent(one.within_poisson):>10}"
        line += (
            f"{'–' if one.spread != one.spread else f'{one.spread:.3f}':>8}{percent(one.stated):>9}"
        )
        lines.append(line)
    lines += [
        f"true {kind}: tiny < {a:,}, small < {b:,}, middle < {c:,}"
        for kind, (a, b, c) in CLASSES.items()
    ]
    return "\n".join(lines)


def run(*, quick: bool) -> tuple[list[Result], list[str]]:
    """All results, and what falls short of the bars."""
    area = weights_by_area()
    ways = [(2020, 2018)] if quick else [(2018, 2020), (2020, 2018)]
    results = [one for year, other in ways for one in on_accidents(year, other, area)]
    results += [] if quick else on_residents(area)
    short = []
    measured = {
        basis: [one for one in results if one.basis == basis and one.stated is not None]
        for basis in ("area", "events")
    }
    for basis, spread in declared_spreads().items():
        for one in measured[basis]:
            if not 0.8 * one.spread <= spread <= 1.25 * one.spread:
                short.append(
                    f"{basis}: {spread} is declared, {one.spread:.3f} measured on {one.truth}"
                )
            if one.stated is not None and one.stated < 0.9:
                short.append(f"{basis}: stated error holds for {one.stated:.1%} on {one.truth}")
    for mine, theirs in zip(measured["events"], measured["area"], strict=True):
        if mine.relative > 0.6 * theirs.relative:
            short.append(f"events are not much better than area on {mine.truth}")
    return results, short


def main() -> int:
    """Print the table and the verdict; 1 with --check where a bar falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="one year only, no residents")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bar falls short")
    options = parser.parse_args()
    if "WIRKRAUM_DATA" not in os.environ:
        print("WIRKRAUM_DATA is not set: the folder with Berlin's files, see examples/berlin")
        return 2
    results, short = run(quick=options.quick)
    print(_table(results))
    said = ", ".join(
        f"{one.truth} by {one.basis} off by {one.relative:.1%} (spread {one.spread:.3f}, "
        f"stated error holds for {one.stated:.1%})"
        for one in results
        if one.basis in ("area", "events") and one.stated is not None
    )
    print(("falls short: " + "; ".join(short) + " | " if short else "ok: ") + said)
    return 1 if short and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
