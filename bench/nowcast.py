"""Nowcasts of incomplete weeks beside those that were published at the time.

    WIRKRAUM_RKI=/folder python -m bench.nowcast [--quick] [--check]

`/folder/respinow_hub` holds reporting triangles of the RKI and what KIT-simple_nowcast
submitted week by week (RESPINOW-Hub). For every submission with at least 26 ended weeks in the
triangle both are scored on the same location, age group and horizon (the week that ended last,
and three before), at the quantiles that every submission has, against the count four weeks after
the end of the week, which is what the hub asked for. Ours sees the triangle as it was on the day of
the submission and nothing of later.

WIS is the weighted interval score (Bracher et al. 2021): twice the mean pinball loss over the
quantiles. Counts are whole numbers: where nothing can be expected to be added, any interval holds
the truth, and even a perfect one covers more than 80 %. So the table also says how much `sure`
tasks there are (an interval of less than one case) and what the others come to.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from tarfile import TarFile
from typing import NamedTuple

import numpy as np
import polars as pl

from forecasting.nowcast import nowcast

DISEASES = ("rsv", "influenza")
HORIZONS = range(-3, 1)
MINIMUM_WEEKS = 26
# Data of a week are as of the Thursday after its Sunday, and then every week.
FIRST_LAG = 4
LAST_DELAY = 4
SETTLED_AFTER = FIRST_LAG + 7 * LAST_DELAY
ARCHIVE = "submissions_survstat_influenza_KIT-simple_nowcast_RIVM-GAM.tar.xz"
TASK = ["location", "age_group", "forecast_date", "horizon"]


class Result(NamedTuple):
    """The scores of one side on all tasks of one disease."""

    disease: str
    who: str
    tasks: int
    dates: int
    wis: float
    by_horizon: list[float]
    coverage: float
    sure: float
    coverage_of_others: float


def states(hub: Path, disease: str) -> pl.DataFrame:
    """What was known of each week, and since when; `delay` in weeks after the first Thursday."""
    file = f"data/survstat/{disease}/reporting_triangle-survstat-{disease}.csv"
    names = ["value_-1w", *(f"value_{delay}w" for delay in range(LAST_DELAY + 1))]
    table = pl.read_csv(hub / file, null_values=["NA", ""], infer_schema_length=None)
    known = table.select(
        "location",
        "age_group",
        pl.col("date").str.to_date().alias("period_end"),
        *(pl.sum_horizontal(names[: n + 1]).alias(str(n - 1)) for n in range(len(names))),
        reached=pl.concat_list(pl.col(names).is_not_null()).list.sum(),
    )
    return (
        known.unpivot(
            index=["location", "age_group", "period_end", "reached"], variable_name="delay"
        )
        .with_columns(pl.col("delay").cast(pl.Int64), pl.col("value").cast(pl.Float64))
        .filter(pl.col("delay") + 1 < pl.col("reached"), pl.col("value") >= 0)
        .with_columns(
            as_of=pl.col("period_end") + pl.duration(days=FIRST_LAG + 7 * pl.col("delay")),
            series=pl.concat_str("location", "age_group", separator=" "),
        )
    )


def submitted(hub: Path, disease: str) -> pl.DataFrame:
    """Their quantiles, one row per task and quantile."""
    frames = [
        pl.read_csv(content, infer_schema=False).select(
            "location",
            "age_group",
            pl.col("forecast_date", "target_end_date").str.to_date(),
            pl.col("horizon").cast(pl.Int64),
            "type",
            pl.col("quantile", "value").cast(pl.Float64, strict=False),
        )
        for content in _files(hub, disease)
    ]
    return (
        pl.concat(frames)
        .filter(pl.col("type") == "quantile", pl.col("horizon").is_in(list(HORIZONS)))
        .drop("type")
    )


def _files(hub: Path, disease: str) -> Iterator[Path | BytesIO]:
    folder = hub / "submissions" / "survstat" / disease / "KIT-simple_nowcast"
    if folder.is_dir():
        yield from sorted(folder.glob("*.csv"))
        return
    archive = next(iter(hub.glob(f"**/{ARCHIVE}")))
    with TarFile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda one: one.name):
            if member.name.endswith("KIT-simple_nowcast.csv"):
                content = files.extractfile(member)
                assert content is not None
                yield BytesIO(content.read())


def tasks(hub: Path, disease: str) -> pl.DataFrame:
    """Task, week, what it came to, and both sides' quantiles as lists in ascending order."""
    theirs, known = submitted(hub, disease), states(hub, disease)
    often = theirs.group_by("quantile").len()
    common = often.filter(pl.col("len") == pl.col("len").max())["quantile"].sort().to_list()
    truth = known.filter(pl.col("delay") == LAST_DELAY).select(
        "location", "age_group", target_end_date="period_end", truth="value"
    )
    first = known["period_end"].min()
    assert isinstance(first, date)
    asked = (
        theirs.filter(pl.col("quantile").is_in(common))
        .sort(*TASK, "quantile")
        .group_by(*TASK, "target_end_date", maintain_order=True)
        .agg(theirs="value")
        .join(truth, on=["location", "age_group", "target_end_date"])
        .filter(pl.col("forecast_date") >= first + timedelta(7 * (MINIMUM_WEEKS - 1) + FIRST_LAG))
    )
    ours = pl.concat(_ours(known, day, common) for day in sorted(set(asked["forecast_date"])))
    both = asked.join(
        ours, on=["location", "age_group", "forecast_date", "target_end_date"], how="left"
    )
    if both["ours"].null_count():
        raise ValueError(f"{disease}: {both['ours'].null_count()} tasks have no nowcast of ours")
    return both.with_columns(quantiles=pl.lit(common))


