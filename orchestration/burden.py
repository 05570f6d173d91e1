"""What deliveries cost the departments, what is asked for twice, and what nobody talks about."""

from collections import Counter
from collections.abc import Iterable

from orchestration.declarations.dialogues import Dialogue
from orchestration.declarations.indicators import Indicator, measures_behind
from orchestration.declarations.sources import Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest.lake import Delivery

_ORIGIN = {
    "statutory_statistic": "statutory statistic",
    "funding_proof": "proof for funding",
    "specialist_system": "comes out of a specialist system",
    "register": "kept as a register",
    "internal_steering": "made for internal steering",
    "open_data": "published as open data",
    "only_for_wirkraum": "made only for Wirkraum",
    None: "not stated",
}
_DIALOGUES = 2


def deliveries_by_year(source: Source, entries: Iterable[Delivery]) -> dict[int, float]:
    """Deliveries of a source per year of their as_of.

    Declared `deliveries_per_year` holds for every year from the first delivery to the last;
    without it the files are counted.
    """
    counted = Counter(one.as_of.year for one in entries if one.source_id == source.id)
    if source.deliveries_per_year is None or not counted:
        return {year: float(count) for year, count in sorted(counted.items())}
    years = range(min(counted), max(counted) + 1)
    return dict.fromkeys(years, source.deliveries_per_year)


def per_year(source: Source, entries: Iterable[Delivery]) -> float | None:
    """Deliveries in a usual year: as declared, else the mean of the years; None when unknown."""
    if source.deliveries_per_year is not None:
        return source.deliveries_per_year
    counted = deliveries_by_year(source, entries)
    return sum(counted.values()) / (max(counted) - min(counted) + 1) if counted else None


def yearly_hours(source: Source, entries: Iterable[Delivery]) -> float | None:
    """Hours of work a source costs in a usual year; None where the contract or the past is mute."""
    number = per_year(source, entries)
    if number is None or source.minutes_per_delivery is None:
        return None
    return number * source.minutes_per_delivery / 60


def asked_twice(declarations: Declarations) -> list[tuple[str, str, str]]:
    """Pairs of measures that are one fact: (measure, other measure, why), each named with source.

    Found where one controls the other, or where two sources name a measure alike.
    """
    pairs = []
    owners = declarations.measures
    for source, measure in owners.values():
        if measure.control_of is not None:
            owner, _ = owners[measure.control_of]
            pairs.append(
                (f"{measure.control_of} ({owner.id})", f"{measure.id} ({source.id})", "control_of")
            )
    by_name: dict[str, list[tuple[Source, str]]] = {}
    for source, measure in owners.values():
        by_name.setdefault(" ".join(measure.name.de.casefold().split()), []).append(
            (source, measure.id)
        )
    for same in by_name.values():
        first, first_id = same[0]
        for source, measure_id in same[1:]:
            linked = {owners[first_id][1].control_of, owners[measure_id][1].control_of}
            if source.id != first.id and not linked & {first_id, measure_id}:
                pairs.append(
                    (f"{first_id} ({first.id})", f"{measure_id} ({source.id})", "same name")
                )
    return sorted(pairs)


def last_dialogues(declarations: Declarations) -> list[Dialogue]:
    """The two newest dialogues, oldest first; fewer where fewer are declared."""
    every = sorted(declarations.dialogues.values(), key=lambda one: (one.date, one.id))
    return every[-_DIALOGUES:]


def unused(declarations: Declarations) -> list[Indicator]:
    """Indicators that were no topic of the last two dialogues; none while there are fewer."""
    dialogues = last_dialogues(declarations)
    if len(dialogues) < _DIALOGUES:
        return []
    topics = {name for dialogue in dialogues for name in dialogue.topics}
    return [one for one in declarations.indicators.values() if one.id not in topics]


def only_needed_by(indicator: Indicator, declarations: Declarations) -> list[Source]:
    """Sources that nothing else declared would need if the indicator went."""
    still = {
        name
        for other in declarations.indicators.values()
        if other.id != indicator.id
        for name in measures_behind(other, declarations.indicators)
    }
    for group in declarations.groups.values():
        still |= {name for name in (group.denominator, group.need_measure) if name is not None}
    reaches = [
        *(one.reach for one in declarations.services.values()),
        *(one.reach for one in declarations.programmes.values()),
    ]
    still |= {one.uptake for one in reaches if one is not None}
    still |= {
        measure.control_of
        for _, measure in declarations.measures.values()
        if measure.control_of is not None
    }
    own = measures_behind(indicator, declarations.indicators)
    return [
        source
        for source in declarations.sources.values()
        if own & {one.id for one in source.measures}
        and not still & {one.id for one in source.measures}
    ]


