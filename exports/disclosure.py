"""Primary suppression: a small count leaves no figure behind. Frames in, frames out.

What is covered. A value is withheld where one of its own counts lies strictly between 0 and the
minimum: the numerator of a `count`, `share`, `rate` or `ratio` (and the value of a `count`), the
denominator of a `share`, `rate` or `ratio`, and for a `share` also the rest, denominator minus
numerator. Stocks of residents are counts like any other. Numerators carried over a crosswalk are
fractional, balances may be negative: the size decides, not the sign or the integrality. A share,
rate or ratio whose counts are not known cannot be checked and is withheld too.

A `cumulative` value is a count like any other. Whatever is computed from other values, a `change`
or a `cumulative` value, is withheld where one of those is withheld, be it in this release or not:
beside the others it would give the withheld one away. `indicator_derivation` says what a value is
made of; a value of these kinds that it does not know cannot be checked and is withheld too.
What a programme reaches is withheld row by row where those reached, those in need, the difference
of both or the rest of the target group is small, and a breakdown by group as a whole where one part
of it is: the others would give it away. A small number of people without a known area takes the
lower bound of those not reached along, which it makes. An occasion is told in general words where
it names a withheld value.
A `standardised` rate could be solved for the counts of its age bands, a `quantile` for that of the
bin it lies in: besides their own counts the one named in `indicator_smallest_count` decides. So it
does for an `access`, whose limits tell how many live in areas wholly in reach, and for a `model` of
the city's own; and where an indicator that a model reads (`indicator_read`) is
withheld within its reach (its own area and year, its own area at any time, or any area), its value
is withheld too.

An effect (`effect`) is estimated from what is left after all of this, so it holds nothing withheld.

A reference value (`indicator_reference`) is withheld where one of the areas it is put together from
is: beside the others it would give that one away. Which areas are alike rests on open sources only.
What a scenario shows is withheld where the look ahead it moves is, or any value of the part of an
area in which it changes something.

What is not covered. A `reported` value was computed by its department and brings no counts, so
nothing can be checked. Whether the numerator of a `ratio` counts people is not known here; it is
treated as if it did, which withholds too much rather than too little. A share of exactly 0 or 100 %
of a large group stays visible. Nothing protects a withheld cell from subtraction: there is no
complementary suppression of totals and no comparison with earlier releases yet.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from exports.vocabulary import AREA, KEY, PERIOD, SERIES

FIGURES: Final = ("numerator", "denominator", "value", "low", "high")
REVISION_FIGURES: Final = (
    *FIGURES,
    "change",
    "change_percent",
    "first_value",
    "total_change",
    "total_change_percent",
)
REASONS: Final = ("reason", "reason_en")
GOAL_FIGURES: Final = (
    *("value", "low", "high", "distance"),
    *("progress_percent", "progress_low", "progress_high"),
)
VALUE_TABLES: Final = ("indicator_value", "indicator_value_mark")
INDEX_TABLES: Final = ("indicator_class", "indicator_class_part")
MASKED: Final = (
    *VALUE_TABLES,
    *INDEX_TABLES,
    "indicator_smallest_count",
    "indicator_revision",
    "forecast",
    "forecast_backtest",
    "forecast_score",
    "forecast_record",
    "mark",
    "control_total",
    "goal_progress",
    "goal_outlook",
    "programme_reach",
    "contribution",
    "occasion",
    "indicator_reference",
    *("scenario_result", "scenario_difference", "scenario_chance", "scenario_refutation"),
)
CONTEXT: Final = (
    "indicator",
    "indicator_component",
    "indicator_derivation",
    "indicator_read",
    "indicator_source",
    "source",
    "measure",
    "target_group",
)
REACH_FIGURES: Final = (
    *("reached", "need", "population", "not_reached", "not_reached_low", "not_reached_high"),
    *("without_area", "value", "low", "high"),
)
REACH_CELL: Final = ("service_id", "programme_id", *AREA, *PERIOD)
REPEATS: Final = ("seasonal_naive", "seasonal_naive_small")
SCENARIO_FIGURES: Final = ("value", "value_percent", "held_of_ten")
BACKTEST_FIGURES: Final = ("smape", "mase", "wis", "coverage_80", "coverage_95")
SCORE_FIGURES: Final = (
    *("median", "value", "absolute_error", "wis", "inside_80", "inside_95"),
    *("simple", "simple_error"),
)
RECORD_FIGURES: Final = (
    *("inside_80", "inside_95", "share_80", "share_95", "wis", "absolute_error"),
    *("compared", "compared_error", "simple_error"),
)
RECORD: Final = ("indicator_id", "area_system", "level", "grain", "scenario_id", "ahead")
OUTLOOK_FIGURES: Final = ("chance_of_ten", "low_80", "median", "high_80")
OCCASION_FIGURES: Final = ("value", "low", "high", "reference", "q_value")
COMPUTED_FROM_VALUES: Final = ("change", "cumulative")
# Judged by the smallest count they could give away, named in `indicator_smallest_count`.
BY_BANDS: Final = ("standardised", "mean", "quantile", "access")
KINDS: Final = (
    *("count", "share", "rate", "ratio", "reported", "composite"),
    *COMPUTED_FROM_VALUES,
    *BY_BANDS,
    "model",
)
BY_SMALLEST_COUNT: Final = (*BY_BANDS, "model")
EDITION: Final = ("indicator_id", "area_system", "area_version", "period_start", "grain")

DERIVED: Final = ("aus einem geschützten Wert gerechnet", "computed from a withheld value")
UNCHECKED: Final = ("Fallzahl nicht prüfbar", "count cannot be checked")
COMPONENT: Final = (
    "Bestandteile geschützt, auch in anderen Gebieten",
    "components withheld, in other areas too",
)
BACKTEST: Final = (
    "Rückblick geschützt, weil Werte dieser Kennzahl geschützt sind",
    "record withheld because values of this indicator are suppressed",
)
SCORE: Final = (
    "Vergleich geschützt, weil Werte dieser Reihe geschützt sind",
    "comparison withheld because values of this series are suppressed",
)
HELD: Final = (
    "Wie oft solche Ausblicke bisher hielten, ist geschützt.",
    "How often such looks ahead held before is withheld.",
)
FORECAST: Final = (
    "Ausblick geschützt, weil Werte dieser Reihe geschützt sind",
    "outlook withheld because values of this series are suppressed",
)
MARK: Final = (
    "Zu diesem Wert gibt es ein Merkzeichen; Zahlen dazu sind geschützt.",
    "There is a mark on this value; the figures behind it are protected.",
)
QUESTION: Final = (
    "Was wissen wir über die Lage hier, auch ohne die genaue Zahl?",
    "What do we know about the situation here, even without the exact figure?",
)
CONTROL: Final = (
    "Abgleich mit der Kontrollsumme erfolgt; Zahlen dazu sind geschützt.",
    "Compared with the control total; the figures are protected.",
)


GOAL: Final = (
    "Wert geschützt: wie weit das Ziel ist, bleibt es deshalb auch",
    "value withheld, and therefore how far the goal is",
)
SCENARIO: Final = (
    "Szenario geschützt, weil Werte geschützt sind, auf denen es beruht",
    "scenario withheld because values it rests on are suppressed",
)
WITHHELD: Final = ("geschützt", "withheld")
OCCASION: Final = (
    "Dieser Wert gehört zum Anlass; die Zahlen dazu sind geschützt.",
    "This value is part of the occasion; the figures behind it are protected.",
)


@dataclass(frozen=True)
class Rule:
    """How small a count must be to be withheld: strictly between 0 and `minimum_count`."""

    minimum_count: int = 5

    def __post_init__(self) -> None:
        if self.minimum_count < 2:
            raise ValueError(
                f"minimum_count is {self.minimum_count}; below 2 nothing would be suppressed. "
                "Use 3 or more, 5 is customary."
            )

    @property
    def reason(self) -> tuple[str, str]:
        """The same words for every case, so that they do not tell which count was small."""
        return f"Fallzahl unter {self.minimum_count}", f"count below {self.minimum_count}"


def suppress_values(
    values: pl.DataFrame,
    indicators: pl.DataFrame,
    rule: Rule,
    only: Collection[str] | None = None,
    smallest: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Withhold every small cell of `values`, a frame shaped like `indicator_value`.

    Rows, their order and all other columns stay. A withheld row keeps key and unit; `numerator`,
    `denominator`, `value`, `low`, `high` are null, `status` is `suppressed`, `reason` and
    `reason_en` say so. Rows that arrived as `suppressed` lose any figure left in them and keep
    their reason. `only` names the indicators to look at; None looks at all. `smallest` is
    `indicator_smallest_count` and decides on indicators by bands. `indicators` gives
    `indicator_id` and `kind`; an unknown indicator or kind is a ValueError, because its counts
    could not be judged.
    """
    counts = values.select(
        _kinds(values, indicators),
        pl.col("status"),
        pl.lit(True).alias("looked_at")
        if only is None
        else pl.col("indicator_id").is_in(list(only)).alias("looked_at"),
        pl.col("numerator", "denominator", "value").cast(pl.Float64).fill_nan(None),
        _smallest_counts(values, smallest),
    )
    smallest_count = pl.col("smallest_count")
    numerator, denominator, value = pl.col("numerator"), pl.col("denominator"), pl.col("value")
    computed = pl.col("kind").is_in(["share", "rate", "ratio"])
    rest = pl.when(pl.col("kind") == "share").then(denominator - numerator)
    is_small = (
        pl.when(pl.col("kind").is_in(["count", "cumulative"]))
        .then(_small(numerator, rule) | _small(value, rule))
        .when(computed)
        .then(_small(numerator, rule) | _small(denominator, rule) | _small(rest, rule))
        .when(pl.col("kind").is_in(BY_SMALLEST_COUNT))
        .then(_small(numerator, rule) | _small(denominator, rule) | _small(smallest_count, rule))
        .otherwise(False)
    )
    unknown = value.is_not_null() & (
        pl.when(computed)
        .then(numerator.is_null() | denominator.is_null())
        .otherwise(pl.col("kind").is_in(BY_SMALLEST_COUNT) & smallest_count.is_null())
    )
    verdict = counts.select(
        small=pl.col("looked_at") & is_small,
        unchecked=pl.col("looked_at") & unknown,
        before=pl.col("looked_at") & (pl.col("status") == "suppressed").fill_null(False),
    )
    small, unchecked = verdict["small"], verdict["unchecked"]
    hidden = small | unchecked | verdict["before"]
    words = zip(REASONS, rule.reason, UNCHECKED, strict=True)
    return values.with_columns(
        *(pl.when(~hidden).then(pl.col(column)).alias(column) for column in FIGURES),
        *(
            pl.when(small)
            .then(pl.lit(small_words))
            .when(unchecked)
            .then(pl.lit(unchecked_words))
            .otherwise(pl.col(column))
            .alias(column)
            for column, small_words, unchecked_words in words
        ),
        status=pl.when(small | unchecked).then(pl.lit("suppressed")).otherwise(pl.col("status")),
    )


