"""Looking back at made-up towns: what is there is found, what is not there is not made up."""

import warnings
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.multitest import multipletests

from forecasting.effects import baseline, randomise
from forecasting.effects.counterfactual import counterfactual
from forecasting.effects.looking_back import EFFECT_SCHEMA, effects
from forecasting.effects.panel import Floats, Panel, month_of, panel, span_lengths
from forecasting.effects.path import path_of_districts
from forecasting.effects.randomise import NEVER
from forecasting.effects.study import Evidence, Reached, setting, study
from forecasting.effects.verdict import corrected, p_value, smallest_effect, verdict

MONTHS = 48
START = 24


def town(
    rng: np.random.Generator, districts: int = 20, mean: float = 60.0, memory: float = 0.6
) -> Floats:
    own = rng.normal(0, 0.1, (districts, MONTHS))
    own[:, 1:] *= np.sqrt(1 - memory**2)
    for month in range(1, MONTHS):
        own[:, month] += memory * own[:, month - 1]
    shared = 0.2 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    level = rng.normal(0, 0.3, (districts, 1))
    return rng.poisson(mean * np.exp(level + shared + own)).astype(np.float64)


def as_panel(counts: Floats, months: int = 3) -> Panel:
    sums = counts.reshape(len(counts), -1, months).sum(axis=2)
    names = tuple(f"{row:02d}" for row in range(len(counts)))
    begins = np.arange(0, counts.shape[1], months)
    return Panel(
        names, np.log(sums + 0.5), 1 / (sums.mean(axis=1) + 0.5), begins, months, is_log=True
    )


def looked_at(counts: Floats, rows: list[int], *, months: int = START, **more: object) -> Evidence:
    began = {f"{row:02d}": months for row in rows}
    found = study(
        as_panel(counts),
        Reached(began, began, {}),
        rng=np.random.default_rng(0),
        series=as_panel(counts, 1),
        **more,  # type: ignore[arg-type]
    )
    assert found is not None
    return found


def test_an_effect_of_a_fifth_on_eight_of_forty_districts_is_supported() -> None:
    counts = town(np.random.default_rng(11), 40)
    counts[:8, START:] = np.round(counts[:8, START:] * 0.8)
    found = looked_at(counts, list(range(8)))
    assert verdict(found, p_value(found)) == "supported"
    low, high = found.found.limits()
    assert low < np.log(0.8) < high < 0
    assert (found.left_out, found.moved) == (True, True)


def test_without_an_effect_nothing_is_supported_and_what_could_have_been_seen_is_known() -> None:
    found = looked_at(town(np.random.default_rng(12), 40), list(range(8)))
    assert verdict(found, p_value(found)) == "not_distinguishable"
    assert 0.03 < smallest_effect(found) < 0.3


def test_one_district_is_never_supported_however_large_the_effect() -> None:
    counts = town(np.random.default_rng(13), 60)
    counts[0, START:] = np.round(counts[0, START:] * 0.3)
    found = looked_at(counts, [0])
    assert verdict(found, p_value(found)) == "points_that_way"
    assert verdict(found, 0.0) == "points_that_way"
    assert verdict(found, 0.06) == "not_distinguishable"


def test_districts_that_were_on_their_way_already_prove_nothing() -> None:
    counts = town(np.random.default_rng(14), 30)
    slide = np.exp(-0.03 * np.arange(MONTHS))
    counts[:6] = np.round(counts[:6] * slide)
    found = looked_at(counts, list(range(6)))
    assert found.found.p_value < 0.05
    assert verdict(found, 0.001) == "not_distinguishable"
    assert min(found.placebo_time or 1, found.pre_trend or 1) <= 0.05


def test_the_worst_districts_move_back_to_the_others_without_being_taken_for_an_effect() -> None:
    plain, ours = [], []
    for seed in range(12):
        rng = np.random.default_rng([15, seed])
        counts = rng.poisson(15 * np.exp(rng.normal(0, 0.15, (60, 1)) + np.zeros(24))).astype(float)
        worst = np.argsort(-counts[:, 6:12].sum(axis=1))[:10]
        table = as_panel(counts)
        began = {f"{row:02d}": 12 for row in worst}
        found = study(table, Reached(began, began, {}), rng=rng)
        assert found is not None
        ours.append(found.found.estimate)
        change = np.log(counts[:, 12:].mean(axis=1) / counts[:, :12].mean(axis=1))
        plain.append(change[worst].mean() - np.delete(change, worst).mean())
    assert np.mean(plain) < -0.03
    assert abs(np.mean(ours)) < 0.02