def retirement(
    indicator: Indicator, declarations: Declarations, entries: list[Delivery]
) -> list[str]:
    """A draft in German, to be changed and decided by people: what hangs on an indicator's end."""
    name = f"**{indicator.name.de}** (`{indicator.id}`)"
    lines = [f"{name}: nicht mehr ausweisen, die Geschichte behalten."]
    users = [
        *(
            f"Ziel „{one.name.de}“"
            for one in declarations.goals.values()
            if one.indicator == indicator.id
        ),
        *(
            f"Leistung „{one.name.de}“"
            for one in declarations.services.values()
            if indicator.id in one.indicators
        ),
        *(
            f"Programm „{one.name.de}“"
            for one in declarations.programmes.values()
            if indicator.id in one.indicators
        ),
    ]
    if users:
        lines.append(f"Noch verbunden mit: {', '.join(users)}. Dort zuerst klären.")
    spare = only_needed_by(indicator, declarations)
    if spare:
        parts = []
        for source in spare:
            hours = yearly_hours(source, entries)
            known = "Aufwand nicht angegeben" if hours is None else f"{_de(hours)} Stunden im Jahr"
            parts.append(f"{source.name.de} ({known})")
        lines.append(f"Nur dafür geliefert: {', '.join(parts)}.")
    else:
        lines.append("Die Lieferungen dahinter braucht auch anderes; Aufwand fällt nicht weg.")
    return lines


def burden_report(declarations: Declarations, entries: list[Delivery], years: int = 5) -> str:
    """All of it as Markdown: hours per department and year, sources, facts twice, unused."""
    return "\n".join(
        [
            "# Burden of deliveries",
            "",
            *_departments(declarations, entries, years),
            "",
            *_sources(declarations, entries),
            "",
            *_twice(declarations),
            "",
            *_unused(declarations, entries),
            "",
        ]
    )


def _departments(declarations: Declarations, entries: list[Delivery], most: int) -> list[str]:
    known = sorted({one.as_of.year for one in entries})[-most:]
    lines = ["## Hours per department and year", ""]
    if not known:
        return [*lines, "Nothing has been delivered yet."]
    lines.append("| department | " + " | ".join(map(str, known)) + " |")
    lines.append("|---|" + "---:|" * len(known))
    for department in declarations.municipality.departments:
        own = [one for one in declarations.sources.values() if one.department == department.id]
        cells = []
        for year in known:
            counts = [(one, deliveries_by_year(one, entries).get(year, 0.0)) for one in own]
            cells.append(_hours([(one, count) for one, count in counts if count]))
        lines.append(f"| {department.name.english} | " + " | ".join(cells) + " |")
    words = "Years are those of the as_of dates. –: nothing was delivered."
    if any("?" in line for line in lines):
        words += " ?: deliveries whose contract states no `minutes_per_delivery`."
    return [*lines, "", words]


def _hours(counts: list[tuple[Source, float]]) -> str:
    """Hours as text: what is not known is never 0."""
    if not counts:
        return "–"
    known = [
        count * source.minutes_per_delivery / 60
        for source, count in counts
        if source.minutes_per_delivery is not None
    ]
    parts = [f"{sum(known):.1f}"] if known else []
    return " + ".join(parts + (["?"] if len(known) < len(counts) else []))


def _sources(declarations: Declarations, entries: list[Delivery]) -> list[str]:
    lines = [
        "## Sources",
        "",
        "| source | exists anyway because | deliveries a year | minutes each | hours a year |",
        "|---|---|---:|---:|---:|",
    ]
    for source in declarations.sources.values():
        number, hours = per_year(source, entries), yearly_hours(source, entries)
        how = "declared" if source.deliveries_per_year is not None else "counted"
        minutes = source.minutes_per_delivery
        origin = _ORIGIN[source.origin]
        if source.only_here is not None:
            origin += f" until {source.only_here.ends}; answers: {source.only_here.owner}"
        cells = (
            source.id,
            origin,
            "not delivered yet" if number is None else f"{number:.1f} {how}",
            "not stated" if minutes is None else f"{minutes:g}",
            "unknown" if hours is None else f"{hours:.1f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    newest = max((one.as_of for one in entries), default=None)
    for source in declarations.sources.values():
        if source.only_here is not None and newest is not None and source.only_here.ends < newest:
            words = (
                f"`{source.id}` was to end on {source.only_here.ends}: {source.only_here.owner} "
                f"decides anew in dialogue `{source.only_here.dialogue}`, or it goes."
            )
            lines += ["", words]
    return lines


def _twice(declarations: Declarations) -> list[str]:
    lines = ["## Facts asked for twice", ""]
    pairs = asked_twice(declarations)
    if not pairs:
        return [*lines, "None."]
    return [*lines, *(f"- {one} and {other}: {why}" for one, other, why in pairs)]


def _unused(declarations: Declarations, entries: list[Delivery]) -> list[str]:
    lines = ["## Indicators that were no topic of the last two dialogues", ""]
    count = len(declarations.dialogues)
    if count < _DIALOGUES:
        there = f"{count} dialogue{'s' if count != 1 else ''} in `dialogues/`"
        return [*lines, f"Cannot be said: {there}, {_DIALOGUES} are needed."]
    found = unused(declarations)
    if not found:
        return [*lines, "None."]
    when = " und ".join(
        f"„{one.title.de}“ ({one.date:%d.%m.%Y})" for one in last_dialogues(declarations)
    )
    lines += [
        "Drafts to be changed and decided by people:",
        "",
        f"Kein Thema in den letzten zwei Dialogen, {when}. Vorschläge für den nächsten:",
        "",
    ]
    for indicator in found:
        lines += [f"- {' '.join(retirement(indicator, declarations, entries))}"]
    return lines


def _de(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")
