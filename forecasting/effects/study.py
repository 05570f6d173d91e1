"""One programme and one indicator: the comparison that the data allow, and its guard rails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from forecasting.effects.baseline import Spread, beside, centred, learn
from forecasting.effects.counterfactual import Counterfactual, counterfactual, seasons
from forecasting.effects.panel import Floats, Ints, Panel
from forecasting.effects.randomise import NEVER, Difference, deals, difference, slopes

FEWEST_BEFORE: Final = 3
FEWEST_CONTROLS: Final = 3
# Up to so many districts reached, a counterfactual stands beside the comparison.
FEW: Final = 2
# Months that a whole city is carried on, and from how many earlier days.
CARRIED_ON: Final = 24
PLACEBOS: Final = 24
FEWEST_PLACEBOS: Final = 9
CHECKED_AGAIN: Final = 0.10
SMALLER_BUT_THERE: Final = 1 / 3


@dataclass(frozen=True)
class Reached:
    """Where and when: months of the start (`before` it nothing, from `after` on everything).

    A start in the middle of a month lies between the two. `lag` is in months, `last` the month
    after which nothing counts any more. `strength` of 1 everywhere says nothing on strength.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    strength: Mapping[str, float]
    lag: int = 0
    last: int | None = None

    def moved(self, months: int) -> Reached:
        """The same, started so much later."""
        return replace(
            self,
            before={area: start + months for area, start in self.before.items()},
            after={area: start + months for area, start in self.after.items()},
        )


@dataclass(frozen=True)
class Setting:
    """A panel with the cohort of each district and the spans before and after for each cohort."""

    panel: Panel
    cohort: Ints
    strength: Floats
    before: tuple[Ints, ...]
    after: tuple[Ints, ...]

    @property
    def treated(self) -> Ints:
        """Numbers of the districts reached."""
        return np.flatnonzero(self.cohort != NEVER)

    def has_dose(self) -> bool:
        """Whether it was stronger in some districts than in others."""
        return np.unique(self.strength[self.treated]).size > 1


@dataclass(frozen=True)
class Evidence:
    """All that was found; `None` where a check could not be made."""

    setting: Setting
    found: Difference
    placebo_time: float | None = None
    pre_trend: float | None = None
    neighbours: float | None = None
    left_out: bool | None = None
    moved: bool | None = None
    other: Counterfactual | None = None

    @property
    def treated(self) -> int:
        """How many districts were reached."""
        return int(self.setting.treated.size)

    @property
    def controls(self) -> int:
        """How many never were."""
        return int((self.setting.cohort == NEVER).sum())


def setting(panel: Panel, reached: Reached) -> Setting | None:
    """Who is compared with whom, and when; None where nothing can be.

    Districts reached too late to be judged are on neither side. Of windows of a year and more whole
    years are taken, so that districts with different seasons can be compared.
    """
    ends = panel.begins + panel.months
    last = ends.max() if reached.last is None else reached.last
    starts = sorted({(reached.before[one], reached.after[one]) for one in reached.before})
    cohorts: list[tuple[int, int]] = []
    before, after = [], []
    for start, since in starts:
        past = np.flatnonzero(ends <= start)
        now = np.flatnonzero((panel.begins >= since + reached.lag) & (ends <= last))
        past = past[past.size - _whole_years(past.size, panel.months) :]
        now = now[: _whole_years(now.size, panel.months)]
        if past.size >= FEWEST_BEFORE and now.size >= fewest_after(panel.months):
            cohorts.append((start, since))
            before.append(past)
            after.append(now)
    place = {when: number for number, when in enumerate(cohorts)}
    kept, cohort = [], []
    for row, area in enumerate(panel.areas):
        if area not in reached.before:
            kept.append(row)
            cohort.append(NEVER)
        elif (when := (reached.before[area], reached.after[area])) in place:
            kept.append(row)
            cohort.append(place[when])
    used = panel.only(np.array(kept, dtype=np.int64))
    numbers = np.array(cohort, dtype=np.int64)
    present = [number for number in range(len(cohorts)) if (numbers == number).any()]
    if not present:
        return None
    numbers = np.array([NEVER if one == NEVER else present.index(one) for one in numbers])
    dose = np.array([reached.strength.get(area, 1.0) for area in used.areas])
    dose[numbers == NEVER] = 0.0
    # In units of the usual strength, the difference is that of a district reached as usual.
    dose = dose / dose[numbers != NEVER].mean()
    return Setting(
        used,
        numbers,
        dose,
        tuple(before[one] for one in present),
        tuple(after[one] for one in present),
    )