def _ours(known: pl.DataFrame, day: date, quantiles: list[float]) -> pl.DataFrame:
    """Ours as of `day`, from rows that were known by then; a count never corrected is final."""
    seen = known.filter(pl.col("as_of") <= day)
    made = nowcast(seen, known_on=day, settled_after=SETTLED_AFTER, quantiles=quantiles)
    newest = seen.sort("as_of").group_by("series", "location", "age_group", "period_end").last()
    lists = made.drop_nulls("quantile").group_by("series", "period_end", maintain_order=True)
    return newest.join(lists.agg(ours="value"), on=["series", "period_end"], how="left").select(
        "location",
        "age_group",
        forecast_date=pl.lit(day),
        target_end_date="period_end",
        ours=pl.coalesce("ours", pl.concat_list([pl.col("value")] * len(quantiles))),
    )


def score(disease: str, who: str, asked: pl.DataFrame) -> Result:
    """WIS and coverage of `ours` or `theirs`."""
    levels = asked["quantiles"][0].to_numpy()
    made = np.array(asked[who].to_list())
    truth = asked["truth"].to_numpy()
    wis = 2 * ((truth[:, None] < made) - levels) * (made - truth[:, None])
    low, high = (made[:, int(np.argmin(np.abs(levels - at)))] for at in (0.1, 0.9))
    inside = (truth >= low) & (truth <= high)
    horizon = asked["horizon"].to_numpy()
    sure = high - low < 1
    return Result(
        disease,
        who,
        asked.height,
        asked["forecast_date"].n_unique(),
        float(wis.mean()),
        [float(wis[horizon == one].mean()) for one in reversed(HORIZONS)],
        float(inside.mean()),
        float(sure.mean()),
        float(inside[~sure].mean()),
    )


def run(hub: Path, *, quick: bool) -> list[Result]:
    """Both sides on each disease; quickly on the shorter one only."""
    found = []
    for disease in DISEASES[:1] if quick else DISEASES:
        asked = tasks(hub, disease)
        found += [score(disease, who, asked) for who in ("ours", "theirs")]
    return found


def main() -> int:
    """Print the table and the verdict; 1 with --check where a bar falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="RSV only")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bar falls short")
    options = parser.parse_args()
    hub = Path(os.environ.get("WIRKRAUM_RKI", "")) / "respinow_hub"
    if not hub.is_dir():
        print("WIRKRAUM_RKI is not set, or the folder it names has no respinow_hub")
        return 2
    results = run(hub, quick=options.quick)
    print(
        f"{'disease':<11}{'who':<8}{'tasks':>7}{'dates':>7}{'WIS':>9}"
        + "".join(f"{f'at {one}':>9}" for one in reversed(HORIZONS))
        + f"{'80 % covers':>13}{'sure':>8}{'others':>8}"
    )
    short = []
    for one in results:
        print(
            f"{one.disease:<11}{one.who:<8}{one.tasks:>7,}{one.dates:>7}{one.wis:>9.3f}"
            + "".join(f"{wis:>9.3f}" for wis in one.by_horizon)
            + f"{one.coverage:>13.1%}{one.sure:>8.1%}{one.coverage_of_others:>8.1%}"
        )
    for ours, theirs in zip(results[::2], results[1::2], strict=True):
        if ours.wis > theirs.wis:
            short.append(f"{ours.disease}: WIS {ours.wis:.3f} above {theirs.wis:.3f}")
        if not 0.72 <= ours.coverage <= 0.88:
            short.append(f"{ours.disease}: 80 % covers {ours.coverage:.1%}")
    said = ", ".join(
        f"{ours.disease} WIS {ours.wis:.3f} beside {theirs.wis:.3f} on {ours.tasks:,} tasks, "
        f"80 % covers {ours.coverage:.1%}"
        for ours, theirs in zip(results[::2], results[1::2], strict=True)
    )
    print("verdict: " + ("falls short: " + "; ".join(short) if short else "holds") + f": {said}")
    return 1 if short and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