def test_later_starts_are_held_against_districts_that_never_began() -> None:
    counts = town(np.random.default_rng(16), 40)
    began = {f"{row:02d}": 18 + 3 * (row % 3) for row in range(9)}
    for row in range(9):
        counts[row, 18 + 3 * (row % 3) :] *= 0.75
    found = study(as_panel(counts), Reached(began, began, {}), rng=np.random.default_rng(0))
    assert found is not None
    assert len(found.setting.before) == 3
    low, high = found.found.limits()
    assert low < np.log(0.75) < high < 0


def test_where_it_was_stronger_more_changed() -> None:
    counts = town(np.random.default_rng(17), 24)
    strength = {f"{row:02d}": 0.5 + row % 3 for row in range(24)}
    for row in range(24):
        counts[row, START:] *= np.exp(-0.2 * (0.5 + row % 3))
    began = dict.fromkeys(strength, START)
    found = study(as_panel(counts), Reached(began, began, strength), rng=np.random.default_rng(0))
    assert found is not None
    assert found.controls == 0
    low, high = found.found.limits()
    # In units of the usual strength, which is 1.5.
    assert low < -0.2 * 1.5 < high < 0


def test_without_anyone_to_compare_with_there_is_no_study() -> None:
    counts = town(np.random.default_rng(18), 8)
    began = {f"{row:02d}": START for row in range(6)}
    assert study(as_panel(counts), Reached(began, began, {}), rng=np.random.default_rng(0)) is None


def test_an_effect_that_reaches_the_neighbours_is_not_supported() -> None:
    counts = town(np.random.default_rng(19), 40)
    counts[:8, START:] *= 0.65
    counts[8:16, START:] *= 0.75
    near = frozenset(f"{row:02d}" for row in range(8, 16))
    found = looked_at(counts, list(range(8)), neighbours=near)
    assert found.neighbours is not None
    assert found.neighbours < 0.05
    assert verdict(found, 0.001) == "points_that_way"


def test_an_effect_of_one_district_alone_does_not_pass_for_that_of_all() -> None:
    counts = town(np.random.default_rng(20), 30)
    counts[0, START:] *= 0.2
    found = looked_at(counts, [0, 1, 2])
    assert verdict(found, 0.001) != "supported"


def test_windows_are_whole_years_and_a_lag_leaves_time_out() -> None:
    table = as_panel(np.ones((8, MONTHS)))
    began = {"00": 20, "01": 20}
    one = setting(table, Reached(began, began, {}, lag=4))
    assert one is not None
    (before,), (after,) = one.before, one.after
    assert (table.begins[before] + 3).max() <= 20
    assert before.size == 4
    assert table.begins[after].min() == 24
    assert after.size == 8


def test_all_deals_are_taken_where_they_are_few_and_the_true_one_comes_first() -> None:
    cohort = np.array([NEVER, 0, NEVER, 0, NEVER])
    strength = np.where(cohort == NEVER, 0.0, 1.0)
    order, doses = randomise.deals(cohort, strength, np.random.default_rng(0))
    assert order.shape == (10, 5)
    assert (order[0] == cohort).all()
    assert ((order == NEVER) == (doses == 0)).all()
    assert len({tuple(row) for row in order.tolist()}) == 10


def test_what_stays_and_what_fades_is_learnt_from_the_past() -> None:
    rng = np.random.default_rng(21)
    lasting = rng.normal(0, 0.5, (60, 1)) + rng.normal(0, 0.05, (60, 12))
    fleeting = rng.normal(0, 0.5, (60, 12))
    spans = np.arange(12)
    stays = baseline.learn(lasting, np.zeros(60), spans)
    fades = baseline.learn(fleeting, np.zeros(60), spans)
    assert stays.between(spans, spans + 24).mean() > 0.1
    assert fades.between(spans, spans + 24).mean() < 0.03


