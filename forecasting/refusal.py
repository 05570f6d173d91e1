"""Say in words why a series gets no forecast: every reason there is, in one place."""

from __future__ import annotations

from datetime import date
from math import ceil


class Refusal(Exception):
    """Raised instead of guessing; carries the reason in German and in English."""

    def __init__(self, reason_de: str, reason_en: str) -> None:
        """Keep both sentences; they go into `reason` and `reason_en` of the row."""
        super().__init__(reason_en)
        self.reason_de = reason_de
        self.reason_en = reason_en


GRAIN_DE = {
    "week": "Wochenwerte",
    "month": "Monatswerte",
    "quarter": "Quartalswerte",
    "half_year": "Halbjahreswerte",
    "year": "Jahreswerte",
}
GRAIN_EN = {
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
    "half_year": "half-yearly",
    "year": "yearly",
}


def german(number: float, digits: int = 1) -> str:
    """Write a number the German way: `1234.5` becomes `1.234,5`."""
    return f"{number:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def at_most(mean_cases: float) -> int:
    """A mean in words that do not give a single withheld count away, as decimals would."""
    return max(1, ceil(mean_cases))


def too_short(found: int, needed: int, grain: str) -> Refusal:
    """Fewer observations than the model needs."""
    return Refusal(
        f"Zu kurz: {found} {GRAIN_DE[grain]} liegen vor, für einen Ausblick braucht es mindestens"
        f" {needed}.",
        f"Too short: {found} {GRAIN_EN[grain]} values are known, an outlook needs at least "
        f"{needed}.",
    )


def too_short_since(day: date, found: int, needed: int, grain: str) -> Refusal:
    """Too few values since something else is counted."""
    return Refusal(
        f"Zu kurz: seit dem {day:%d.%m.%Y} wird anders gezählt, und seither liegen {found} "
        f"{GRAIN_DE[grain]} vor; für einen Ausblick braucht es mindestens {needed}.",
        f"Too short: since {day} something else is counted, and {found} {GRAIN_EN[grain]} values "
        f"are known from then on; an outlook needs at least {needed}.",
    )


def too_small(mean_cases: float, needed: float) -> Refusal:
    """So few cases that a model with normal errors would mislead."""
    return Refusal(
        f"Zu klein: im Mittel höchstens {at_most(mean_cases)} Fälle je Zeitraum; unter "
        f"{german(needed, 0)} überwiegt der Zufall.",
        f"Too small: at most {at_most(mean_cases)} cases per period on average; below "
        f"{needed:.0f} chance prevails.",
    )


def gap_at_end(periods: int, allowed: int) -> Refusal:
    """The series ends long before others of the same indicator."""
    return Refusal(
        f"Die letzten {periods} Zeiträume fehlen (höchstens {allowed} lassen sich überbrücken).",
        f"The last {periods} periods are missing (at most {allowed} can be bridged).",
    )


def too_many_gaps(missing: int, periods: int) -> Refusal:
    """Too large a part of the series is unknown."""
    return Refusal(
        f"Zu lückenhaft: {missing} von {periods} Zeiträumen ohne verwendbaren Wert.",
        f"Too many gaps: {missing} of {periods} periods have no usable value.",
    )


def constant(periods: int) -> Refusal:
    """All values are the same, so nothing says how far they may move."""
    return Refusal(
        f"Alle {periods} Werte sind gleich; daraus lässt sich keine Spannweite ableiten.",
        f"All {periods} values are the same; no range can be derived from that.",
    )


def superseded(newer_version: str) -> Refusal:
    """A newer cut of the areas is reported for the same indicator."""
    return Refusal(
        f"Dieser Gebietsstand ist abgelöst; der Ausblick gilt für den Gebietsstand "
        f"{newer_version}.",
        f"These boundaries have been replaced; the outlook is given for boundaries "
        f"{newer_version}.",
    )


def irregular_dates(grain: str) -> Refusal:
    """The dates do not lie a whole number of periods apart."""
    return Refusal(
        f"Die Stichtage der {GRAIN_DE[grain]} liegen nicht in gleichem Abstand.",
        f"The dates of the {GRAIN_EN[grain]} values are not equally spaced.",
    )


def share_out_of_bounds() -> Refusal:
    """A share that leaves 0 to 100 percent is not the share it claims to be."""
    return Refusal(
        "Die Reihe enthält Anteile unter 0 oder über 100 Prozent; erst ist zu klären, was "
        "gezählt wurde.",
        "The series holds shares below 0 or above 100 percent; first clarify what was counted.",
    )


def too_few_together(series: int, of_series: int, periods: int, of_periods: int) -> Refusal:
    """Small counts need several districts over some time to learn from."""
    return Refusal(
        f"Zu wenig für kleine Fallzahlen: {series} Gebiete über {periods} Zeiträume; nötig sind "
        f"{of_series} Gebiete über {of_periods} Zeiträume, die gemeinsam betrachtet werden.",
        f"Too little for small counts: {series} areas over {periods} periods; it takes "
        f"{of_series} areas over {of_periods} periods, looked at together.",
    )


def few_and_alone(mean_cases: float, why: Refusal) -> Refusal:
    """So few cases that only a look at several areas could help, and that has failed."""
    return Refusal(
        f"Zu klein: im Mittel höchstens {at_most(mean_cases)} Fälle je Zeitraum, da überwiegt der "
        f"Zufall. {why.reason_de}",
        f"Too small: at most {at_most(mean_cases)} cases per period on average, where chance "
        f"prevails. {why.reason_en}",
    )


def triangle_too_short(found: int, needed: int, lag: int) -> Refusal:
    """Too few earlier periods say how much late reports add to a count of this age."""
    return Refusal(
        f"Zu kurz: nur von {found} früheren Zeiträumen ist bekannt, was {lag} Tage nach ihrem Ende "
        f"vorlag und was daraus wurde; für eine Hochrechnung braucht es mindestens {needed}.",
        f"Too short: of only {found} earlier periods it is known what was there {lag} days after "
        f"their end and what became of it; a nowcast needs at least {needed}.",
    )


def not_settled() -> Refusal:
    """The estimation found no stable answer."""
    return Refusal(
        "Die Schätzung hat keine stabile Lösung gefunden.",
        "The estimation found no stable solution.",
    )


def explosive(upper: float, highest: float) -> Refusal:
    """The range is so wide that it says nothing."""
    return Refusal(
        f"Zu unsicher: die Spanne reicht bis {german(upper)}, mehr als das Zehnfache des bisher "
        f"höchsten Werts "
        f"({german(highest)}).",
        f"Too uncertain: the range reaches {upper:.1f}, more than ten times the highest value so "
        f"far "
        f"({highest:.1f}).",
    )
