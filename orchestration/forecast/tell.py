"""Says in words what a look ahead stands on, how wrong it usually was, and what would change it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.vocabulary import STATUS_WORDS
from forecasting import counts, ensemble, naive
from forecasting.ets import ShapeShare
from forecasting.outlook import MINIMUM_LENGTH
from forecasting.periods import SEASON_LENGTH, place_in_time
from forecasting.scores import naive_error
from orchestration.forecast.chart import in_text
from orchestration.forecast.series import LookAhead
from orchestration.forecast.words import SAY, Manner, digits, number, table

_EIGHT: Final = ("0.1", "0.9")
_NINETEEN: Final = ("0.025", "0.975")
_MOST_SHAPES: Final = 4
_MOST_STEPS: Final = 12
_LEAST_SHARE: Final = 0.005
_UNCHANGED: Final = 0.005


def manner_of(look: LookAhead, language: str) -> Manner:
    """How the series is written about: decimal places go by its largest value."""
    shown = [*look.history["value"].drop_nulls(), *look.forecast["value"].drop_nulls()]
    dates = look.history["period_start"] == look.history["period_end"]
    return Manner(
        language=language if language in SAY else "de",
        grain=look.grain,
        dated=bool(look.history.height and dates.all()),
        places=digits(max((abs(one) for one in shown), default=0.0)),
    )


def told(look: LookAhead, manner: Manner) -> str:
    """All there is to say about a look ahead, in sections."""
    has_figures = look.ranges.height > 0
    sections = [
        _head(look, manner),
        [*in_text(look, manner), f"  {manner.say('key')}"] if has_figures else [],
        _outlook(look, manner),
        _nowcasts(look, manner),
        _stands_on(look, manner),
        _how(look, manner) if has_figures else [],
        _backtest(look, manner) if has_figures else [],
        _change(look, manner),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _head(look: LookAhead, manner: Manner) -> list[str]:
    known = max([*look.history["as_of"], *look.forecast["as_of"], *look.nowcast["as_of"]])
    return [
        f"{look.meaning[f'name_{manner.language}']} ({look.meaning['indicator_id']})",
        manner.say(
            "head",
            area=look.area["name"],
            code=look.area["area_id"],
            version=look.area["area_version"],
            grain=manner.grains(),
            group="" if look.group == "all" else f", {look.group}",
        ),
        manner.say("unit", unit=look.meaning["unit"], day=known),
    ]


def _reason(row: Mapping[str, Any], manner: Manner) -> str:
    return row["reason" if manner.language == "de" else "reason_en"] or ""


def _outlook(look: LookAhead, manner: Manner) -> list[str]:
    if look.forecast.is_empty() or look.refusal is not None:
        why = manner.say("only_nowcast") if look.refusal is None else _reason(look.refusal, manner)
        where = "elsewhere" if look.told_levels else "nowhere"
        levels = ", ".join(look.told_levels)
        return [f"{manner.say('refused')}: {why}", f"  {manner.say(where, levels=levels)}"]
    rows = [["", manner.say("middle"), manner.say("eight"), manner.say("nineteen")]]
    rows += [
        [manner.label(row["period_start"]), *_quantiles(row, manner)]
        for row in look.ranges.iter_rows(named=True)
    ]
    return [
        f"{manner.say('outlook')}:",
        *table(rows),
        f"  {manner.say('read')}",
        f"  {manner.say('trend')}",
        *_notes(look, manner),
    ]


def _notes(look: LookAhead, manner: Manner) -> list[str]:
    """What is said beside figures, with the periods where it is not said of all."""
    reasons: dict[str, set[date]] = {}
    for row in look.forecast.drop_nulls("value").iter_rows(named=True):
        if reason := _reason(row, manner):
            reasons.setdefault(reason, set()).add(row["period_start"])
    lines = []
    for reason, starts in reasons.items():
        where = "" if len(starts) == look.ranges.height else f" ({manner.periods(starts)})"
        lines.append(f"  {manner.say('note')}{where}: {reason}")
    return lines


def _quantiles(row: Mapping[str, Any], manner: Manner) -> list[str]:
    ranges = [manner.range(row[low], row[high]) for low, high in (_EIGHT, _NINETEEN)]
    return [manner.number(row["0.5"]), *ranges]


def _nowcasts(look: LookAhead, manner: Manner) -> list[str]:
    if look.nowcast.is_empty():
        return []
    known = dict(look.history.select("period_start", "value").iter_rows())
    rows = [
        ["", *(manner.say(heading) for heading in ("so_far", "middle", "eight", "nineteen"))],
    ]
    for row in look.nowcasts.iter_rows(named=True):
        so_far = known.get(row["period_start"])
        shown = "" if so_far is None else manner.number(so_far)
        rows.append([manner.label(row["period_start"]), shown, *_quantiles(row, manner)])
    refused = look.nowcast.filter(pl.col("value").is_null())
    reasons: dict[str, list[Any]] = {}
    for row in refused.iter_rows(named=True):
        reasons.setdefault(_reason(row, manner), []).append(row["period_start"])
    return [
        f"{manner.say('nowcast')}:",
        *(table(rows) if look.nowcasts.height else []),
        *(
            f"  {manner.say('no_nowcast', periods=manner.periods(set(starts)), reason=reason)}"
            for reason, starts in reasons.items()
        ),
    ]


def _stands_on(look: LookAhead, manner: Manner) -> list[str]:
    lines = [f"{manner.say('stands_on' if look.ranges.height else 'there_is')}:"]
    usable = look.usable
    if usable.is_empty():
        lines.append(f"  {manner.say('nothing')}")
    else:
        first, last = usable["period_start"][0], usable["period_start"][-1]
        spanned = place_in_time(last, look.grain) - place_in_time(first, look.grain) + 1
        words = manner.say(
            "span",
            periods=manner.count(spanned),
            first=manner.label(first),
            last=manner.label(last),
            usable=usable.height,
        )
        lines.append(f"  {words}")
    unused = look.history.join(usable, on="period_start", how="anti")
    lines += _by_status(unused, manner, "left_out") + _never_delivered(look, manner)
    lines += _by_status(usable.filter(pl.col("status") != "observed"), manner, "used")
    if look.ranges.height and look.nowcasts.height:
        starts = look.nowcasts["period_start"]
        words = manner.say("grown", count=starts.len(), periods=manner.periods(starts))
        lines.append(f"  {words}")
    if look.made_of is not None and look.made_of.gaps > 1 + _UNCHANGED:
        times = number(look.made_of.gaps, 2, manner.language)
        lines.append(f"  {manner.say('gaps', times=times)}")
    return lines + [
        f"  {manner.say('break', since=row['since'], what=row[f'what_{manner.language}'])}"
        for row in look.breaks.iter_rows(named=True)
    ]


def _by_status(rows: pl.DataFrame, manner: Manner, key: str) -> list[str]:
    return [
        "  "
        + manner.say(
            key,
            status=STATUS_WORDS[status][0 if manner.language == "de" else 1],
            count=len(starts),
            periods=manner.periods(starts),
        )
        for status, starts in (
            rows.group_by("status", maintain_order=True).agg("period_start").iter_rows()
        )
    ]


def _never_delivered(look: LookAhead, manner: Manner) -> list[str]:
    """Periods between first and last without so much as a row."""
    starts = look.history["period_start"].to_list()
    places = {place_in_time(start, look.grain) for start in starts}
    absent = max(places) - min(places) + 1 - len(places) if places else 0
    return [f"  {manner.say('no_row', count=manner.count(absent))}"] if absent else []


def _how(look: LookAhead, manner: Manner) -> list[str]:
    model = look.forecast["model"][0]
    lines = [f"{manner.say('how')}:"]
    if model in (naive.MODEL_NAME, naive.SMALL_NAME):
        return [*lines, f"  {manner.say('naive', what=_simple(look, manner))}"]
    if model == counts.MODEL_NAME:
        return [*lines, f"  {manner.say('counts', level=look.area['level'])}"]
    if model != ensemble.MODEL_NAME:
        return [*lines, f"  {manner.say('other_model', model=model)}"]
    if look.made_of is None:
        return [*lines, f"  {manner.say('withheld')}"]
    lines.append(f"  {manner.say('mean')}")
    for name, share in look.made_of.shares.items():
        lines.append(f"    {share:4.0%}  {manner.say(name)}".replace("%", " %"))
        if name == "smoothing":
            lines.append(f"           {manner.say('of_which')}")
            lines += [f"           {one}" for one in _shapes(look, manner)]
    lines.append(f"  {manner.say(look.made_of.scale)}")
    if look.is_adjusted:
        place = int(np.argmax(np.abs(look.made_of.medians - look.medians)))
        words = manner.say(
            "adjusted",
            period=manner.label(look.ranges["period_start"][place]),
            own=manner.number(look.made_of.medians[place]),
            published=manner.number(look.medians[place]),
        )
        lines.append(f"  {words}")
    return lines


def _simple(look: LookAhead, manner: Manner) -> str:
    return manner.say("year_again" if SEASON_LENGTH[look.grain] > 1 else "value_again")


def _shapes(look: LookAhead, manner: Manner) -> list[str]:
    assert look.made_of is not None
    shares: dict[str, float] = {}
    for one in look.made_of.shapes:
        words = _shape(one, look, manner)
        shares[words] = shares.get(words, 0.0) + one.share
    ranked = [(name, share) for name, share in shares.items() if share >= _LEAST_SHARE]
    lines = [f"{share:4.0%}  {name}" for name, share in ranked[:_MOST_SHAPES]]
    rest = 1.0 - sum(share for _, share in ranked[:_MOST_SHAPES])
    if rest >= _LEAST_SHARE:
        lines.append(f"{rest:4.0%}  {manner.say('rest')}")
    return [line.replace("%", " %") for line in lines]


def _shape(one: ShapeShare, look: LookAhead, manner: Manner) -> str:
    parts = [manner.say(one.shape.trend)]
    if SEASON_LENGTH[look.grain] > 1:
        parts.append(manner.say("seasonal" if one.shape.seasonal else "flat"))
    if one.logged:
        parts.append(manner.say("logged"))
    return ", ".join(parts)


def _backtest(look: LookAhead, manner: Manner) -> list[str]:
    lines = [f"{manner.say('backtest')}:"]
    model = look.forecast["model"][0]
    shown = look.backtest.filter(pl.col("model") == model)
    if shown.is_empty():
        return [*lines, f"  {manner.say('no_backtest')}"]
    if shown["smape"].count() == 0:
        return [*lines, f"  {_reason(shown.row(0, named=True), manner)}"]
    series = shown["series"].max()
    which = "looked_back_alone" if series == 1 else "looked_back"
    words = manner.say(which, series=series, level=look.area["level"])
    small = model in (counts.MODEL_NAME, naive.SMALL_NAME)
    other = look.backtest.filter(
        pl.col("model") == (naive.SMALL_NAME if small else naive.MODEL_NAME)
    )
    lines += [f"  {words}", *table(_steps(look, manner, shown, other))]
    furthest = int(shown["ahead"].max())  # type: ignore[arg-type]
    if furthest < look.ranges.height:
        lines.append(f"  {manner.say('beyond', ahead=manner.count(furthest))}")
    ours = look.backtest.filter(
        pl.col("model") == (counts.MODEL_NAME if small else ensemble.MODEL_NAME)
    )
    if other["wis"].count() and ours["wis"].count():
        words = manner.say(
            "better",
            model=manner.say("small_model" if small else "models"),
            wis=number(_mean(ours, "wis"), 3, manner.language),
            simple=_simple(look, manner),
            other=number(_mean(other, "wis"), 3, manner.language),
        )
        lines.append(f"  {words}")
    return lines + _stretched(look, manner)


def _steps(
    look: LookAhead, manner: Manner, shown: pl.DataFrame, other: pl.DataFrame
) -> list[list[str]]:
    """One row per period ahead: how far off, and how often within the ranges."""
    step = naive_error(_on_grid(look), SEASON_LENGTH[look.grain])
    simple = dict(other.select("ahead", "smape").iter_rows())
    model = look.forecast["model"][0]
    # Where a value is none or one, a percentage of it says nothing.
    in_percent = model not in (counts.MODEL_NAME, naive.SMALL_NAME)
    compares = in_percent and bool(simple) and model != naive.MODEL_NAME
    off_by = ["off", "off_unit"] if in_percent else ["off_unit"]
    heading = ["ahead", "checked", *off_by, "in_eight", "in_nineteen"]
    rows = [[manner.say(key) for key in heading] + ([_simple(look, manner)] if compares else [])]
    every = -(-shown.height // _MOST_STEPS)
    kept = (pl.col("ahead") == 1) | (pl.col("ahead") % every == 0)
    for row in shown.filter(kept).iter_rows(named=True):
        off = None if row["mase"] is None or not np.isfinite(step) else row["mase"] * step
        cells = [
            manner.count(row["ahead"]),
            number(row["forecasts"], 0, manner.language),
            *([_percent(row["smape"], manner)] if in_percent else []),
            "" if off is None else f"± {manner.number(off)}",
            _percent(row["coverage_80"], manner),
            _percent(row["coverage_95"], manner),
        ]
        rows.append(cells + ([_percent(simple.get(row["ahead"]), manner)] if compares else []))
    return rows


def _percent(share: float | None, manner: Manner) -> str:
    if share is None:
        return ""
    return f"{number(share, 0 if share >= 10 else 1, manner.language)} %"


def _mean(rows: pl.DataFrame, column: str) -> float:
    """The mean over all forecasts compared, of all periods ahead."""
    known = rows.drop_nulls(column)
    return float(np.average(known[column].to_numpy(), weights=known["forecasts"].to_numpy()))


def _on_grid(look: LookAhead) -> NDArray[np.float64]:
    places = [place_in_time(start, look.grain) for start in look.usable["period_start"]]
    values = np.full(places[-1] - places[0] + 1, np.nan)
    values[np.asarray(places) - places[0]] = look.usable["value"].to_numpy()
    return values


def _stretched(look: LookAhead, manner: Manner) -> list[str]:
    """What ranges have learned from the past."""
    if look.made_of is None:
        return []
    learned = look.made_of.factors
    if np.abs(learned - 1.0).max() < _UNCHANGED:
        return [f"  {manner.say('as_they_are')}"]
    nineteen, eight = (_times(learned[:, place], manner) for place in (0, 1))
    return [f"  {manner.say('wider', eight=eight, nineteen=nineteen)}"]


def _times(factors: NDArray[np.float64], manner: Manner) -> str:
    low, high = (number(float(one), 2, manner.language) for one in (factors.min(), factors.max()))
    return low if low == high else f"{low} – {high}"


def _change(look: LookAhead, manner: Manner) -> list[str]:
    lines = []
    if look.refusal is not None:
        lines.append(manner.say("lifted"))
        if look.usable.height < MINIMUM_LENGTH[look.grain]:
            lines.append(manner.say("longer", grain=manner.grains()))
    for row in look.ranges.head(1).iter_rows(named=True):
        low, high = (manner.number(row[name]) for name in _NINETEEN)
        period = manner.label(row["period_start"])
        # Nothing can fall below none.
        which = "refute_above" if row["0.025"] == 0 else "refute"
        lines.append(manner.say(which, period=period, low=low, high=high))
    provisional = look.usable.filter(pl.col("status") == "provisional")["period_start"]
    if provisional.len():
        lines.append(manner.say("provisional", periods=manner.periods(provisional)))
    if look.programmes.height:
        names = ", ".join(look.programmes[f"name_{manner.language}"])
        lines.append(manner.say("programmes", names=names))
    if look.ranges.height:
        lines.append(manner.say("borders"))
    caveats = look.meaning[f"caveats_{manner.language}"]
    told = [f"  {manner.say('caveats')}: {caveats}"] if caveats else []
    if not lines:
        return [one.strip() for one in told]
    return [f"{manner.say('change')}:", *(f"  - {line}" for line in lines), *told]