def suppress_derived(
    values: pl.DataFrame,
    indicators: pl.DataFrame,
    derivation: pl.DataFrame | None,
    only: Collection[str] | None = None,
) -> pl.DataFrame:
    """Withhold what is computed from a withheld value; rows and order stay.

    `values` is the whole frame after `suppress_values`, not yet cut down to a release. `derivation`
    is `indicator_derivation`: the key of a value and `from_indicator_id`, `from_period_start` of
    each value it is made from, in the same area, grain and group. What was withheld this way
    withholds what is computed from it in turn. `only` as in `suppress_values`: the indicators of
    which a value that the derivation does not know is withheld.
    """
    links = _NO_DERIVATION if derivation is None else derivation
    from_keys = dict(zip(KEY, _FROM_KEY, strict=True))
    looked_at = pl.lit(True) if only is None else pl.col("indicator_id").is_in(list(only))
    kinds = _kinds(values, indicators).is_in(COMPUTED_FROM_VALUES)
    unknown = kinds & ~_matches(values, links, KEY) & values.select(looked_at).to_series()
    values = _withhold(values, unknown & values["value"].is_not_null(), UNCHECKED)
    while True:
        withheld = values.filter(status="suppressed").select(KEY).rename(from_keys)
        told = links.join(withheld, on=list(from_keys.values()), how="semi")
        hit = _matches(values, told, KEY) & (values["status"] != "suppressed")
        if not hit.any():
            return values
        values = _withhold(values, hit, DERIVED)


