"""The pandas script an analyst would write today for the same indicator values, all in memory."""

from pathlib import Path

import numpy as np
import pandas as pd

CELL = ["measure_id", "area_id", "period_start", "group_id"]
SLICE = ["measure_id", "period_start", "group_id"]


def compute(lake: Path, inputs: Path) -> pd.DataFrame:
    """Indicator values with their limits, one row per indicator, area, period, grain and group."""
    columns = [*CELL, "value", "status", "as_of"]
    files = sorted(lake.glob("observations/quelle*/*.parquet"))
    rows = pd.concat([pd.read_parquet(file, columns=columns) for file in files])
    for name in ("measure_id", "area_id", "group_id", "status"):
        rows[name] = rows[name].astype("category")
    rows["period_start"] = pd.to_datetime(rows["period_start"])
    rows = rows.sort_values("as_of", kind="stable").drop_duplicates(CELL, keep="last")
    rows = rows.drop(columns="as_of").astype({"area_id": str, "status": str})
    area = pd.read_parquet(inputs / "area.parquet")
    area = area[area["level"] == "raum"][["area_id", "parent_id"]]
    whole = rows[SLICE].drop_duplicates().merge(area[["area_id"]], how="cross")
    rows = whole.merge(rows, how="left", on=CELL)
    rows["status"] = rows["status"].fillna("missing")
    rows["gap"] = 0.0
    parents = (area["parent_id"], pd.Series("0", index=area.index))
    sums = [_district(rows, dict(zip(area["area_id"], above, strict=True))) for above in parents]
    rows = pd.concat([rows, *sums])
    rows["grain"] = "month"
    rows = pd.concat([rows, _years(rows, pd.read_parquet(inputs / "measure.parquet"))])
    return _values(rows, inputs)


def _district(rows: pd.DataFrame, parent: dict[str, str]) -> pd.DataFrame:
    parts = rows.assign(
        area_id=rows["area_id"].map(parent),
        gap=rows["value"].isna(),
        early=rows["status"] == "provisional",
    )
    found = parts.groupby(CELL, observed=True, as_index=False).agg(
        value=("value", "sum"),
        known=("value", "count"),
        gap=("gap", "mean"),
        early=("early", "any"),
    )
    found["value"] = found["value"].where(found["known"] > 0)
    found["status"] = np.select(
        [found["known"] == 0, found["gap"] > 0, found["early"]],
        ["missing", "estimated", "provisional"],
        "observed",
    )
    return found[[*CELL, "value", "status", "gap"]]


def _years(rows: pd.DataFrame, measure: pd.DataFrame) -> pd.DataFrame:
    is_stock = rows["measure_id"].isin(measure[measure["stock_or_flow"] == "stock"]["measure_id"])
    december = rows[is_stock & (rows["period_start"].dt.month == 12)].assign(grain="year")
    flow = rows[~is_stock]
    flow = flow.assign(
        period_start=flow["period_start"].dt.to_period("Y").dt.to_timestamp(),
        known=flow["value"].notna() & (flow["status"] != "provisional"),
        rough=flow["status"] == "estimated",
    )
    found = flow.groupby(CELL, observed=True, as_index=False).agg(
        value=("value", "sum"),
        known=("known", "sum"),
        rough=("rough", "any"),
        gap=("gap", "max"),
    )
    found["value"] = found["value"].where(found["known"] == 12)
    found["status"] = np.select(
        [found["known"] < 12, found["rough"]], ["missing", "estimated"], "observed"
    )
    return pd.concat([december, found[[*CELL, "value", "status", "gap"]].assign(grain="year")])


def _values(rows: pd.DataFrame, inputs: Path) -> pd.DataFrame:
    indicator = pd.read_parquet(inputs / "indicator.parquet").set_index("indicator_id")
    term = pd.read_parquet(inputs / "indicator_term.parquet")
    dimension = pd.read_parquet(inputs / "indicator_dimension.parquet")
    groups = rows["group_id"].unique()
    of_measure = dict(iter(rows.groupby("measure_id", observed=True)))
    made = []
    for name, terms in term.groupby("indicator_id"):
        asked = dimension[dimension["indicator_id"] == name]["dimension"]
        wanted = ["all", *(one for one in groups if one.split("=")[0] in set(asked))]
        for group in wanted:
            sides = {}
            for role, several in terms.groupby("role"):
                found = []
                for one in several.itertuples():
                    of_group = of_measure[one.measure_id]
                    taken = one.group_id if group == "all" else group
                    found.append(of_group[of_group["group_id"] == taken])
                sides[role] = _added(found)
            made.append(_figure(sides, indicator.loc[name], str(name), group))
    return pd.concat(made, ignore_index=True)


