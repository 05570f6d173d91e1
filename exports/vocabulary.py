"""The columns and words every file of a release shares, German first with English beside it."""

from typing import Final

AREA: Final = ("area_system", "area_version", "area_id")
PERIOD: Final = ("period_start", "grain")
SERIES: Final = ("indicator_id", *AREA, "grain", "group_id")
KEY: Final = ("indicator_id", *AREA, *PERIOD, "group_id")

STATUS_WORDS: Final[dict[str, tuple[str, str]]] = {
    "observed": ("beobachtet", "observed"),
    "provisional": ("vorläufig", "provisional"),
    "estimated": ("geschätzt", "estimated"),
    "suppressed": ("geschützt", "suppressed"),
    "missing": ("fehlt", "missing"),
    "not_collected": ("nicht erhoben", "not collected"),
    "not_comparable": ("nicht vergleichbar", "not comparable"),
}

STATUS_MEANINGS: Final[dict[str, tuple[str, str]]] = {
    "observed": (
        "so geliefert oder daraus berechnet",
        "as delivered, or computed from what was delivered",
    ),
    "provisional": (
        "wird erfahrungsgemäß noch nachgemeldet und ändert sich",
        "late reports usually follow, the value will change",
    ),
    "estimated": (
        "umgerechnet oder aus bekannten Teilen ergänzt; der Grund steht daneben",
        "converted or completed from known parts; the reason is given beside it",
    ),
    "suppressed": (
        "liegt vor, wird aber zum Schutz Einzelner nicht gezeigt; es ist keine Null",
        "exists but is withheld to protect individuals; it is not a zero",
    ),
    "missing": ("liegt nicht vor; es ist keine Null", "not available; it is not a zero"),
    "not_collected": (
        "wird für dieses Gebiet oder diese Gruppe nicht erhoben",
        "not collected for this area or group",
    ),
    "not_comparable": (
        "liegt vor, darf aber nicht mit den Werten daneben verglichen werden",
        "exists but must not be compared with the values beside it",
    ),
}

TABLE_WORDS: Final[dict[str, tuple[str, str]]] = {
    "indicator_value": (
        "Werte der Indikatoren mit Intervall, Status und Merkzeichen",
        "indicator values with interval, status and marks",
    ),
    "forecast": (
        "Ausblick: Quantile je Reihe, auch begründete Absagen",
        "outlook: quantiles per series, refusals with their reason included",
    ),
    "mark": (
        "Merkzeichen: was auffällt, und welche Frage sich daraus ergibt",
        "marks: what is unusual, and the question it raises",
    ),
    "indicator": (
        "Bedeutung, Berechnung und Grenzen jedes Indikators",
        "meaning, formula and limits of every indicator",
    ),
    "indicator_source": (
        "welcher Indikator aus welcher Quelle stammt",
        "which indicator comes from which source",
    ),
    "area": ("Gebiete mit Ebene und Gebietsstand", "areas with level and version"),
    "group": ("Zielgruppen und Gliederungen", "target groups and breakdowns"),
    "period": ("Zeiträume und Stichtage", "periods and reporting dates"),
    "source": ("Quellen mit Lizenz und Namensnennung", "sources with licence and attribution"),
    "department": ("Fachbereiche", "departments"),
}

