"""Ten years of Musterstadt, drawn once from a seed: what happened and what was recorded of it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from examples.musterstadt import plants
from examples.musterstadt.city import (
    FIRST_YEAR,
    LAST_YEAR,
    QUARTERS,
    STOCK_YEARS,
    TINY,
    YEARS,
    Quarter,
)

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

SEED: Final = 20150101
OFFENCES: Final = ("Fahrraddiebstahl", "Wohnungseinbruch", "Kellereinbruch", "Sachbeschädigung")
BICYCLE, HOME, CELLAR, DAMAGE = range(4)
MONTHS: Final = 12 * len(YEARS)

_AGE_SHARES: Final = np.array([0.027, 0.027, 0.082, 0.028, 0.100, 0.520, 0.216])
RESCUE_MINUTES: Final = ("0b5", "5b10", "10b15", "15b30")
_RESCUE_SHARES: Final = (0.22, 0.51, 0.2, 0.07)
_RESCUES_PER_RESIDENT: Final = np.array([0.06, 0.025, 0.02, 0.045, 0.05, 0.055, 0.21])
_MINOR_BANDS: Final = slice(0, 4)
_AGE_MEANS: Final = np.array([1.5, 4.5, 10.5, 16.5, 22.5, 46.0, 76.5])
_YEARLY_PER_1000: Final = np.array([2.2, 1.9, 1.7, 1.2])
_SEASONS: Final = np.array(
    [
        [0.45, 0.50, 0.75, 1.00, 1.25, 1.45, 1.50, 1.50, 1.30, 1.05, 0.75, 0.50],
        [1.30, 1.15, 1.00, 0.85, 0.80, 0.75, 0.80, 0.80, 0.90, 1.10, 1.25, 1.30],
        [1.10, 1.05, 1.00, 0.95, 0.95, 0.90, 0.90, 0.95, 1.00, 1.05, 1.05, 1.10],
        [0.90, 0.85, 0.95, 1.00, 1.10, 1.10, 1.10, 1.10, 1.00, 1.00, 0.95, 0.95],
    ]
)
_VISIT_SEASON: Final = np.array(
    [1.05, 1.05, 1.08, 1.00, 1.02, 0.98, 0.72, 0.70, 1.08, 1.10, 1.15, 1.07]
)


@dataclass(frozen=True)
class Events:
    """One entry per offence, in the order of days."""

    quarter: Counts
    day: Counts
    offence: Counts
    recorded_as: Counts
    attempted: Flags
    reported: Counts
    names_district: Flags
    names_area: Flags
    prevented_beside: Counts
    """Thefts that the bicycle parking prevented, by quarter and year."""


@dataclass(frozen=True)
class World:
    """Everything by quarter (axis 0, see QUARTERS) and year (axis 1) unless said otherwise."""

    residents: Counts
    """Quarter × end of year 2014 … 2024 × age band × sex (w, m)."""
    need: Counts
    """People receiving SGB II benefits: quarter × year × (June, December)."""
    need_children: Counts
    households: Counts
    care: Counts
    """Educational support begun: quarter × year × sex."""
    care_shock: Counts
    """The part of it that the passing shock of 2018 added."""
    course_starts: Counts
    course_finishes: Counts
    visits: Counts
    """Visits of youth centres that took place: quarter × month."""
    visits_recorded: Counts
    waits: Counts
    """Debt advice, whole city: year × days waited (the last one: 60 and more)."""
    waits_recorded: Counts
    examined: Counts
    conspicuous: Counts
    conspicuous_by_test: Counts
    """The part that only the new test finds."""
    places: Counts
    in_care: Counts
    in_care_under_3: Counts
    years_lived_here: Numbers
    rescues: Counts
    """Calls of the rescue service: quarter × year × age band."""
    rescue_minutes: Counts
    """The same calls by the minutes until help was there: quarter × year × RESCUE_MINUTES."""
    guided: Counts
    """Children in guided families: quarter × year × age (under 3, under 6, under 15, unknown)."""
    guided_elsewhere: Counts
    """The same without a known district: year × age."""
    events: Events

    @property
    def minors(self) -> Counts:
        """Residents under 18 at the end of each year from 2015 on."""
        total: Counts = self.residents[:, 1:, _MINOR_BANDS, :].sum(axis=(2, 3))
        return total

    @property
    def mean_age(self) -> Numbers:
        """Mean age at the end of each year from 2015 on."""
        by_age = self.residents[:, 1:].sum(axis=3)
        mean: Numbers = (by_age * _AGE_MEANS).sum(axis=2) / by_age.sum(axis=2)
        return mean


def simulate(seed: int = SEED) -> World:
    """Draw the world; the same seed gives the same world."""
    # One stream per department: a change in one leaves the numbers of the others as they are.
    streams = default_rng(seed).spawn(11)
    residents = _residents(streams[0])
    need, children, households = _need(streams[1], residents)
    care, shock = _care(streams[2], residents)
    starts, finishes = _courses(streams[3])
    visits, visits_recorded = _visits(streams[4], residents)
    waits, waits_recorded = _waits(streams[5])
    examined, conspicuous, by_test = _school_entry(streams[6], residents)
    places, in_care, under_3, lived = _day_care(streams[7], residents)
    rescues, rescue_minutes = _rescues(streams[9], residents)
    guided, guided_elsewhere = _guided(streams[10], children)
    return World(
        residents=residents,
        need=need,
        need_children=children,
        households=households,
        care=care,
        care_shock=shock,
        course_starts=starts,
        course_finishes=finishes,
        visits=visits,
        visits_recorded=visits_recorded,
        waits=waits,
        waits_recorded=waits_recorded,
        examined=examined,
        conspicuous=conspicuous,
        conspicuous_by_test=by_test,
        places=places,
        in_care=in_care,
        in_care_under_3=under_3,
        years_lived_here=lived,
        rescues=rescues,
        rescue_minutes=rescue_minutes,
        guided=guided,
        guided_elsewhere=guided_elsewhere,
        events=_events(streams[8], residents),
    )


def quarters_in(codes: tuple[str, ...]) -> list[int]:
    """Positions of the quarters whose district of version 2020 is one of `codes`."""
    return [i for i, quarter in enumerate(QUARTERS) if quarter.new in codes]


def _per_quarter(name: str) -> Numbers:
    return np.array([getattr(quarter, name) for quarter in QUARTERS], dtype=np.float64)


def _residents(rng: Generator) -> Counts:
    steps = np.arange(len(STOCK_YEARS))
    wander = np.cumsum(rng.normal(0.0, 0.003, (len(QUARTERS), len(steps))), axis=1)
    total = _per_quarter("residents")[:, None] * np.exp(
        _per_quarter("growth")[:, None] * steps + wander
    )
    shares = np.tile(_AGE_SHARES, (len(QUARTERS), len(steps), 1))
    shares[:, :, _MINOR_BANDS] *= _per_quarter("young")[:, None, None]
    shares[:, :, -1] *= (1 + 0.012 * steps)[None, :]
    shares *= np.exp(rng.normal(0.0, 0.02, (len(QUARTERS), 1, len(_AGE_SHARES))))
    shares /= shares.sum(axis=2, keepdims=True)
    women = np.array([0.487, 0.486, 0.487, 0.486, 0.49, 0.50, 0.565])
    by_sex = np.stack([women, 1 - women], axis=1)
    cells = total[:, :, None, None] * shares[:, :, :, None] * by_sex
    people: Counts = np.rint(cells * np.exp(rng.normal(0.0, 0.008, cells.shape))).astype(np.int64)
    return people


def _need(rng: Generator, residents: Counts) -> tuple[Counts, Counts, Counts]:
    under_65 = residents[:, :, :-1].sum(axis=(2, 3))
    under_15 = residents[:, :, :3].sum(axis=(2, 3))
    trend = np.linspace(0.0, -0.12, 2 * len(YEARS)).reshape(len(YEARS), 2)
    shape = (len(QUARTERS), len(YEARS), 2)
    wander = np.cumsum(rng.normal(0.0, 0.015, (shape[0], shape[1] * 2)), axis=1).reshape(shape)
    rate = _per_quarter("need")[:, None, None] * np.exp(trend + wander)
    # June lies half-way between two ends of year.
    people = np.stack([(under_65[:, :-1] + under_65[:, 1:]) / 2, under_65[:, 1:]], axis=2)
    young = np.stack([(under_15[:, :-1] + under_15[:, 1:]) / 2, under_15[:, 1:]], axis=2)
    need = np.rint(people * rate).astype(np.int64)
    of_children = np.minimum(0.7, 1.55 * rate * np.exp(rng.normal(0.0, 0.02, shape)))
    children = np.minimum(np.rint(young * of_children).astype(np.int64), need)
    households = np.rint(need / 1.95).astype(np.int64)
    return need, children, households


def _care(rng: Generator, residents: Counts) -> tuple[Counts, Counts]:
    minors = residents[:, 1:, _MINOR_BANDS].sum(axis=2)
    per_minor = (12 + 90 * _per_quarter("need")) / 1000
    # Boys receive these supports somewhat more often.
    mean = minors * per_minor[:, None, None] * np.array([0.9, 1.1])
    extra = np.zeros_like(mean)
    shocked = quarters_in(plants.FAMILY_AREAS)
    year = plants.FAMILY_SHOCK_YEAR - FIRST_YEAR
    extra[shocked, year] = (plants.FAMILY_SHOCK - 1) * mean[shocked, year]
    shock = rng.poisson(extra)
    return rng.poisson(mean) + shock, shock


def _courses(rng: Generator) -> tuple[Counts, Counts]:
    years = np.array(YEARS)
    first, last = plants.COURSE_SHIFT
    hard_share = np.interp(years, [first, last], plants.COURSE_HARD_SHARE)
    total = np.linspace(1500, 2300, len(years))
    hard = _per_quarter("need") >= plants.COURSE_HARD_NEED
    size = _per_quarter("residents")
    weight = np.where(hard, size / size[hard].sum(), size / size[~hard].sum())
    block = np.where(hard[:, None], hard_share, 1 - hard_share)
    starts = rng.poisson(total * block * weight[:, None])
    span = [FIRST_YEAR, LAST_YEAR]
    finish = np.where(
        hard[:, None],
        np.interp(years, span, plants.COURSE_FINISH_HARD),
        np.interp(years, span, plants.COURSE_FINISH_EASY),
    )
    return starts, rng.binomial(starts, finish)


def _visits(rng: Generator, residents: Counts) -> tuple[Counts, Counts]:
    youth = residents[:, 1:, 2:4].sum(axis=(2, 3))
    per_head = 0.30 + 0.8 * _per_quarter("need")
    # One month more than is delivered: the last December, too, borrows from a January.
    monthly = np.repeat(youth * per_head[:, None], 12, axis=1)
    monthly = np.concatenate([monthly, monthly[:, -1:]], axis=1)
    season = np.resize(_VISIT_SEASON, monthly.shape[1])
    drawn = rng.poisson(monthly * season * np.exp(rng.normal(0.0, 0.07, monthly.shape)))
    drawn[quarters_in((TINY,))] = 0  # there is no youth centre on the island
    recorded = drawn.copy()
    for row in quarters_in(plants.VISITS_AREAS):
        for year in range(plants.VISITS_SINCE, LAST_YEAR + 1):
            december = 12 * (year - FIRST_YEAR) + 11
            pulled = round(plants.VISITS_PULLED * float(drawn[row, december + 1]))
            recorded[row, december] += pulled
            recorded[row, december + 1] -= pulled
    for row in quarters_in(plants.ROUNDED_AREAS):
        tens = np.rint(recorded[row] / plants.ROUNDED_TO)
        recorded[row] = tens.astype(np.int64) * plants.ROUNDED_TO
    start = 12 * (plants.COPIED_YEAR - FIRST_YEAR) + plants.COPIED_FROM_MONTH - 1
    for row in quarters_in((plants.COPIED_AREA,)):
        recorded[row, start : start + plants.COPIED_MONTHS + 1] = recorded[row, start]
    return drawn[:, :MONTHS], recorded[:, :MONTHS]


def _waits(rng: Generator) -> tuple[Counts, Counts]:
    top = plants.WAIT_TOP
    true = np.zeros((len(YEARS), top + 1), dtype=np.int64)
    recorded = np.zeros_like(true)
    first, last = plants.WAIT_TO
    for row, year in enumerate(YEARS):
        days = np.minimum(rng.gamma(3.2, 7.6, 1300 + 12 * row).astype(np.int64), top)
        booked = days.copy()
        if year >= plants.WAIT_SINCE:
            late = (days >= plants.WAIT_FROM[0]) & (days <= plants.WAIT_FROM[1])
            moved = late & (rng.random(days.size) < plants.WAIT_MOVED)
            booked[moved] = rng.integers(first, last + 1, int(moved.sum()))
        true[row] = np.bincount(days, minlength=top + 1)
        recorded[row] = np.bincount(booked, minlength=top + 1)
    return true, recorded


def _school_entry(rng: Generator, residents: Counts) -> tuple[Counts, Counts, Counts]:
    third = residents[:, 1:, 1].sum(axis=2) / 3
    examined = rng.binomial(np.rint(third).astype(np.int64), 0.97)
    share = 0.09 + 0.9 * _per_quarter("need")
    found = rng.binomial(examined, share[:, None])
    new_test = (np.array(YEARS) >= plants.NEW_TEST_SINCE).astype(np.float64)
    # Of the children the old test passed, so many that the share rises by NEW_TEST_ADDED.
    added = plants.NEW_TEST_ADDED / (1 - share[:, None]) * new_test
    by_test = rng.binomial(examined - found, added)
    return examined, found + by_test, by_test


def _day_care(rng: Generator, residents: Counts) -> tuple[Counts, Counts, Counts, Numbers]:
    # The reporting date is 1 March: the ages are those of the end of the year before.
    under_3 = residents[:, :-1, 0].sum(axis=2)
    older = residents[:, :-1, 1].sum(axis=2)
    years = np.arange(len(YEARS))
    wish = 0.30 + 0.012 * years + rng.normal(0.0, 0.03, (len(QUARTERS), 1))
    in_care_under_3 = rng.binomial(under_3, np.clip(wish, 0.05, 0.6))
    in_care = in_care_under_3 + rng.binomial(older, 0.93)
    places = np.rint(in_care * rng.uniform(1.00, 1.06, in_care.shape)).astype(np.int64)
    lived = rng.uniform(9.0, 16.0, (len(QUARTERS), 1)) + 0.05 * years
    nothing = quarters_in((TINY,))
    for one in (in_care_under_3, in_care, places):
        one[nothing] = 0
    return places, in_care, in_care_under_3, lived


def _rescues(rng: Generator, residents: Counts) -> tuple[Counts, Counts]:
    by_age = residents[:, 1:].sum(axis=3)
    calls = rng.poisson(by_age * _RESCUES_PER_RESIDENT)
    return calls, rng.multinomial(calls.sum(axis=2), _RESCUE_SHARES)


def _guided(rng: Generator, children: Counts) -> tuple[Counts, Counts]:
    """From the year on in which the programme counts whom it guides; before nobody is counted."""
    years = np.array(YEARS) >= plants.FAMILY_REACH_SINCE
    shares = np.array([plants.FAMILY_REACH.get(quarter.new, 0.0) for quarter in QUARTERS])
    known = rng.binomial(children[:, :, 1], shares[:, None] * years)
    elsewhere = rng.poisson(plants.FAMILY_WITHOUT_DISTRICT * years)
    by_age = rng.multinomial(known, plants.FAMILY_AGES)
    return by_age, rng.multinomial(elsewhere, plants.FAMILY_AGES)


def _events(rng: Generator, residents: Counts) -> Events:
    counts, prevented = _event_counts(rng, residents)
    cells = np.nonzero(counts)
    repeats = counts[cells]
    quarter, month, offence = (np.repeat(one, repeats) for one in cells)
    starts = np.array([_ordinal(m) for m in range(MONTHS + 1)])
    length = np.diff(starts)[month]
    day = starts[month] + np.floor(rng.random(day_count := quarter.size) * length).astype(np.int64)
    late = rng.random(day_count) < plants.LATE_SHARE
    delay = np.where(
        late, rng.exponential(plants.LATE_MEAN_DAYS, day_count), rng.integers(0, 10, day_count)
    )
    recoded = (
        (offence == HOME)
        & (month >= 12 * (plants.RECODED_SINCE - FIRST_YEAR))
        & (rng.random(day_count) < plants.RECODED_SHARE)
    )
    unknown = rng.random(day_count)
    attempted = rng.random(day_count) < np.array([0.05, 0.42, 0.25, 0.0])[offence]
    order = np.lexsort((quarter, offence, day))
    return Events(
        quarter=quarter[order],
        day=day[order],
        offence=offence[order],
        recorded_as=np.where(recoded, CELLAR, offence)[order],
        attempted=attempted[order],
        reported=(day + np.floor(delay).astype(np.int64))[order],
        names_district=(unknown >= plants.WITHOUT_DISTRICT)[order],
        names_area=(unknown >= plants.WITHOUT_AREA)[order],
        prevented_beside=prevented,
    )


def _event_counts(rng: Generator, residents: Counts) -> tuple[Counts, Counts]:
    """Offences by quarter, month and kind, and the prevented bicycle thefts by quarter and year."""
    people = np.repeat(residents[:, 1:].sum(axis=(2, 3)), 12, axis=1) / 1000
    level = np.array([_attraction(quarter) for quarter in QUARTERS])
    season = np.tile(_SEASONS, (1, len(YEARS))).T
    trend = np.exp(-0.01 * np.arange(MONTHS) / 12)[:, None]
    mean = people[:, :, None] * level[:, None, :] * _YEARLY_PER_1000 / 12 * season * trend
    year, month = plants.ONLINE_SINCE
    online = [i for i, one in enumerate(QUARTERS) if one.city_area == plants.ONLINE_CITY_AREA]
    mean[online, 12 * (year - FIRST_YEAR) + month - 1 :, DAMAGE] *= plants.ONLINE_FACTOR
    counts = rng.poisson(mean)
    start = 12 * (plants.BICYCLE_SINCE - FIRST_YEAR)
    prevented = np.zeros((len(QUARTERS), MONTHS), dtype=np.int64)
    for row in quarters_in(plants.BICYCLE_AREAS):
        prevented[row, start:] = rng.binomial(
            counts[row, start:, BICYCLE], plants.BICYCLE_PREVENTED
        )
    counts[:, :, BICYCLE] -= prevented
    return counts, prevented.reshape(len(QUARTERS), len(YEARS), 12).sum(axis=2)


def _attraction(quarter: Quarter) -> list[float]:
    """How often offences happen compared with the city: bicycles, homes, cellars, damage."""
    centre = quarter.city_area == "01"
    bicycles = 1.6 if centre else 1.25 if quarter.new in plants.BICYCLE_AREAS else 0.75
    homes = 1.25 if quarter.need < 0.08 else 0.9
    cellars = 0.75 if quarter.need < 0.08 else 1.15
    return [bicycles, homes, cellars, 1.5 if centre else 0.85]


def _ordinal(month: int) -> int:
    return date(FIRST_YEAR + month // 12, month % 12 + 1, 1).toordinal()