def test_a_series_is_carried_on_beside_those_not_reached() -> None:
    rng = np.random.default_rng(22)
    beside = rng.normal(0, 1, 60).cumsum() * 0.1
    series = beside + rng.normal(0, 0.05, 60)
    series[40:] -= 0.5
    found = counterfactual(series, beside, None, np.arange(40), np.arange(40, 60), rng)
    assert found is not None
    assert found.estimate == pytest.approx(-0.5, abs=0.1)
    assert found.p_value < 0.01
    assert counterfactual(series, beside, None, np.arange(5), np.arange(5, 60), rng) is None


def test_many_pairs_ask_more_of_each() -> None:
    assert corrected([]) == []
    p_values = np.random.default_rng(24).random(50) ** 2
    known = multipletests(p_values, method="fdr_bh")[1]
    assert corrected(p_values.tolist()) == pytest.approx(known.tolist())
    assert corrected([0.02, 0.9, 0.8, 0.7]) == pytest.approx([0.08, 0.9, 0.9, 0.9])


def test_the_picture_shows_what_was_to_be_expected() -> None:
    counts = town(np.random.default_rng(11), 40)
    counts[:8, START:] = np.round(counts[:8, START:] * 0.7)
    found = looked_at(counts, list(range(8)))
    panel = replace(found.setting.panel, begins=found.setting.panel.begins + 12 * 2020)
    path = path_of_districts(replace(found, setting=replace(found.setting, panel=panel)))
    before, after = path.filter(~pl.col("is_after")), path.filter(pl.col("is_after"))
    assert (before.height, after.height) == (8, 8)
    assert before["expected"].mean() == pytest.approx(100, abs=2)
    assert before["observed"].mean() == pytest.approx(before["expected"].mean(), abs=0.5)
    change = after["observed"].log().mean() - after["expected"].log().mean()  # type: ignore[operator]
    assert change == pytest.approx(found.found.estimate, abs=0.02)


# --- frames ------------------------------------------------------------------------------------


def cells(counts: Floats, *, grain: str = "month", indicator: str = "thefts") -> pl.DataFrame:
    step = {"month": 1, "year": 12}[grain]
    rows = [
        (
            *(indicator, "all", "town", "2020", "district", f"{row:02d}"),
            date(2020 + month * step // 12, month * step % 12 + 1, 1),
            *(grain, value, 1000.0, value, "observed"),
        )
        for row, series in enumerate(counts.tolist())
        for month, value in enumerate(series)
    ]
    names = (
        "indicator_id group_id area_system area_version level area_id period_start grain "
        "numerator denominator value status"
    )
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def pair(programme: str = "bikes", **changed: object) -> dict[str, object]:
    return {
        "programme_id": programme,
        "indicator_id": "thefts",
        "group_id": "all",
        "kind": "rate",
        "unit": "je 1.000",
        "lag_years": 0.0,
        "last_day": None,
        "chosen_by": None,
    } | changed


def place(area: str, since: date = date(2022, 1, 1), **changed: object) -> dict[str, object]:
    return {
        "programme_id": "bikes",
        "area_system": "town",
        "area_version": "2020",
        "level": "district",
        "area_id": area,
        "is_whole": False,
        "since": since,
        "strength": 1.0,
    } | changed


def seen(
    values: pl.DataFrame, pairs: list[dict[str, object]], places: list[dict[str, object]]
) -> pl.DataFrame:
    near = pl.DataFrame(
        schema=dict.fromkeys(("area_system", "area_version", "area_id", "neighbour_id"), pl.String)
    )
    typed = {"last_day": pl.Date, "chosen_by": pl.String, "lag_years": pl.Float64}
    found = effects(
        values,
        pl.DataFrame(pairs, schema_overrides=typed),
        pl.DataFrame(places),
        near,
        as_of=date(2024, 1, 31),
    )
    assert found.schema == EFFECT_SCHEMA
    return found


def test_a_supported_effect_is_told_in_percent_and_in_two_languages() -> None:
    counts = town(np.random.default_rng(11), 40)
    counts[:8, START:] = np.round(counts[:8, START:] * 0.8)
    (row,) = seen(cells(counts), [pair()], [place(f"{n:02d}") for n in range(8)]).rows(named=True)
    assert (row["verdict"], row["method"]) == ("supported", "difference_in_differences")
    assert (row["areas_with"], row["areas_without"]) == (8, 32)
    assert (row["since"], row["until"]) == (date(2022, 1, 1), date(2023, 12, 1))
    assert row["low"] < -20 < row["high"] < 0
    assert row["unit"] == "Prozent"
    assert "8 Gebiete mit, 32 ohne das Programm, 01/2022 bis 12/2023" in row["reason"]
    assert "8 areas with and 32 without" in row["reason_en"]


def test_no_statement_names_the_effect_that_could_have_been_seen() -> None:
    counts = town(np.random.default_rng(12), 40)
    asked = pair(chosen_by="need")
    (row,) = seen(cells(counts), [asked], [place(f"{n:02d}") for n in range(8)]).rows(named=True)
    assert row["verdict"] == "not_distinguishable"
    assert "Keine Aussage ist nicht keine Wirkung" in row["reason"]
    assert f"ab etwa −{row['smallest_effect']:.1f} %".replace(".", ",") in row["reason"]
    assert "nach Bedarf" in row["reason"]


def test_before_the_lag_is_over_it_is_too_early() -> None:
    counts = town(np.random.default_rng(12), 10)
    asked = pair(lag_years=4.0)
    (row,) = seen(cells(counts), [asked], [place("00"), place("01")]).rows(named=True)
    assert (row["verdict"], row["judged_from"]) == ("too_early", date(2026, 7, 1))
    assert "01.07.2026" in row["reason"]
    assert row["estimate"] is None


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([place("00", date(2020, 3, 1)), place("01", date(2020, 3, 1))], "vor dem Beginn"),
        ([place(f"{n:02d}") for n in range(9)], "1 Vergleichsgebiete"),
        ([place("00", level="block")], "keine durchgehenden Werte"),
        ([place("00", programme_id="another")], "keine durchgehenden Werte"),
    ],
)
def test_what_cannot_be_judged_says_why(places: list[dict[str, object]], said: str) -> None:
    counts = town(np.random.default_rng(12), 10)
    (row,) = seen(cells(counts), [pair()], places).rows(named=True)
    assert row["verdict"] == "cannot_be_judged"
    assert said in row["reason"]