def _added(terms: list[pd.DataFrame]) -> pd.DataFrame:
    key = ["area_id", "period_start", "grain"]
    taken = [*key, "value", "status", "gap"]
    if len(terms) == 1:
        return terms[0][taken]
    left, right = (one[taken] for one in terms)
    both = left.merge(right, on=key, suffixes=("", "_2"))
    worst = both[["status", "status_2"]].where(both[["value", "value_2"]].isna().to_numpy())
    both["status"] = np.select(
        [
            worst.notna().any(axis=1),
            (both["status"] == "estimated") | (both["status_2"] == "estimated"),
            (both["status"] == "provisional") | (both["status_2"] == "provisional"),
        ],
        [worst.fillna("~").min(axis=1), "estimated", "provisional"],
        "observed",
    )
    both["value"] = both["value"] + both["value_2"]
    both["gap"] = both[["gap", "gap_2"]].max(axis=1)
    return both[taken]


def _figure(
    sides: dict[str, pd.DataFrame], indicator: "pd.Series[str]", name: str, group: str
) -> pd.DataFrame:
    made = sides["numerator"].rename(columns={"value": "numerator"})
    made = made.assign(indicator_id=name, group_id=group)
    n = made["numerator"]
    if indicator["kind"] == "count":
        low, high = _byar(n)
        return made.assign(value=n, low=low, high=high)
    below = sides["denominator"].rename(
        columns={"value": "denominator", "status": "below", "gap": "gap_below"}
    )
    key = ["area_id", "period_start", "grain"]
    if indicator["kind"] == "rate":
        below = below[below["grain"] == "month"].drop(columns="grain")
        ends = made["period_start"] + pd.offsets.MonthEnd(0)
        over = made["period_start"] + pd.offsets.YearEnd(0)
        made["on_day"] = np.where(made["grain"] == "year", over, ends)
        made["on_day"] = made["on_day"].clip(upper=below["period_start"].max())
        below = below.rename(columns={"period_start": "on_day"})
        key = ["area_id", "on_day"]
    made = made.merge(below, on=key, how="left")
    n, d = made["numerator"], made["denominator"]
    status, other = made["status"], made["below"]
    made["status"] = np.select(
        [
            n.isna(),
            d.isna() | (d == 0),
            (made["gap"] - made["gap_below"]).abs() > 0.1,
            (status == "estimated") | (other == "estimated"),
            (status == "provisional") | (other == "provisional"),
        ],
        [status, "missing", "not_comparable", "estimated", "provisional"],
        status,
    )
    scale = (100 if indicator["kind"] == "share" else indicator["per"]) / d
    made["value"] = scale * n
    if indicator["kind"] == "share":
        root = 1.959963984540054 * np.sqrt((3.841458820694124 + 4 * n * (1 - n / d)).clip(lower=0))
        whole = 2 * (d + 3.841458820694124)
        made["low"] = 100 * ((2 * n + 3.841458820694124 - root) / whole).clip(lower=0)
        made["high"] = 100 * ((2 * n + 3.841458820694124 + root) / whole).clip(upper=1)
        made.loc[n > d, ["low", "high"]] = np.nan
    else:
        low, high = _byar(n)
        made["low"], made["high"] = scale * low, scale * high
    shown = made["status"].isin(["observed", "provisional", "estimated"])
    made.loc[~shown, ["value", "low", "high"]] = np.nan
    return made


def _byar(n: "pd.Series[float]") -> tuple["pd.Series[float]", "pd.Series[float]"]:
    at = n.where(n > 0)
    low = at * (1 - 1 / (9 * at) - 1.959963984540054 / (3 * np.sqrt(at))).clip(lower=0) ** 3
    up = n + 1
    return low.where(n != 0, 0), up * (
        1 - 1 / (9 * up) + 1.959963984540054 / (3 * np.sqrt(up))
    ) ** 3
