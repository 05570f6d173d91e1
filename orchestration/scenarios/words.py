"""What scenarios say where figures end: German first, English beside it."""

from datetime import date
from typing import Final

Pair = tuple[str, str]

_MONTHS_DE: Final = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
    *("Oktober", "November", "Dezember"),
)


def _month(day: date) -> str:
    return f"{_MONTHS_DE[day.month - 1]} {day.year}"


def unknown_part(parts: str) -> Pair:
    """Only part of an area is concerned, and nobody knows how large it is."""
    return (
        f"Nicht gerechnet: wie groß der Anteil von {parts} ist, ist nicht bekannt.",
        f"Not computed: how large a part {parts} is, is not known.",
    )


def begins_later(begins: date, end: date) -> Pair:
    """The look ahead ends before anything differs."""
    german = f"Der Ausblick reicht bis {end:%d.%m.%Y}; was hier anders ist, beginnt erst am "
    return (
        f"{german}{begins:%d.%m.%Y}.",
        f"The look ahead reaches {end}; what differs here begins on {begins} only.",
    )


def shows_later(first: date, end: date, steps: Pair) -> Pair:
    """The outcome has a long lag: only leading steps can be seen, and these are named."""
    german = f"Zu früh für diese Wirkung: sie zeigt sich frühestens {_month(first)}, der Ausblick "
    english = f"Too early for this outcome: it shows in {first:%Y-%m} at the earliest, the look "
    return (
        f"{german}reicht bis {_month(end)}. Bis dahin sind nur erste Schritte zu sehen{steps[0]}.",
        f"{english}ahead reaches {end:%Y-%m}. Until then only first steps can be seen{steps[1]}.",
    )


def no_look_ahead(name: Pair) -> Pair:
    """An indicator without any look ahead."""
    return (
        f"{name[0]}: es gibt keinen Ausblick, daher auch keine Alternative dazu.",
        f"{name[1]}: there is no look ahead, and so no alternative to it.",
    )


def refused_areas(name: Pair, areas: int) -> Pair:
    """Areas whose look ahead was refused."""
    german = f"{name[0]}: für {areas} Gebiete gibt es keinen Ausblick; die Gründe stehen in "
    return (
        f"{german}marts.forecast.",
        f"{name[1]}: there is no look ahead for {areas} areas; marts.forecast says why.",
    )


def parts_as_of_late(name: Pair) -> Pair:
    """How the share of a part was taken."""
    german = f"{name[0]}: wo nur ein Teil eines Gebiets betroffen ist, wird er so groß angenommen "
    english = f"{name[1]}: where only part of an area is concerned, it is taken to be as large as "
    return f"{german}wie in den letzten zwei Jahren.", f"{english}in the last two years."


def spread_as_of_late(name: Pair) -> Pair:
    """How a dose of a whole was spread over its areas."""
    german = (
        f"{name[0]}: was im Ganzen hinzukommt oder wegfällt, wird auf Teilgebiete verteilt wie "
    )
    english = f"{name[1]}: what is added to or taken from the whole is spread over its areas like "
    return (
        f"{german}die Werte der letzten zwei Jahre.",
        f"{english}the values of the last two years.",
    )


def no_saturation(what: Pair) -> Pair:
    """An effect that is taken to grow with the dose without end."""
    return (
        f"Keine Sättigung angenommen bei: {what[0]}",
        f"No saturation assumed for: {what[1]}",
    )


def beyond_observed(name: Pair, because: Pair) -> Pair:
    """An alternative with a dose nobody has seen."""
    return (
        f"{name[0]}: außerhalb dessen, was je beobachtet wurde. {because[0]}",
        f"{name[1]}: outside what was ever observed. {because[1]}",
    )


def no_chance(goal: Pair) -> Pair:
    """A goal of an indicator that is looked ahead at, of which no chance can be said."""
    german = f"Ziel „{goal[0]}“: ohne Aussage, weil es in keinen Zeitraum des Ausblicks fällt "
    english = f"Goal “{goal[1]}”: nothing is said, as it falls into no period of the look ahead "
    return f"{german}oder für kein Gebiet mit Ausblick gilt.", f"{english}or area that has one."


REST_GOES_ON: Final[Pair] = (
    "Was es neben diesem Programm gibt, läuft weiter wie im Ausblick.",
    "Whatever there is beside this programme goes on as in the look ahead.",
)