def test_a_whole_city_is_at_most_a_hint() -> None:
    counts = town(np.random.default_rng(23), 1, mean=2000, memory=0.3)
    longer = np.hstack([counts, counts, counts])
    longer[0, 96:] *= 0.5
    values = cells(longer).with_columns(level=pl.lit("city"))
    where = [place("00", date(2028, 1, 1), level="city", is_whole=True)]
    (row,) = seen(values, [pair()], where).rows(named=True)
    assert (row["verdict"], row["method"]) == ("points_that_way", "city_counterfactual")
    assert "Ohne Vergleichsgebiete" in row["reason"]
    short = cells(counts[:, :30]).with_columns(level=pl.lit("city"))
    (row,) = seen(
        short, [pair()], [place("00", date(2020, 7, 1), level="city", is_whole=True)]
    ).rows(named=True)
    assert (row["verdict"], row["method"]) == ("cannot_be_judged", "before_after")
    assert "das beschreibt und erklärt nichts" in row["reason"]


def test_other_pairs_and_warnings_change_nothing_but_q() -> None:
    counts = town(np.random.default_rng(11), 40)
    places = [place(f"{n:02d}") for n in range(8)]
    values = pl.concat([cells(counts), cells(counts[::-1].copy(), indicator="fires")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = seen(values, [pair()], places)
        both = seen(values, [pair(), pair(indicator_id="fires")], places)
    said = ("q_value", "verdict", "reason", "reason_en")
    assert both.drop(said).row(0) == alone.drop(said).row(0)
    assert both["q_value"][0] >= alone["q_value"][0]


def test_spans_hold_enough_cases() -> None:
    few = cells(np.full((6, MONTHS), 2.0))
    assert span_lengths(few, kind="rate", grain="month")[0] == 6
    many = cells(np.full((6, MONTHS), 20.0))
    assert span_lengths(many, kind="rate", grain="month")[0] == 3
    assert span_lengths(many, kind="quantile", grain="month") == [1]
    lacking = many.filter(
        ~((pl.col("area_id") == "03") & (pl.col("period_start").dt.year() == 2021))
    )
    made = panel(lacking, kind="rate", grain="month", months=3, origin=month_of(date(2022, 1, 1)))
    assert made is not None
    assert made.areas == ("00", "01", "02", "04", "05")
