"""Words, periods and numbers as people read them, in German and English."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from forecasting.periods import place_in_time

MONTHS: Final = {
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
        *("Oktober", "November", "Dezember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
        *("October", "November", "December"),
    ),
}
GRAINS: Final = {
    "de": {
        "week": ("Woche", "Wochen"),
        "month": ("Monat", "Monate"),
        "quarter": ("Quartal", "Quartale"),
        "half_year": ("Halbjahr", "Halbjahre"),
        "year": ("Jahr", "Jahre"),
    },
    "en": {
        "week": ("week", "weeks"),
        "month": ("month", "months"),
        "quarter": ("quarter", "quarters"),
        "half_year": ("half-year", "half-years"),
        "year": ("year", "years"),
    },
}
_MOST_RUNS: Final = 4
SAY: Final[dict[str, dict[str, str]]] = {
    "de": {
        "head": "Ausblick für {area} ({code}, Gebietsstand {version}), {grain}{group}",
        "unit": "Einheit: {unit}; bekannt am {day}",
        "key": "• Werte   ─ Mitte   ▒ 8 von 10   ░ 19 von 20",
        "outlook": "Ausblick",
        "middle": "Mitte",
        "eight": "8 von 10",
        "nineteen": "19 von 20",
        "read": "Lies: von 10 gedachten Verläufen liegen etwa 8 in der ersten Spanne, von 20 etwa "
        "19 in der zweiten.",
        "trend": "Fortgeschrieben wird, was war; von Ursachen und Absichten weiß der Ausblick "
        "nichts.",
        "note": "Hinweis",
        "refused": "Kein Ausblick",
        "elsewhere": "Einen Ausblick dieser Kennzahl gibt es auf den Ebenen: {levels}",
        "nowhere": "Auf keiner Ebene gibt es einen Ausblick dieser Kennzahl.",
        "only_nowcast": "Für diese Ebene ist kein Ausblick verlangt, nur eine Hochrechnung.",
        "nowcast": "Was noch nachgemeldet wird (Hochrechnung)",
        "so_far": "bisher",
        "no_nowcast": "{periods}: keine Hochrechnung. {reason}",
        "stands_on": "Worauf er beruht",
        "there_is": "Was vorliegt",
        "not_zero": "Die Achse beginnt nicht bei 0.",
        "span": "{periods}, {first} bis {last}; {usable} davon mit verwendbarem Wert.",
        "nothing": "Kein einziger verwendbarer Wert.",
        "left_out": "Nicht verwendet, {status}: {count} ({periods})",
        "no_row": "Ohne jede Angabe dazwischen: {count}",
        "used": "Mit verwendet, {status}: {count} ({periods})",
        "grown": "Hochgerechnet statt wie bisher bekannt: {count} ({periods}); von deren Mitte "
        "geht der Ausblick aus, ihre Spanne steckt in seinen Spannen.",
        "gaps": "Die Lücken sind überbrückt; die Spannen sind deshalb {times}-mal so breit.",
        "break_short": "anders gezählt ab {since:%d.%m.%Y}",
        "without": "ohne Wert",
        "nowcast_short": "Hochrechnung",
        "known": "Bekannt am {day}",
        "break": "Anders gezählt ab {since}: {what}",
        "how": "Wie er entsteht",
        "mean": "Das Mittel einfacher Verfahren, mit festen Gewichten:",
        "smoothing": "Glättung: Jüngeres zählt mehr als Älteres",
        "theta": "Theta: halber Trend und geglätteter Stand",
        "theta_logs": "Theta auf Verhältnisse statt Differenzen (Logarithmen)",
        "dynamic_theta": "Theta, dessen Trend sich erneuert",
        "dynamic_theta_logs": "Theta mit erneuertem Trend, auf Verhältnisse",
        "of_which": "darin, nach dem, was zu dieser Reihe passt:",
        "rest": "anderes",
        "none": "ohne Trend",
        "additive": "mit Trend",
        "damped": "mit auslaufendem Trend",
        "seasonal": "mit Jahresgang",
        "flat": "ohne Jahresgang",
        "logged": "in Verhältnissen",
        "log": "Gerechnet wird so, dass kein Wert unter 0 fällt.",
        "logit": "Gerechnet wird so, dass kein Wert unter 0 oder über 100 Prozent gerät.",
        "identity": "Werte unter 0 sind bei dieser Kennzahl möglich.",
        "adjusted": "Danach wurden Gebiete und ihre Summe aufeinander abgestimmt, damit beide "
        "dasselbe sagen: für sich allein käme die Reihe für {period} auf {own}, veröffentlicht "
        "ist {published}.",
        "counts": "Kleine Zahlen: ein Modell für die Fälle aller Gebiete der Ebene {level} "
        "zusammen, das ganze Fälle zieht; jedes Gebiet behält seinen Stand, den Jahresgang teilen "
        "sie.",
        "small_model": "das Modell",
        "withheld": "Die Gewichte hängen an Werten, die geschützt sind, und stehen deshalb nicht "
        "hier.",
        "other_model": "Verfahren: {model}",
        "naive": "Veröffentlicht ist {what}, kein Modell: im Rückblick war das näher (siehe "
        "unten). Sobald das Mittel der Modelle näher liegt, steht es an dieser Stelle.",
        "year_again": "das letzte Jahr, wiederholt",
        "value_again": "der letzte Wert, fortgeschrieben",
        "backtest": "Wie weit wir bisher danebenlagen",
        "looked_back": "Von früheren Ständen aus vorausgesagt und mit dem verglichen, was kam; "
        "alle {series} Reihen der Ebene {level} zusammen:",
        "looked_back_alone": "Von früheren Ständen aus vorausgesagt und mit dem verglichen, was "
        "kam; nur diese Reihe, die einzige der Ebene {level}:",
        "ahead": "voraus",
        "checked": "Proben",
        "off": "im Mittel daneben",
        "off_unit": "hier etwa",
        "in_eight": "in „8 von 10“",
        "in_nineteen": "in „19 von 20“",
        "no_backtest": "Dafür ist die Reihe zu kurz: wie weit wir danebenliegen, ist nicht "
        "bekannt, und die Spannen sind die der Modelle.",
        "beyond": "Weiter als {ahead} voraus ist nie verglichen worden.",
        "better": "Werte und Spannen zusammen (WIS): {model} {wis}, {simple} {other}; kleiner ist "
        "besser.",
        "models": "das Mittel der Modelle",
        "wider": "Die Spannen sind nach diesem Rückblick gestreckt: „8 von 10“ auf das "
        "{eight}-fache, „19 von 20“ auf das {nineteen}-fache.",
        "as_they_are": "Die Spannen sind die der Modelle: sie nach dem Rückblick zu strecken, "
        "hätte nichts verbessert, oder er ist dafür zu kurz.",
        "change": "Was das Bild ändern würde",
        "refute": "Ein Wert für {period} unter {low} oder über {high}: so weit daneben liegen "
        "wir, wenn alles weitergeht wie bisher, nur etwa 1-mal von 20.",
        "refute_above": "Ein Wert für {period} über {high}: das erwarten wir, wenn alles "
        "weitergeht wie bisher, höchstens 1-mal von 20.",
        "provisional": "Vorläufige Werte ({periods}): mit Nachmeldungen rückt der Anfang des "
        "Ausblicks.",
        "programmes": "Vorhaben, die hier wirken sollen ({names}): was sie bewirkt haben, steckt "
        "in den Werten, was sie noch bewirken werden, nicht.",
        "lifted": "Fällt der genannte Grund weg, gibt es mit dem nächsten Lauf einen Ausblick.",
        "borders": "Ein neuer Gebietsstand oder eine neue Zählweise.",
        "longer": "Mehr vergleichbare {grain}.",
        "caveats": "Zu beachten",
        "chart": "Bild",
    },
    "en": {
        "head": "Look ahead for {area} ({code}, boundaries {version}), {grain}{group}",
        "unit": "Unit: {unit}; known on {day}",
        "key": "• values   ─ middle   ▒ 8 of 10   ░ 19 of 20",
        "outlook": "Look ahead",
        "middle": "middle",
        "eight": "8 of 10",
        "nineteen": "19 of 20",
        "read": "Read: of 10 imagined courses about 8 lie within the first range, of 20 about 19 "
        "within the second.",
        "trend": "What was is carried on; causes and intentions are unknown to it.",
        "note": "Note",
        "refused": "No look ahead",
        "elsewhere": "There is a look ahead of this indicator at the levels: {levels}",
        "nowhere": "There is no look ahead of this indicator at any level.",
        "only_nowcast": "No look ahead is asked for at this level, only a nowcast.",
        "nowcast": "What is still to be reported (nowcast)",
        "so_far": "so far",
        "no_nowcast": "{periods}: no nowcast. {reason}",
        "stands_on": "What it stands on",
        "there_is": "What there is",
        "not_zero": "The axis does not begin at 0.",
        "span": "{periods}, {first} to {last}; {usable} of them with a usable value.",
        "nothing": "Not one usable value.",
        "left_out": "Not used, {status}: {count} ({periods})",
        "no_row": "Between them without a row: {count}",
        "used": "Used as well, {status}: {count} ({periods})",
        "grown": "As nowcast instead of as known so far: {count} ({periods}); the look ahead "
        "starts from their middle, their range is within its ranges.",
        "gaps": "The gaps are bridged; ranges are {times} times as wide for that.",
        "break_short": "counted otherwise since {since}",
        "without": "no value",
        "nowcast_short": "nowcast",
        "known": "Known on {day}",
        "break": "Counted otherwise since {since}: {what}",
        "how": "How it is made",
        "mean": "The mean of simple methods, with fixed weights:",
        "smoothing": "smoothing: what is recent counts more",
        "theta": "theta: half the trend and a smoothed level",
        "theta_logs": "theta on ratios instead of differences (logs)",
        "dynamic_theta": "theta whose trend renews itself",
        "dynamic_theta_logs": "theta with a renewed trend, on ratios",
        "of_which": "within it, by what suits this series:",
        "rest": "others",
        "none": "without trend",
        "additive": "with a trend",
        "damped": "with a trend that fades",
        "seasonal": "with seasons",
        "flat": "without seasons",
        "logged": "in ratios",
        "log": "It is computed so that no value falls below 0.",
        "logit": "It is computed so that no value gets below 0 or above 100 percent.",
        "identity": "This indicator may fall below 0.",
        "adjusted": "Areas and their sum were then made to say the same: by itself the series "
        "would come to {own} for {period}, published is {published}.",
        "counts": "Small numbers: one model of the cases of all areas of the level {level} "
        "together, which draws whole cases; each area keeps its level, they share the seasons.",
        "small_model": "the model",
        "withheld": "The weights depend on values that are withheld, so they are not shown.",
        "other_model": "Model: {model}",
        "naive": "Published is {what}, no model: looking back, that was closer (see below). As "
        "soon as the mean of the models is closer, it will stand here.",
        "year_again": "the last year repeated",
        "value_again": "the last value carried forward",
        "backtest": "How wrong we were so far",
        "looked_back": "Forecast from earlier values and compared with what came; all {series} "
        "series of the level {level} together:",
        "looked_back_alone": "Forecast from earlier values and compared with what came; this "
        "series only, no other is looked ahead at at the level {level}:",
        "ahead": "ahead",
        "checked": "checks",
        "off": "off by, on average",
        "off_unit": "here about",
        "in_eight": "within “8 of 10”",
        "in_nineteen": "within “19 of 20”",
        "no_backtest": "The series is too short for that: how wrong we are is not known, and "
        "ranges are those of the models.",
        "beyond": "Further ahead than {ahead} nothing was ever compared.",
        "better": "Values and ranges together (WIS): {model} {wis}, {simple} {other}; smaller is "
        "better.",
        "models": "the mean of the models",
        "wider": "Ranges are stretched by what this taught: “8 of 10” {eight} times, “19 of 20” "
        "{nineteen} times.",
        "as_they_are": "Ranges are those of the models: stretching them by what was seen would "
        "not have bettered them, or too little was seen.",
        "change": "What would change the picture",
        "refute": "A value for {period} below {low} or above {high}: if all goes on as before we "
        "are that far off only about once in 20 times.",
        "refute_above": "A value for {period} above {high}: if all goes on as before we expect "
        "that at most once in 20 times.",
        "provisional": "Provisional values ({periods}): late reports move the beginning of the "
        "look ahead.",
        "programmes": "Programmes meant to work here ({names}): what they have brought about is "
        "in the values, what they will still bring about is not.",
        "lifted": "Once the reason named is gone, the next run looks ahead.",
        "borders": "New boundaries, or another way of counting.",
        "longer": "More comparable {grain}.",
        "caveats": "Mind",
        "chart": "Chart",
    },
}


def label(start: date, grain: str, language: str, *, dated: bool = False) -> str:
    """Name a period as marts.period does; `dated` where it is a reporting date."""
    german = language == "de"
    if dated:
        month = MONTHS["en"][start.month - 1]
        return f"{start:%d.%m.%Y}" if german else f"{start.day} {month} {start.year}"
    if grain == "week":
        year, number, _ = start.isocalendar()
        return f"{number}. Woche {year}" if german else f"week {number} of {year}"
    if grain == "month":
        return f"{MONTHS[language][start.month - 1]} {start.year}"
    if grain == "quarter":
        number = (start.month + 2) // 3
        return f"{number}. Quartal {start.year}" if german else f"Q{number} {start.year}"
    if grain == "half_year":
        number = 1 if start.month < 7 else 2
        return f"{number}. Halbjahr {start.year}" if german else f"H{number} {start.year}"
    return str(start.year)


def periods(starts: Iterable[date], grain: str, language: str, *, dated: bool = False) -> str:
    """Name periods, neighbours as from and to; more than a few are counted."""
    runs: list[list[date]] = []
    for start in sorted(starts):
        if runs and place_in_time(start, grain) == place_in_time(runs[-1][-1], grain) + 1:
            runs[-1].append(start)
        else:
            runs.append([start])
    to = " bis " if language == "de" else " to "
    named = [
        to.join(label(one, grain, language, dated=dated) for one in dict.fromkeys(ends))
        for ends in ((run[0], run[-1]) for run in runs)
    ]
    rest = sum(len(run) for run in runs[_MOST_RUNS:])
    more = f" und {rest} weitere" if language == "de" else f" and {rest} more"
    return ", ".join(named[:_MOST_RUNS]) + (more if rest else "")


def digits(largest: float) -> int:
    """Decimal places that say something in a series whose largest value this is."""
    return next((places for limit, places in ((100, 0), (10, 1), (1, 2)) if largest >= limit), 3)


def number(value: float, places: int, language: str) -> str:
    """Write a number with this many decimal places, never a negative zero."""
    text = f"{round(value, places) + 0.0:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def table(rows: list[list[str]], indent: str = "  ") -> list[str]:
    """Columns under their headings: the first to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        indent
        + "   ".join(
            text.rjust(width) if column else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


@dataclass(frozen=True)
class Manner:
    """How one series is written about.

    Attributes:
        language: de or en.
        grain: month, quarter, half_year, year.
        dated: whether periods are reporting dates.
        places: decimal places.
    """

    language: str
    grain: str
    dated: bool
    places: int

    def say(self, key: str, **parts: object) -> str:
        """A sentence in the language, its gaps filled."""
        return SAY[self.language][key].format(**parts)

    def number(self, value: float) -> str:
        """Write a value of the series."""
        return number(value, self.places, self.language)

    def range(self, low: float, high: float) -> str:
        """Write a range of values."""
        return f"{self.number(low)} – {self.number(high)}"

    def label(self, start: date) -> str:
        """Name a period."""
        return label(start, self.grain, self.language, dated=self.dated)

    def periods(self, starts: Iterable[date]) -> str:
        """Name several periods."""
        return periods(starts, self.grain, self.language, dated=self.dated)

    def count(self, number: int) -> str:
        """So many periods, such as 3 Monate."""
        return f"{number} {self.grains(number)}"

    def grains(self, number: int = 2) -> str:
        """The word for so many periods."""
        return GRAINS[self.language][self.grain][number != 1]