_FROM_KEY: Final = tuple(
    {"indicator_id": "from_indicator_id", "period_start": "from_period_start"}.get(name, name)
    for name in KEY
)
_NO_DERIVATION: Final = pl.DataFrame(
    schema={
        name: pl.Date if name.endswith("period_start") else pl.String
        for name in dict.fromkeys((*KEY, *_FROM_KEY))
    }
)


def _withhold(
    rows: pl.DataFrame,
    hit: pl.Series,
    words: tuple[str, str],
    figures: Iterable[str] = FIGURES,
) -> pl.DataFrame:
    return rows.with_columns(
        *(pl.when(~hit).then(pl.col(column)).alias(column) for column in figures),
        *_instead(hit, {**dict(zip(REASONS, words, strict=True)), "status": "suppressed"}),
    )


def _instead(hit: pl.Series, words: Mapping[str, str]) -> list[pl.Expr]:
    """Columns that say these words where something is withheld."""
    return [
        pl.when(hit).then(pl.lit(text)).otherwise(pl.col(column)).alias(column)
        for column, text in words.items()
    ]


_WITHIN_REACH: Final[dict[str, tuple[str, ...]]] = {
    "own_cell": ("indicator_id", "area_system", "area_version", "area_id", "year"),
    "own_area": ("indicator_id", "area_system", "area_version", "area_id"),
    "other_areas": ("indicator_id", "area_system"),
}


def suppress_models(values: pl.DataFrame, reads: pl.DataFrame) -> pl.DataFrame:
    """Withhold what a city's model makes where something it reads is withheld within its reach.

    `values` is the whole frame after all other suppression, `reads` gives `indicator_id`, `kind`,
    `read_id` and `reach`. Groups and grains are not told apart: a model may take any of them.
    """
    dated = values.with_columns(year=pl.col("period_start").dt.year())
    withheld = dated.filter(status="suppressed").rename({"indicator_id": "read_id"})
    told = reads.filter(kind="indicator").join(withheld, on="read_id")
    hit = pl.Series([False] * values.height, dtype=pl.Boolean)
    for reach, key in _WITHIN_REACH.items():
        hit = hit | _matches(dated, told.filter(reach=reach), key)
    return _withhold(values, hit & (values["status"] != "suppressed"), DERIVED)


def suppress_composites(values: pl.DataFrame, components: pl.DataFrame) -> pl.DataFrame:
    """Withhold an index in every area of an edition one of whose components is withheld.

    `values` is the frame after `suppress_values`, `components` gives `indicator_id` and `part_id`.
    Rows and their order stay; rows without a value keep their status and reason.
    """
    hit = _matches(values, _withheld_editions(values, components), EDITION)
    return _withhold(values, hit & values["value"].is_not_null(), COMPONENT)


def _withheld_editions(values: pl.DataFrame, components: pl.DataFrame) -> pl.DataFrame:
    withheld = values.filter(status="suppressed", group_id="all").rename(
        {"indicator_id": "part_id"}
    )
    links = components.select("indicator_id", "part_id")
    return links.join(withheld, on="part_id").select(EDITION).unique()


