"""The record of processing activities, as the contracts state it: who sees what, why, how long."""

from orchestration.declarations.indicators import Indicator
from orchestration.declarations.releases import ReleaseProfile
from orchestration.declarations.sources import Cases, Source, names
from orchestration.declarations.tree import Declarations

_PROTECTION = {"sozialdaten": "Sozialdaten", "statistik": "Statistikgeheimnis", "none": "keiner"}
_ROOM = {
    "fachplanung": "Fachplanung: kleine Fallzahlen aus geschützten Quellen sind auch im "
    "veröffentlichten Warehouse zurückgehalten.",
    "statistikstelle": "Abgeschottete Statistikstelle: das veröffentlichte Warehouse zeigt auch "
    "kleine Fallzahlen; nur diese Stelle darf es öffnen.",
}
_AUDIENCE = {
    "internal": "intern",
    "council": "Rat",
    "partner": "Träger und Partner",
    "public": "öffentlich",
}


_FOR_ALL = """\
- **Gilt für alle Quellen:** Einzelzeilen stehen nur im Eingang (`deliveries/`, Rechte wie der \
Ordner) und in `store/originals/`, lesbar allein für das Konto, unter dem Wirkraum läuft. Daraus \
werden Zählungen nach Gebiet, Zeitraum und Gruppe gespeichert. Spalten, die der Vertrag nicht \
nennt, werden nicht übernommen, Freitext nie.
- **Löschung:** `wirkraum retain` löscht Originale und beiseitegelegte Zeilen nach ihrer Frist und \
hinterlässt je Löschung einen Nachweis ohne Inhalte (`store/records/tombstones.jsonl`). \
Sicherungskopien von `store/` brauchen dieselbe Frist.
- **Dateinamen** bleiben im Verzeichnis der Lieferungen stehen; sie dürfen keine Angaben zu \
Personen enthalten.
"""


def processing_record(declarations: Declarations) -> str:
    """The record in German, as Markdown: one section per protected source, a list of the others.

    It says what the contracts say and nothing about what has been delivered.
    """
    head = declarations.municipality
    lines = [
        f"# Verarbeitungstätigkeiten in Wirkraum: {head.name.de}",
        "",
        f"- **Raum des Warehouse:** {_ROOM[head.room]}",
    ]
    for person in head.responsible:
        contact = f", {person.contact}" if person.contact else ""
        lines.append(f"- **Verantwortlich:** {person.role}{contact}")
    lines += _FOR_ALL.splitlines()
    protected = [one for one in declarations.sources.values() if one.protection != "none"]
    for source in protected:
        lines += ["", *_section(source, declarations)]
    if not protected:
        lines += ["", "Kein Vertrag nennt geschützte Daten."]
    others = [one for one in declarations.sources.values() if one.protection == "none"]
    if others:
        lines += ["", "## Quellen ohne besonderen Schutz", ""]
        lines += ["| Quelle | Fachbereich | Aufbewahrung der Originale | Freigaben |"]
        lines += ["|---|---|---|---|"]
        for source in others:
            used = ", ".join(one.id for one in _releases(source, declarations)) or "keine"
            cells = (source.name.de, _department(source, declarations), _kept(source), used)
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _section(source: Source, declarations: Declarations) -> list[str]:
    assert source.purpose is not None  # a protected source has one
    room = declarations.municipality.room
    small = "ohne kleine Fallzahlen" if room == "fachplanung" else "mit kleinen Fallzahlen"
    lines = [
        f"## {source.name.de} (`{source.id}`)",
        "",
        f"- **Fachbereich:** {_department(source, declarations)}",
        f"- **Schutz:** {_PROTECTION[source.protection]}",
        f"- **Warum es die Datei gibt:** {source.why.de}",
        f"- **Zweck:** {source.purpose.de}",
        f"- **Rechtsgrundlage:** {source.legal_basis}",
        f"- **Empfänger:** {', '.join(source.recipients)}",
        f"- **Gezählt wird:** {'; '.join(one.name.de for one in source.measures)}",
        f"- **Gelesene Spalten:** {', '.join(read_columns(source)) or 'keine'}",
        f"- **Aufbewahrung der Originale:** {_kept(source)}; die Zählungen bleiben.",
        "- **Wer sieht was:**",
        "  - Originale und beiseitegelegte Zeilen: nur das Konto, unter dem Wirkraum läuft",
        f"  - Zählungen im veröffentlichten Warehouse, {small}: {', '.join(source.recipients)}",
    ]
    lines += [f"  - {_rule(profile)}" for profile in _releases(source, declarations)] or [
        "  - Keine Freigabe nimmt Zahlen aus dieser Quelle."
    ]
    return lines


def _rule(profile: ReleaseProfile) -> str:
    how = "wie im veröffentlichten Warehouse"
    if profile.minimum_count is not None:
        how = f"Fallzahlen unter {profile.minimum_count} zurückgehalten"
    return f"Freigabe `{profile.id}` ({_AUDIENCE[profile.audience]}): {how}"


def _department(source: Source, declarations: Declarations) -> str:
    every = declarations.municipality.departments
    return next(one.name.de for one in every if one.id == source.department)


def _kept(source: Source) -> str:
    if source.retention_days is None:
        return "keine Frist genannt"
    return f"{source.retention_days} Tage ab Eingang"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def read_columns(source: Source) -> list[str]:
    """The columns whose cells are read, as the contract names them, in its order."""
    found: list[str] = []
    for layout in source.layouts:
        columns: list[str | list[str] | None] = [layout.area.column, layout.period.columns]
        if layout.area.within is not None:
            columns.append(layout.area.within.column)
        columns += [group.column for group in layout.groups]
        for value in layout.values:
            columns += [value.column, *value.where]
            columns += [f"Muster `{value.match}`"] if value.match is not None else []
        columns += _case_columns(layout.cases) if layout.cases is not None else []
        columns += [rule.column for rule in (*layout.skip, *layout.subtotals)]
        found += [name for column in columns if column is not None for name in names(column)]
    return list(dict.fromkeys(found))


def _case_columns(cases: Cases) -> list[str | list[str] | None]:
    columns: list[str | list[str] | None] = [cases.covers.column]
    for count in cases.counts:
        columns += [count.date, count.sum, *count.where]
    for stock in cases.stocks:
        columns += [stock.opened, stock.closed, *stock.where]
    for duration in cases.durations:
        columns += [duration.start, duration.end, *duration.where]
    return columns


def _releases(source: Source, declarations: Declarations) -> list[ReleaseProfile]:
    """The profiles that hand out an indicator with a measure of this source."""
    own = {measure.id for measure in source.measures}
    using = {
        one.id for one in declarations.indicators.values() if own & measures_of(one, declarations)
    }
    every = list(declarations.indicators)
    return [
        profile
        for profile in declarations.releases.values()
        if using & set(every if profile.indicators is None else profile.indicators)
    ]


def measures_of(indicator: Indicator, declarations: Declarations) -> set[str]:
    """The measures an indicator is computed from, those of the parts of an index among them."""
    formula = indicator.formula
    found = {term.measure for term in (*formula.numerator, *formula.denominator)}
    if formula.index is not None:
        found.add(formula.index.minimum.measure)
        for part in formula.index.parts:
            found |= measures_of(declarations.indicators[part.indicator], declarations)
    return found
