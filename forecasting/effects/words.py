"""Why a verdict is what it is, in German and in English: every sentence there is, in one place."""

from __future__ import annotations

from datetime import date
from typing import Final

from forecasting.effects.counterfactual import Counterfactual
from forecasting.effects.study import Evidence
from forecasting.effects.verdict import (
    SPILLS,
    Word,
    in_percent,
    is_alone,
    smallest_effect,
    smallest_effect_of_city,
    was_there_before,
)
from forecasting.refusal import german

Both = tuple[str, str]

NO_STATEMENT: Final = (
    "Keine Aussage ist nicht keine Wirkung:",
    "No statement is not no effect:",
)
_HEADS: Final[dict[Word, Both]] = {
    "supported": (
        "Gestützt, so weit ein Vergleich das kann.",
        "Supported, as far as a comparison can.",
    ),
    "points_that_way": (
        "Deutet in diese Richtung, belegt ist es nicht.",
        "Points that way, without proof.",
    ),
    "not_distinguishable": (
        "Vom Zufall nicht zu unterscheiden.",
        "Not distinguishable from chance.",
    ),
}


_THERE_BEFORE: Final = (
    "Nicht zu unterscheiden von einer Entwicklung, die schon davor in diese Richtung ging.",
    "Not distinguishable from a development that went that way already before it began.",
)


def _both(de: str, en: str) -> Both:
    return de, en


def amount(effect: float, *, is_log: bool, signed: bool = True) -> Both:
    """An effect as it is read: percent on the log scale, the indicator's unit otherwise."""
    number = in_percent(effect) if is_log else effect
    sign = ("+" if number >= 0 else "−") if signed else ""
    digits = 0 if is_log and abs(number) >= 9.5 else 1 if abs(number) >= 0.95 or is_log else 3
    unit = " %" if is_log else ""
    return _both(
        f"{sign}{german(abs(number), digits)}{unit}",
        f"{sign}{abs(number):,.{digits}f}{unit}",
    )


def compared(one: Evidence, word: Word, *, chosen_by: str | None) -> Both:
    """What a comparison of districts found, and what speaks against reading more into it."""
    is_log = one.setting.panel.is_log
    estimate, low, high = (
        amount(each, is_log=is_log) for each in (one.found.estimate, *one.found.limits())
    )
    after = one.setting.after[0]
    begins = one.setting.panel.begins
    since, until = int(begins[after[0]]), int(begins[after[-1]]) + one.setting.panel.months - 1
    de, en = _THERE_BEFORE if was_there_before(one) else _HEADS[word]
    if word == "not_distinguishable":
        more = _unseen(smallest_effect(one), is_log=is_log)
        de, en = f"{de} {more[0]}", f"{en} {more[1]}"
    many = f"{one.treated} Gebiete" if one.treated > 1 else "ein Gebiet"
    areas = f"{one.treated} areas" if one.treated > 1 else "one area"
    if one.controls:
        de += f" Verglichen: {many} mit, {one.controls} ohne das Programm,"
        en += f" Compared: {areas} with and {one.controls} without the programme,"
    else:
        de += f" Verglichen: {many}, in denen es verschieden stark war,"
        en += f" Compared: {areas} where it was of different strength,"
    de += (
        f" {_month(since)} bis {_month(until)} gegen die Zeit davor: {estimate[0]} "
        f"(95-%-Bereich {low[0]} bis {high[0]})."
    )
    en += (
        f" {_month(since)} to {_month(until)} against the time before: {estimate[1]} "
        f"(95 % range {low[1]} to {high[1]})."
    )
    share = 100 * one.found.p_value
    rarely = "weniger als 0,1" if share < 0.1 else german(share)
    seldom = "less than 0.1" if share < 0.1 else f"{share:.1f}"
    de += f" Ein mindestens so großer Unterschied käme in {rarely} % zufälliger Zuteilungen vor."
    en += f" A difference at least as large would come up in {seldom} % of chance allocations."
    for told in _limits(one, word, chosen_by):
        de, en = f"{de} {told[0]}", f"{en} {told[1]}"
    return de, en


def _unseen(effect: float, *, is_log: bool) -> Both:
    if not is_log:
        size = amount(abs(effect), is_log=False, signed=False)
        return _both(
            f"{NO_STATEMENT[0]} erst eine Veränderung ab etwa {size[0]} wäre zu sehen gewesen.",
            f"{NO_STATEMENT[1]} only a change of about {size[1]} or more could have been seen.",
        )
    less, more = amount(-abs(effect), is_log=True), amount(abs(effect), is_log=True)
    return _both(
        f"{NO_STATEMENT[0]} erst eine Veränderung ab etwa {less[0]} oder {more[0]} wäre zu sehen "
        "gewesen.",
        f"{NO_STATEMENT[1]} only a change of about {less[1]} or {more[1]} could have been seen.",
    )