def suppress_classes(classes: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold the classes of withheld indices; `values` is the frame after all suppression."""
    hit = _matches(classes, values.filter(status="suppressed"), KEY)
    hidden = ("value", "class_id", "class_de", "class_en", "above", "up_to")
    return _withhold(classes, hit, COMPONENT, hidden)


def suppress_class_parts(
    parts: pl.DataFrame, values: pl.DataFrame, components: pl.DataFrame
) -> pl.DataFrame:
    """Withhold withheld components, and what their whole edition is measured by.

    `values` is the frame after all suppression. A mean or a z score of another area would give
    the withheld component away, so none is left in such an edition.
    """
    named = parts.select(*(name for name in KEY if name != "indicator_id"), indicator_id="part_id")
    hit = _matches(named, values.filter(status="suppressed"), KEY)
    edition = _matches(parts, _withheld_editions(values, components), EDITION)
    return _withhold(parts, hit, COMPONENT, ["value"]).with_columns(
        pl.when(~edition).then(pl.col(column)).alias(column)
        for column in ("mean", "standard_deviation", "z")
    )


def suppress_revisions(
    revisions: pl.DataFrame,
    values: pl.DataFrame,
    indicators: pl.DataFrame,
    rule: Rule,
    only: Collection[str] | None = None,
    derivation: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Withhold all states of a value one of whose states is small; rows and order stay.

    Each state names the first value and the change against the state before, so that one state
    gives another away. `values` is `indicator_value` after `suppress_values`: what is withheld
    there has no states to show either. What is computed from a value whose states are withheld has
    none either; `derivation` as in `suppress_derived`. `only` and `indicators` as in
    `suppress_values`.
    """
    missing = [column for column in FIGURES if column not in revisions.columns]
    padded = revisions.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
    judged = suppress_values(padded, indicators, rule, only).drop(missing)
    looked_at = True if only is None else pl.col("indicator_id").is_in(list(only))
    withheld = pl.concat([judged.select(*KEY, "status"), values.select(*KEY, "status")]).filter(
        looked_at, pl.col("status") == "suppressed"
    )
    links = _NO_DERIVATION if derivation is None else derivation
    from_keys = dict(zip(KEY, _FROM_KEY, strict=True))
    while True:
        base = withheld.select(KEY).rename(from_keys)
        more = links.join(base, on=list(from_keys.values()), how="semi").select(KEY)
        more = more.join(withheld, on=KEY, how="anti")
        if more.is_empty():
            break
        withheld = pl.concat([withheld.select(KEY), more])
    hit = _matches(judged, withheld, KEY)
    told = pl.col("status") == "suppressed"
    return judged.with_columns(
        *(
            pl.when(~hit).then(pl.col(column)).alias(column)
            for column in REVISION_FIGURES
            if column in judged.columns
        ),
        *(
            pl.when(hit & ~told).then(pl.lit(words)).otherwise(pl.col(column)).alias(column)
            for column, words in zip(("reason", "reason_en"), rule.reason, strict=True)
        ),
        status=pl.when(hit).then(pl.lit("suppressed")).otherwise(pl.col("status")),
    )


def suppress_goal_progress(progress: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold what tells a withheld value by a goal's baseline and target; rows and order stay.

    `values` is the frame after `suppress_values`. Distance and progress are the value in other
    words, and that a target is reached bounds it, so all of it goes where the value is withheld.
    """
    hit = _matches(progress, values.filter(status="suppressed"), KEY)
    words = zip(("reason", "reason_en"), GOAL, strict=True)
    return progress.with_columns(
        *(pl.when(~hit).then(pl.col(column)).alias(column) for column in GOAL_FIGURES),
        *(
            pl.when(hit).then(pl.lit(told)).otherwise(pl.col(column)).alias(column)
            for column, told in words
        ),
        reached=pl.when(hit).then(pl.lit("no_value")).otherwise(pl.col("reached")),
        status=pl.when(hit).then(pl.lit("suppressed")).otherwise(pl.col("status")),
    )


def suppress_reach(
    reach: pl.DataFrame, rule: Rule, only: Collection[str] | None = None, **others: pl.DataFrame
) -> pl.DataFrame:
    """Withhold rows of `programme_reach` with a small count; rows and their order stay.

    Rows that arrived as `suppressed` lose any figure left in them and keep their reason.

    `only` names the measures under protection, None means all; with it `target_group` is needed,
    which says what counts the need and the size of a group. A row counts as protected where one of
    its measures is, or is not known.
    """
    looked_at = pl.Series([True] * reach.height, dtype=pl.Boolean)
    if only is not None:
        behind = reach.join(
            others["target_group"].select(
                "target_group_id", "need_measure_id", "denominator_measure_id"
            ),
            on="target_group_id",
            how="left",
            maintain_order="left",
        )
        names = ("uptake_measure_id", "need_measure_id", "denominator_measure_id")
        looked_at = behind.select(
            pl.any_horizontal(pl.col(name).is_in(list(only)).fill_null(False) for name in names)
        ).to_series()
    reached, need = pl.col("reached"), pl.col("need")
    small = reach.select(
        _small(reached, rule)
        | _small(need, rule)
        | _small(pl.col("population"), rule)
        | _small(need - reached, rule)
        | _small(pl.col("population") - need, rule)
    ).to_series()
    before = reach["status"] == "suppressed"
    told = (small & looked_at) | before
    whole = (*REACH_CELL, "dimension")
    parts = reach["dimension"].is_not_null()
    told |= parts & _matches(reach, reach.filter(told & parts), whole, nulls_equal=True)
    unplaced = reach.select(_small(pl.col("without_area"), rule)).to_series() & looked_at
    return reach.with_columns(
        *(
            pl.when(~told & ~(unplaced & (name in ("without_area", "not_reached_low"))))
            .then(pl.col(name))
            .alias(name)
            for name in REACH_FIGURES
        ),
        *(
            pl.when(told & ~before).then(pl.lit(words)).otherwise(pl.col(column)).alias(column)
            for column, words in zip(REASONS, rule.reason, strict=True)
        ),
        status=pl.when(told).then(pl.lit("suppressed")).otherwise(pl.col("status")),
    )


def suppress_contributions(contributions: pl.DataFrame, reach: pl.DataFrame) -> pl.DataFrame:
    """Give contributions the figures that `reach`, after suppression, still shows."""
    figures = [name for name in REACH_FIGURES if name in contributions.columns]
    shown = reach.filter(part="area").select(*REACH_CELL, *figures, "status", *REASONS)
    joined = contributions.select(*REACH_CELL).join(
        shown, on=REACH_CELL, how="left", nulls_equal=True, maintain_order="left", validate="m:1"
    )
    counted = contributions["period_start"].is_not_null()
    return contributions.with_columns(joined.select(figures)).with_columns(
        pl.when(counted).then(joined[name]).otherwise(pl.col(name)).alias(name)
        for name in ("status", *REASONS)
    )


def suppress_occasions(occasions: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Tell in general words what stands on a withheld value; `values` after all suppression."""
    hit = _matches(occasions, values.filter(status="suppressed"), KEY)
    return occasions.with_columns(
        *(pl.when(~hit).then(pl.col(name)).alias(name) for name in OCCASION_FIGURES),
        *(
            pl.when(hit).then(pl.lit(words)).otherwise(pl.col(column)).alias(column)
            for column, words in zip(("text_de", "text_en"), OCCASION, strict=True)
        ),
    )


def suppress_references(
    references: pl.DataFrame, before: pl.DataFrame, values: pl.DataFrame
) -> pl.DataFrame:
    """Withhold reference values that a withheld value went into; rows and order stay.

    `references` is `indicator_reference`, `before` is `indicator_value` as it was, `values` after
    suppression. Values that nobody knew before went into nothing.
    """
    withheld = _matches(values, before.filter(pl.col("value").is_not_null()), KEY)
    hidden = values.filter(withheld & (values["status"] == "suppressed"))
    numbered = references.with_row_index("row")
    parts = numbered.select(
        "row",
        *(name for name in KEY if name != "area_id"),
        area_id=pl.col("areas").str.split(", "),
    ).explode("area_id")
    told = parts.join(hidden.select(KEY), on=list(KEY), how="semi")["row"].unique()
    return _withhold(references, numbered["row"].is_in(told.to_list()), DERIVED)


def suppress_forecasts(forecasts: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold forecasts that stand on a withheld value; rows and order stay.

    `values` is the frame after `suppress_values`. A series (indicator, area, grain, group) is
    withheld where its last known value is suppressed, refusals included, since their words may
    name figures; so is a forecast for a period whose own value is suppressed, and one that repeats
    the last season where any value of its series is suppressed.
    """
    known = values.filter(pl.col("value").is_not_null() | (pl.col("status") == "suppressed"))
    last = known.group_by(SERIES).agg(pl.col("status").sort_by("period_start").last())
    suppressed = values.filter(status="suppressed")
    repeated = forecasts["model"].is_in(REPEATS) & _matches(forecasts, suppressed, SERIES)
    hit = repeated | _matches(forecasts, last.filter(status="suppressed"), SERIES)
    hit |= _matches(forecasts, suppressed, KEY)
    return forecasts.with_columns(
        value=pl.when(~hit).then(pl.col("value")),
        status=pl.when(hit).then(pl.lit("suppressed")).otherwise(pl.col("status")),
        reason=pl.when(hit).then(pl.lit(FORECAST[0])).otherwise(pl.col("reason")),
        reason_en=pl.when(hit).then(pl.lit(FORECAST[1])).otherwise(pl.col("reason_en")),
    )


def suppress_scenarios(rows: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold what a scenario shows of a withheld forecast or part; rows and order stay.

    `rows` is `scenario_result`, `scenario_difference` or `scenario_chance`, `values` the frame
    after all suppression. A difference tells how large a part of an area is in which something
    differs (`parts`), so it goes where any value of that part is withheld.
    """
    plain = rows.select(*KEY, "model", "status", *REASONS, value=pl.lit(0.0))
    hit = pl.Series([False] * rows.height, dtype=pl.Boolean)
    # A year may be the sum of months that are looked ahead at, so no grain speaks for itself alone.
    for grain in values["grain"].unique().sort():
        marked = suppress_forecasts(plain.with_columns(grain=pl.lit(grain)), values)
        hit |= (marked["status"] == "suppressed").fill_null(False)
    series = [name for name in SERIES if name not in ("area_id", "grain")]
    numbered = rows.with_row_index("row")
    parts = (
        numbered.select("row", *series, area_id=pl.col("parts").str.split(", "))
        .explode("area_id")
        .drop_nulls("area_id")
    )
    suppressed = values.filter(status="suppressed").select(*series, "area_id")
    told = parts.join(suppressed, on=[*series, "area_id"], how="semi")["row"].unique()
    hit |= numbered["row"].is_in(told.to_list())
    figures = [name for name in SCENARIO_FIGURES if name in rows.columns]
    words: dict[str, str] = {
        name: WITHHELD[name.endswith("_en")]
        for name in ("chance_de", "chance_en", "held_de", "held_en")
        if name in rows.columns
    }
    return _withhold(rows, hit, SCENARIO, figures).with_columns(_instead(hit, words))


def suppress_refutations(refutations: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold whether a withheld value refutes: that alone would bound it; rows and order stay."""
    hit = _matches(refutations, values.filter(status="suppressed"), KEY)
    told = {"state": "withheld", "state_de": WITHHELD[0], "state_en": WITHHELD[1]}
    return _withhold(refutations, hit, SCENARIO, ["value"]).with_columns(_instead(hit, told))


def _scenarios(tables: Mapping[str, pl.DataFrame], values: pl.DataFrame) -> dict[str, pl.DataFrame]:
    masked = {
        name: suppress_scenarios(tables[name], values)
        for name in ("scenario_result", "scenario_difference", "scenario_chance")
        if name in tables
    }
    if "scenario_refutation" in tables:
        masked["scenario_refutation"] = suppress_refutations(tables["scenario_refutation"], values)
    return masked


def suppress_backtests(backtests: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold how wrong forecasts were where a value they were held against is withheld.

    `values` is the frame after `suppress_values`. Whoever knows all other values of a level could
    solve a mean error for the one that is missing.
    """
    hit = _matches(
        backtests,
        values.filter(status="suppressed", group_id="all"),
        ("indicator_id", "area_system", "area_version", "grain"),
    )
    return _withhold(backtests, hit, BACKTEST, BACKTEST_FIGURES)


def suppress_scores(scores: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Withhold how published forecasts fared where a value of their series is withheld.

    `values` is the frame after `suppress_values`. An error beside a forecast is the value in other
    words, and what would have been said without a model is a value of the series too.
    """
    hit = _matches(scores, values.filter(status="suppressed"), SERIES)
    return _withhold(scores, hit, SCORE, SCORE_FIGURES)


def suppress_records(records: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Withhold what is summed up from `scores`, the frame after suppression, where one is withheld.

    Whoever knows all other errors could solve a mean for the one that is missing.
    """
    hit = _matches(records, scores.filter(status="suppressed"), RECORD)
    told = {"text_de": f"{SCORE[0]}.", "text_en": f"{SCORE[1].capitalize()}."}
    return _withhold(records, hit, SCORE, RECORD_FIGURES).with_columns(_instead(hit, told))


def suppress_goal_outlooks(
    goals: pl.DataFrame, forecasts: pl.DataFrame, values: pl.DataFrame
) -> pl.DataFrame:
    """Withhold chances of goals that stand on a withheld forecast, and refusals that name figures.

    `forecasts` and `values` are the frames after suppression. How often such looks ahead held is
    withheld where a value of the indicator is: it was held against it.
    """
    hit = _matches(goals, forecasts.filter(status="suppressed"), SERIES)
    hit &= goals["answer"].is_in(["told", "refused"])
    told = goals["held_de"].is_not_null()
    key = ("indicator_id", "area_system", "grain")
    held = _matches(goals, values.filter(status="suppressed"), key)
    return goals.with_columns(
        *(pl.when(~hit).then(pl.col(name)).alias(name) for name in OUTLOOK_FIGURES),
        *_instead(hit, {"text_de": f"{FORECAST[0]}.", "text_en": f"{FORECAST[1]}."}),
        *_instead(hit, {"answer": "withheld", "status": "suppressed"}),
        *_instead(told & (hit | held), {"held_de": HELD[0], "held_en": HELD[1]}),
    )


def generalise_marks(marks: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Take the figures out of marks that could give a withheld value away; rows and order stay.

    `values` is the frame after `suppress_values`. A mark on a withheld cell gets general words.
    A mark elsewhere on the same indicator and area often compares with that cell (the year
    before, the other group): it loses `evidence`, and its words where they contain a digit.
    """
    suppressed = values.filter(status="suppressed")
    same_cell = _matches(marks, suppressed, KEY)
    near = same_cell | _matches(marks, suppressed, ("indicator_id", "area_system", "area_id"))
    return marks.with_columns(
        *(
            pl.when(near, _has_digit("text_de", "text_en") | same_cell)
            .then(pl.lit(words))
            .otherwise(pl.col(column))
            .alias(column)
            for column, words in zip(("text_de", "text_en"), MARK, strict=True)
        ),
        *(
            pl.when(near, _has_digit("question_de", "question_en"))
            .then(pl.lit(words))
            .otherwise(pl.col(column))
            .alias(column)
            for column, words in zip(("question_de", "question_en"), QUESTION, strict=True)
        ),
        evidence=pl.when(near).then(pl.lit("{}")).otherwise(pl.col("evidence")),
    )


def protect(tables: Mapping[str, pl.DataFrame], rule: Rule) -> dict[str, pl.DataFrame]:
    """Apply the whole rule to `indicator_value` and what is derived from it; others pass by.

    Needs `indicator` for the kinds and `indicator_derivation` for what is computed from other
    values. The order matters: forecasts and marks follow the values.
    """
    values = _suppressed(tables["indicator_value"], tables, rule)
    goals = {
        name: suppress_goal_progress(tables[name], values)
        for name in ("goal_progress",)
        if name in tables
    }
    if "programme_reach" in tables:
        goals["programme_reach"] = suppress_reach(tables["programme_reach"], rule)
    if "contribution" in tables:
        goals["contribution"] = suppress_contributions(
            tables["contribution"], goals["programme_reach"]
        )
    if "occasion" in tables:
        goals["occasion"] = suppress_occasions(tables["occasion"], values)
    if "indicator_reference" in tables:
        goals["indicator_reference"] = suppress_references(
            tables["indicator_reference"], tables["indicator_value"], values
        )
    return {
        **tables,
        **goals,
        **_outlooks(tables, values),
        **_scenarios(tables, values),
        "indicator_value": values,
        "mark": generalise_marks(tables["mark"], values),
    }


def _suppressed(
    values: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    rule: Rule,
    only: Collection[str] | None = None,
) -> pl.DataFrame:
    """Small cells, then the indices whose components they are, then what is computed from both."""
    indicators, smallest = tables["indicator"], tables.get("indicator_smallest_count")
    values = suppress_values(values, indicators, rule, only, smallest)
    values = suppress_composites(values, _components(tables))
    values = suppress_derived(values, indicators, tables.get("indicator_derivation"), only)
    return suppress_models(values, _reads(tables))


def protected_indicators(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Indicators with a source under protection (`source.protection` other than `none`).

    An indicator without any known source counts as protected: nobody vouched for it.
    """
    free = tables["source"].filter(protection="none")
    links = tables["indicator_source"].with_columns(
        free=pl.col("source_id").is_in(free["source_id"].to_list())
    )
    open_ids = links.group_by("indicator_id").agg(pl.col("free").all()).filter(pl.col("free"))
    ids = tables["indicator"]["indicator_id"]
    return sorted(ids.filter(~ids.is_in(open_ids["indicator_id"].to_list())))


def mask_protected(
    tables: Mapping[str, pl.DataFrame], rule: Rule | None = None
) -> dict[str, pl.DataFrame]:
    """The mask of the published warehouse: `publish(build, target, mask_protected)`.

    Suppresses small cells of indicators with protected sources and of control totals of protected
    measures; everything else stays as it is. `tables` holds those of `MASKED` that exist and
    those of `CONTEXT`; gives back those frames of `MASKED` that carry figures, rows and columns
    unchanged in number.
    """
    rule = rule or Rule()
    ids = protected_indicators(tables)
    smallest = tables.get("indicator_smallest_count")
    masked = {
        name: _suppressed(tables[name], tables, rule, ids)
        for name in VALUE_TABLES
        if name in tables and set(FIGURES) & set(tables[name].columns)
    }
    if smallest is not None:
        small = pl.col("indicator_id").is_in(ids) & _small(pl.col("smallest_count"), rule)
        masked["indicator_smallest_count"] = smallest.with_columns(
            pl.when(~small).then(pl.col("smallest_count"))
        )
    components, every = _components(tables), masked["indicator_value"]
    if "indicator_class" in tables:
        masked["indicator_class"] = suppress_classes(tables["indicator_class"], every)
    if "indicator_class_part" in tables:
        parts = tables["indicator_class_part"]
        masked["indicator_class_part"] = suppress_class_parts(parts, every, components)
    values = every.filter(pl.col("indicator_id").is_in(ids))
    if "indicator_revision" in tables:
        masked["indicator_revision"] = suppress_revisions(
            tables["indicator_revision"],
            values,
            tables["indicator"],
            rule,
            ids,
            tables.get("indicator_derivation"),
        )
    masked |= _outlooks(tables, values)
    if "mark" in tables:
        masked["mark"] = generalise_marks(tables["mark"], values)
    if "goal_progress" in tables:
        masked["goal_progress"] = suppress_goal_progress(tables["goal_progress"], values)
    masked |= _masked_offers(tables, values, rule)
    masked |= _scenarios(tables, values)
    if "indicator_reference" in tables:
        masked["indicator_reference"] = suppress_references(
            tables["indicator_reference"], tables["indicator_value"], every
        )
    if "control_total" in tables:
        masked["control_total"] = _control_totals(tables, rule)
    return masked


def _outlooks(tables: Mapping[str, pl.DataFrame], values: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Looks ahead, how they fared and what they mean for goals, as far as they are there."""
    found = {}
    if "forecast" in tables:
        found["forecast"] = suppress_forecasts(tables["forecast"], values)
    if "forecast_backtest" in tables:
        found["forecast_backtest"] = suppress_backtests(tables["forecast_backtest"], values)
    if "forecast_score" in tables:
        found["forecast_score"] = suppress_scores(tables["forecast_score"], values)
    if "forecast_record" in tables:
        found["forecast_record"] = suppress_records(
            tables["forecast_record"], found["forecast_score"]
        )
    if "goal_outlook" in tables:
        found["goal_outlook"] = suppress_goal_outlooks(
            tables["goal_outlook"], found["forecast"], values
        )
    return found


def _masked_offers(
    tables: Mapping[str, pl.DataFrame], values: pl.DataFrame, rule: Rule
) -> dict[str, pl.DataFrame]:
    masked = {}
    if "programme_reach" in tables:
        free = tables["source"].filter(protection="none")["source_id"].to_list()
        protected = tables["measure"].filter(~pl.col("source_id").is_in(free))["measure_id"]
        masked["programme_reach"] = suppress_reach(
            tables["programme_reach"], rule, list(protected), target_group=tables["target_group"]
        )
    if "contribution" in tables:
        masked["contribution"] = suppress_contributions(
            tables["contribution"], masked["programme_reach"]
        )
    if "occasion" in tables:
        masked["occasion"] = suppress_occasions(tables["occasion"], values)
    return masked


def _kinds(values: pl.DataFrame, indicators: pl.DataFrame) -> pl.Series:
    kinds = values.select("indicator_id").join(
        indicators.select("indicator_id", "kind"),
        on="indicator_id",
        how="left",
        maintain_order="left",
        validate="m:1",
    )
    unknown = kinds.filter(~pl.col("kind").is_in(KINDS).fill_null(False))
    if unknown.height:
        names = ", ".join(sorted(unknown["indicator_id"].unique().drop_nulls()))
        raise ValueError(
            f"cannot judge the counts of: {names or 'rows without indicator_id'}; table indicator "
            f"must give each a kind of {', '.join(KINDS)}"
        )
    return kinds["kind"]


def _smallest_counts(values: pl.DataFrame, smallest: pl.DataFrame | None) -> pl.Series:
    if smallest is None:
        return pl.Series("smallest_count", [None] * values.height, pl.Float64)
    counts = smallest.select(*KEY, pl.col("smallest_count").cast(pl.Float64))
    joined = values.select(KEY).join(
        counts, on=KEY, how="left", maintain_order="left", validate="m:1"
    )
    return joined["smallest_count"]


def _components(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What each composite is made of. Raises ValueError where one has no known component."""
    none = pl.DataFrame(schema={"indicator_id": pl.String, "part_id": pl.String})
    components = tables.get("indicator_component", none)
    ids = tables["indicator"].filter(kind="composite")["indicator_id"]
    unknown = ids.filter(~ids.is_in(components["indicator_id"].to_list()))
    if unknown.len():
        raise ValueError(
            f"cannot judge the components of: {', '.join(sorted(unknown))}; table "
            "indicator_component must name them"
        )
    return components


def _reads(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What each model reads. Raises ValueError where one has nothing declared."""
    none = pl.DataFrame(
        schema=dict.fromkeys(("indicator_id", "kind", "read_id", "reach"), pl.String)
    )
    reads = tables.get("indicator_read", none)
    ids = tables["indicator"].filter(kind="model")["indicator_id"]
    unknown = ids.filter(~ids.is_in(reads["indicator_id"].to_list()))
    if unknown.len():
        raise ValueError(
            f"cannot judge what is read by: {', '.join(sorted(unknown))}; table indicator_read "
            "must name it"
        )
    return reads.select("indicator_id", "kind", "read_id", "reach")


def _small(count: pl.Expr, rule: Rule) -> pl.Expr:
    return ((count.abs() > 0) & (count.abs() < rule.minimum_count)).fill_null(False)


def _has_digit(*columns: str) -> pl.Expr:
    return pl.any_horizontal(
        pl.col(column).str.contains(r"\d").fill_null(False) for column in columns
    )


def _matches(
    frame: pl.DataFrame, wanted: pl.DataFrame, on: Iterable[str], *, nulls_equal: bool = False
) -> pl.Series:
    """For each row of `frame` whether `wanted` has its key; null keys match only where asked."""
    keys = list(on)
    flags = wanted.select(keys).unique().with_columns(pl.lit(True).alias("hit"))
    return (
        frame.select(keys)
        .join(flags, on=keys, how="left", nulls_equal=nulls_equal, maintain_order="left")["hit"]
        .fill_null(False)
    )


def _control_totals(tables: Mapping[str, pl.DataFrame], rule: Rule) -> pl.DataFrame:
    totals = tables["control_total"]
    free = tables["source"].filter(protection="none")["source_id"].to_list()
    open_measures = tables["measure"].filter(pl.col("source_id").is_in(free))["measure_id"]
    both_open = pl.all_horizontal(
        pl.col(column).is_in(open_measures.to_list()).fill_null(False)
        for column in ("measure_id", "control_of")
    )
    hit = totals.select(
        (_small(pl.col("value"), rule) | _small(pl.col("control_value"), rule)) & ~both_open
    ).to_series()
    return totals.with_columns(
        *(
            pl.when(~hit).then(pl.col(column)).alias(column)
            for column in ("value", "control_value", "difference")
        ),
        text_de=pl.when(hit).then(pl.lit(CONTROL[0])).otherwise(pl.col("text_de")),
        text_en=pl.when(hit).then(pl.lit(CONTROL[1])).otherwise(pl.col("text_en")),
    )