def fewest_after(months: int) -> int:
    """Spans after that it takes at least: half a year, or one span where these are longer."""
    return max(1, 6 // months)


def _whole_years(spans: int, months: int) -> int:
    year = 12 // months
    return spans - spans % year if spans >= year else spans


def study(
    panel: Panel,
    reached: Reached,
    *,
    rng: np.random.Generator,
    series: Panel | None = None,
    neighbours: frozenset[str] = frozenset(),
) -> Evidence | None:
    """Compare, and look at every guard rail that the data allow.

    Args:
        panel: values of all districts.
        reached: where, when and how strong.
        rng: for deals of the labels and paths.
        series: the same values in the shortest spans, for the counterfactual; `panel` otherwise.
        neighbours: districts beside those reached, which an effect may spill over to.

    Returns:
        None where too few districts were never reached, or no spans are left before or after.
    """
    one = setting(panel, reached)
    if one is None or not _comparable(one):
        return None
    spread = _learnt(one)
    dealt = deals(one.cohort, one.strength, rng)
    rest, variance = _beside(one, spread)
    found = _difference(one, spread, rest, variance, dealt)
    sign = float(np.sign(found.estimate))
    evidence = Evidence(
        one,
        found,
        placebo_time=_placebo_in_time(one, spread, dealt, sign),
        pre_trend=_pre_trend(one, spread, dealt, sign),
        neighbours=_spill_over(one, rest, variance, neighbours, rng),
    )
    # Two tests have to agree; where one says nothing, the other need not be asked.
    if evidence.treated <= FEW and found.t_value <= CHECKED_AGAIN:
        evidence = replace(evidence, other=_other(series or panel, reached, rng))
    if found.p_value <= CHECKED_AGAIN and evidence.treated > 1:
        evidence = replace(
            evidence,
            left_out=_leave_one_out(one, spread, sign, rng),
            moved=_moved(panel, reached, found),
        )
    return evidence


def _comparable(one: Setting) -> bool:
    never = int((one.cohort == NEVER).sum())
    return never >= FEWEST_CONTROLS or (never == 0 and one.has_dose() and one.cohort.size >= 6)


def _learnt(one: Setting) -> Spread:
    first = min(one.before, key=lambda spans: int(spans[-1]))
    return learn(one.panel.values[:, first], one.panel.noise, first)


def _beside(one: Setting, spread: Spread, values: Floats | None = None) -> tuple[Floats, Floats]:
    table = one.panel.values if values is None else values
    pairs = [
        beside(table, one.panel.noise, before, after, spread)
        for before, after in zip(one.before, one.after, strict=True)
    ]
    return np.column_stack([p[0] for p in pairs]), np.column_stack([p[1] for p in pairs])


def _difference(
    one: Setting, spread: Spread, rest: Floats, variance: Floats, dealt: tuple[Ints, Floats]
) -> Difference:
    estimate, _ = slopes(rest, variance, one.cohort[None, :], one.strength[None, :])
    values = one.panel.values.copy()
    for place, after in enumerate(one.after):
        rows = np.flatnonzero(one.cohort == place)
        values[np.ix_(rows, np.arange(after[0], values.shape[1]))] -= (
            estimate[0] * one.strength[rows][:, None]
        )
    without, _ = _beside(one, spread, values)
    return difference(rest, variance, without, dealt)


def _placebo_in_time(
    one: Setting, spread: Spread, dealt: tuple[Ints, Floats], sign: float
) -> float | None:
    """The p of a difference of the same sign in the last third of the time before."""
    cut = [max(1, spans.size // 3) for spans in one.before]
    if any(spans.size - last < FEWEST_BEFORE for spans, last in zip(one.before, cut, strict=True)):
        return None
    earlier = replace(
        one,
        before=tuple(spans[:-last] for spans, last in zip(one.before, cut, strict=True)),
        after=tuple(spans[-last:] for spans, last in zip(one.before, cut, strict=True)),
    )
    rest, variance = _beside(earlier, spread)
    estimate, spreads = slopes(rest, variance, *dealt)
    return _same_way(estimate / np.sqrt(spreads), sign)


def _pre_trend(
    one: Setting, spread: Spread, dealt: tuple[Ints, Floats], sign: float
) -> float | None:
    """The p of districts reached moving the same way already before."""
    if any(spans.size < FEWEST_BEFORE + 1 for spans in one.before):
        return None
    trends, variances = [], []
    for spans in one.before:
        time = spans - spans.mean()
        time = time / (time**2).sum()
        deviation = centred(one.panel.values[:, spans], one.panel.noise)
        trends.append(deviation @ time)
        inner = float(time @ spread.between(spans, spans) @ time)
        variances.append(inner + (spread.moment + one.panel.noise) * (time**2).sum() + 1e-12)
    estimate, spreads = slopes(np.column_stack(trends), np.column_stack(variances), *dealt)
    return _same_way(estimate / np.sqrt(spreads), sign)


def _same_way(size: Floats, sign: float) -> float:
    """One-sided share of deals that lie at least as far in the direction of `sign`, doubled."""
    size = size * sign
    return float(min(1.0, 2.0 * (size >= size[0] - 1e-9).mean()))


def _spill_over(
    one: Setting,
    rest: Floats,
    variance: Floats,
    neighbours: frozenset[str],
    rng: np.random.Generator,
) -> float | None:
    """The p of neighbours differing from districts farther away."""
    never = np.flatnonzero(one.cohort == NEVER)
    near = np.array([one.panel.areas[row] in neighbours for row in never], dtype=bool)
    if not near.any() or (~near).sum() < FEWEST_CONTROLS:
        return None
    labels = np.where(near, 0, NEVER)
    dealt = deals(labels, near.astype(np.float64), rng)
    estimate, spreads = slopes(rest[never][:, :1], variance[never][:, :1], *dealt)
    size = np.abs(estimate) / np.sqrt(spreads)
    return float((size >= size[0] * (1 - 1e-9)).mean())


def _leave_one_out(one: Setting, spread: Spread, sign: float, rng: np.random.Generator) -> bool:
    """Whether the difference stays, also in the eyes of chance, without any one district."""
    for row in one.treated:
        rows = np.delete(np.arange(one.cohort.size), row)
        cohort = one.cohort[rows]
        left = np.unique(cohort[cohort != NEVER])
        fewer = Setting(
            one.panel.only(rows),
            np.array([NEVER if c == NEVER else np.searchsorted(left, c) for c in cohort]),
            one.strength[rows],
            tuple(one.before[c] for c in left),
            tuple(one.after[c] for c in left),
        )
        rest, variance = _beside(fewer, spread)
        dealt = deals(fewer.cohort, fewer.strength, rng)
        again = _difference(fewer, spread, rest, variance, dealt)
        if again.estimate * sign <= 0 or min(again.p_value, again.t_value) > CHECKED_AGAIN:
            return False
    return True


def _moved(panel: Panel, reached: Reached, found: Difference) -> bool | None:
    """Whether a start one span earlier or later tells the same, if weaker."""
    told = []
    for months in (-panel.months, panel.months):
        one = setting(panel, reached.moved(months))
        if one is None or not _comparable(one):
            continue
        rest, variance = _beside(one, _learnt(one))
        estimate, _ = slopes(rest, variance, one.cohort[None, :], one.strength[None, :])
        told.append(float(estimate[0]) / found.estimate)
    return min(told) >= SMALLER_BUT_THERE if told else None


def _other(panel: Panel, reached: Reached, rng: np.random.Generator) -> Counterfactual | None:
    """The districts reached put together, carried on beside those that never were."""
    one = setting(panel, reached)
    if one is None:
        return None
    treated = one.panel.values[one.treated].mean(axis=0)
    weight = 1.0 / (np.median(one.panel.noise) + one.panel.noise + 1e-9)
    never = one.cohort == NEVER
    controls = weight[never] @ one.panel.values[never] / weight[never].sum()
    before = min(one.before, key=lambda spans: int(spans[-1]))
    after = min(one.after, key=lambda spans: int(-spans[0]))
    return counterfactual(treated, controls, None, before, after, rng)


@dataclass(frozen=True)
class City:
    """A whole city as one series: the difference, and its p among placebos in time, if asked."""

    series: Panel
    found: Counterfactual
    placebo: float | None = None


def whole_city(series: Panel, reached: Reached, rng: np.random.Generator) -> City | None:
    """Carry the city on with its seasons; None where the time before is too short.

    A placebo carries the series on from an earlier day, over as many spans as are judged. Where the
    difference is within what the series does anyway, none is asked.
    """
    begins, months = series.begins, series.months
    ends = begins + months
    start = min(reached.before.values())
    last = ends.max() if reached.last is None else reached.last
    before = np.flatnonzero(ends <= start)
    after = np.flatnonzero((begins >= max(reached.after.values()) + reached.lag) & (ends <= last))
    # A level that wanders says little of what comes years later.
    after = after[: CARRIED_ON // months]
    if before.size == 0 or after.size < fewest_after(months):
        return None
    # A steady drift is not taken for an effect either.
    drift = (begins - begins[0]) / 12.0
    season = seasons(begins, months)
    season = drift[:, None] if season is None else np.column_stack([season, drift])
    values = series.values[0]
    found = counterfactual(values, None, season, before, after, rng)
    if found is None:
        return None
    if found.p_value > CHECKED_AGAIN:
        return City(series, found)
    gap = int(after[0] - before[-1])
    size = abs(found.estimate) / found.error
    placebos = []
    step = max(1, before.size // PLACEBOS)
    for end in range(before[-1] - after.size - gap + 1, before[0], -step):
        later = np.arange(end + gap, end + gap + after.size)
        fake = counterfactual(values, None, season, before[before <= end], later, rng)
        if fake is None:
            break
        placebos.append(abs(fake.estimate) / fake.error)
    if len(placebos) < FEWEST_PLACEBOS:
        return City(series, found)
    farther = sum(one >= size for one in placebos)
    return City(series, found, (1 + farther) / (1 + len(placebos)))