COLUMN_WORDS: Final[dict[str, tuple[str, str]]] = {
    "area": ("Gebiet", "area"),
    "area_id": ("Gebietsschlüssel", "area code"),
    "area_level": ("Gebietsebene", "area level"),
    "area_system": ("Gebietssystem", "area system"),
    "area_version": ("Gebietsstand", "area version"),
    "as_of": ("Wissensstand vom", "known as of"),
    "attribution": ("Namensnennung", "attribution"),
    "caveats_de": ("Was beim Lesen zu bedenken ist", "caveats (German)"),
    "caveats_en": ("Was beim Lesen zu bedenken ist (englisch)", "caveats"),
    "denominator": ("Nenner", "denominator"),
    "department_id": ("Fachbereich (Kennung)", "department (id)"),
    "dimension": ("Gliederung", "dimension"),
    "evidence": ("Zahlen zum Merkzeichen (JSON)", "figures behind the mark (JSON)"),
    "first_seen": ("erstmals aufgefallen", "first seen"),
    "formula": ("Berechnung", "formula"),
    "gaming_de": ("Wie die Zahl sich verzerren lässt", "how it could be gamed (German)"),
    "gaming_en": ("Wie die Zahl sich verzerren lässt (englisch)", "how it could be gamed"),
    "grain": ("Zeitraster", "grain"),
    "group_de": ("Gruppe", "group (German)"),
    "group_en": ("Gruppe (englisch)", "group"),
    "group_id": ("Gruppe (Kennung)", "group (id)"),
    "high": ("95-%-Intervall, obere Grenze", "95 % interval, upper bound"),
    "highest_severity": ("höchste Stufe der Merkzeichen", "highest severity of the marks"),
    "indicator_de": ("Indikator", "indicator (German)"),
    "indicator_en": ("Indikator (englisch)", "indicator"),
    "indicator_id": ("Indikator (Kennung)", "indicator (id)"),
    "interval": ("Verfahren des Intervalls", "interval method"),
    "is_unassigned": ("nicht zuordenbar", "not assignable"),
    "kind": ("Art des Indikators", "kind of indicator"),
    "lag_years": ("Jahre bis zur erwarteten Wirkung", "years until an effect is expected"),
    "level": ("Gebietsebene", "area level"),
    "level_rank": ("Rang der Ebene (0 = feinste)", "rank of the level (0 = finest)"),
    "licence": ("Lizenz", "licence"),
    "low": ("95-%-Intervall, untere Grenze", "95 % interval, lower bound"),
    "mark_count": ("Zahl der Merkzeichen", "number of marks"),
    "mark_id": ("Merkzeichen (Kennung)", "mark (id)"),
    "marks": ("Merkzeichen", "marks"),
    "marks_de": ("Merkzeichen in Worten", "marks in words (German)"),
    "marks_en": ("Merkzeichen in Worten (englisch)", "marks in words"),
    "meaning_de": ("Bedeutung", "meaning (German)"),
    "meaning_en": ("Bedeutung (englisch)", "meaning"),
    "model": ("Modell", "model"),
    "name": ("Name", "name"),
    "name_de": ("Name", "name (German)"),
    "name_en": ("Name (englisch)", "name"),
    "not_meant_for_de": ("Wofür nicht gedacht", "not meant for (German)"),
    "not_meant_for_en": ("Wofür nicht gedacht (englisch)", "not meant for"),
    "numerator": ("Zähler", "numerator"),
    "parent_id": ("übergeordnetes Gebiet", "parent area"),
    "per": ("bezogen auf", "per"),
    "period_de": ("Zeitraum", "period (German)"),
    "period_en": ("Zeitraum (englisch)", "period"),
    "period_end": ("Ende des Zeitraums", "end of the period"),
    "period_start": ("Beginn des Zeitraums oder Stichtag", "start of period or reporting date"),
    "label_de": ("Bezeichnung", "label (German)"),
    "label_en": ("Bezeichnung (englisch)", "label"),
    "polarity": ("Leserichtung", "polarity"),
    "protection": ("Schutzart der Quelle", "protection of the source"),
    "quantile": ("Quantil", "quantile"),
    "question_de": ("Frage für das Gespräch", "question for the conversation (German)"),
    "question_en": ("Frage für das Gespräch (englisch)", "question for the conversation"),
    "questions_de": ("Fragen für das Gespräch", "questions for the conversation (German)"),
    "questions_en": ("Fragen für das Gespräch (englisch)", "questions for the conversation"),
    "reason": ("Grund", "reason (German)"),
    "reason_en": ("Grund (englisch)", "reason"),
    "run_id": ("Rechenlauf", "run"),
    "scenario_id": ("Szenario", "scenario"),
    "severity": ("Stufe", "severity"),
    "sign": ("Zeichen", "sign"),
    "source_id": ("Quelle (Kennung)", "source (id)"),
    "sources": ("Quellen (Kennungen)", "sources (ids)"),
    "state": ("Bearbeitungsstand", "state"),
    "status": ("Status", "status (code)"),
    "status_de": ("Status in Worten", "status (German)"),
    "status_en": ("Status in Worten (englisch)", "status"),
    "text_de": ("Was auffällt", "what is unusual (German)"),
    "text_en": ("Was auffällt (englisch)", "what is unusual"),
    "unit": ("Einheit", "unit"),
    "url": ("Fundstelle", "address"),
    "valid_from": ("gültig ab", "valid from"),
    "valid_to": ("gültig bis", "valid to"),
    "value": ("Wert", "value"),
}