def _limits(one: Evidence, word: Word, chosen_by: str | None) -> list[Both]:
    told = []
    if is_alone(one):
        told.append(
            _both(
                "Bei so wenigen Gebieten kann ein Vergleich höchstens ein Hinweis sein.",
                "With so few areas a comparison can be a hint at most.",
            )
        )
    if word != "not_distinguishable":
        if one.left_out is False:
            told.append(
                _both(
                    "Ohne ein einzelnes Gebiet bliebe davon zu wenig.",
                    "Without one single area too little of it would be left.",
                )
            )
        if one.moved is False:
            told.append(
                _both(
                    "Bei etwas früherem oder späterem Beginn sähe es anders aus.",
                    "With a start somewhat earlier or later it would look different.",
                )
            )
    if _below(one.neighbours, SPILLS):
        told.append(
            _both(
                "Auch die Nachbargebiete weichen ab; sie taugen als Vergleich nur bedingt.",
                "Areas next to them differ too; they are of limited use for comparison.",
            )
        )
    if chosen_by == "need":
        told.append(
            _both(
                "Ausgewählt wurde nach Bedarf; dass auffällige Gebiete von selbst zurückpendeln, "
                "ist herausgerechnet.",
                "Areas were chosen by need; that conspicuous areas move back by themselves is "
                "taken out.",
            )
        )
    elif chosen_by == "application":
        told.append(
            _both(
                "Die Gebiete haben sich beworben; was sie sonst von anderen unterscheidet, bleibt "
                "darin.",
                "The areas applied; whatever else sets them apart is still in it.",
            )
        )
    return told


def city(found: Counterfactual, word: Word, *, is_log: bool, since: int, until: int) -> Both:
    """What was found where nothing but the city's own past can be compared with."""
    width = 1.96 * found.error
    estimate, low, high = (
        amount(each, is_log=is_log)
        for each in (found.estimate, found.estimate - width, found.estimate + width)
    )
    de, en = _HEADS[word]
    if word == "not_distinguishable":
        more = _unseen(smallest_effect_of_city(found), is_log=is_log)
        de, en = f"{de} {more[0]}", f"{en} {more[1]}"
    return _both(
        f"{de} Ohne Vergleichsgebiete, nur gegen die Fortschreibung der Zeit davor, "
        f"{_month(since)} bis {_month(until)}: {estimate[0]} (95-%-Bereich {low[0]} bis "
        f"{high[0]}). Was sich zur selben Zeit sonst änderte, steckt mit darin.",
        f"{en} Without areas to compare with, only against what the time before lets expect, "
        f"{_month(since)} to {_month(until)}: {estimate[1]} (95 % range {low[1]} to {high[1]}). "
        "Whatever else changed at that time is part of it.",
    )


def too_early(judged_from: date) -> Both:
    """The lag is not over, or too little time has passed since."""
    return _both(
        f"Zu früh: nach der Wirkungslogik zu beurteilen ab {judged_from:%d.%m.%Y}, wenn die Werte "
        "bis dahin vorliegen.",
        f"Too early: by its logic model it can be judged from {judged_from:%Y-%m-%d} on, once "
        "values up to then are known.",
    )


def nothing_before(needed: int, months: int) -> Both:
    """It began before, or too soon after, the values do."""
    return _both(
        f"Nicht zu beurteilen: vor dem Beginn liegen keine {needed} Zeiträume zu {months} "
        "Monaten mit Werten, gegen die sich vergleichen ließe.",
        f"Cannot be judged: before it began there are no {needed} periods of {months} months with "
        "values to compare with.",
    )


def no_values() -> Both:
    """The indicator has no values for these areas."""
    return _both(
        "Nicht zu beurteilen: für diese Gebiete liegen keine durchgehenden Werte vor.",
        "Cannot be judged: there are no continuous values for these areas.",
    )


def nobody_beside(controls: int, needed: int) -> Both:
    """Hardly any area was never reached, and it was equally strong everywhere."""
    return _both(
        f"Nicht zu beurteilen: {controls} Vergleichsgebiete ohne das Programm, nötig sind "
        f"{needed}; oder es müsste in den Gebieten verschieden stark sein.",
        f"Cannot be judged: {controls} areas without the programme to compare with, it takes "
        f"{needed}; or it would have to be of different strength.",
    )


def only_described(effect: float, *, is_log: bool) -> Both:
    """Too little for any comparison; before and after, as a description."""
    said = amount(effect, is_log=is_log)
    return _both(
        f"Nicht zu beurteilen: die Zeit davor ist zu kurz, um sie fortzuschreiben. Nachher "
        f"{said[0]} gegenüber vorher; das beschreibt und erklärt nichts.",
        f"Cannot be judged: the time before is too short to be carried on. After it {said[1]} "
        "against before; that describes and explains nothing.",
    )


def _month(month: int) -> str:
    return f"{month % 12 + 1:02d}/{month // 12}"


def _below(p: float | None, limit: float) -> bool:
    return p is not None and p <= limit
