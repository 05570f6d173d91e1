"""The `checks:` block of a contract: what is asked of every delivery, and how strictly.

Without the block all checks run with their defaults; `quality.checks` says what each one does.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from orchestration.declarations.common import Code, Declared, Identifier

Severity = Annotated[
    Literal["critical", "warning", "info"],
    Field(description="critical: the whole delivery is set aside and the earlier state stays."),
]
Always = Literal[
    "source_known",
    "measure_known",
    "area_known",
    "status_known",
    "value_fits_status",
    "key_unique",
    "unit_as_declared",
    "period_plausible",
    "minimum",
    "whole_numbers",
    "areas_there",
    "figures_there",
    "parts",
    "areas",
]


class TolerancePair(Declared):
    """How far two figures may lie apart: the larger of both."""

    absolute: Annotated[float, Field(ge=0)] = 0.0
    share: Annotated[float, Field(ge=0, description="Of the total: 0.01 is one percent.")] = 0.0


def _as_pair(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"absolute": value} if is_number else value


Tolerance = Annotated[
    TolerancePair,
    BeforeValidator(_as_pair),
    Field(description="A number, or {absolute: …, share: …}."),
]


class SumCheck(Declared):
    """The codes of a dimension add up to the group without it, per area and period."""

    measure: Identifier
    dimension: Identifier
    codes: Annotated[
        list[Code], Field(description="The codes that make up the total; without it all.")
    ] = []
    tolerance: Tolerance = TolerancePair()
    severity: Severity = "warning"


class AreaCheck(Declared):
    """The finer areas of a delivery, with those not assigned, add up to a coarser one."""

    measure: Identifier
    tolerance: Tolerance = TolerancePair(absolute=0.5)
    severity: Severity = "warning"


class RowsCheck(Declared):
    """The number of rows against earlier deliveries of the same layout."""

    tolerance: Annotated[
        float, Field(gt=0, description="Share of their median that is always allowed.")
    ] = 0.3
    at_least: Annotated[int, Field(ge=2, description="Fewer earlier deliveries: no judgement.")] = 4
    severity: Severity = "warning"


class PastCheck(Declared):
    """Values against the changes they used to make from one year to the next."""

    spread: Annotated[
        float, Field(ge=3, description="Robust standard deviations that are still usual.")
    ] = 6.0
    change: Annotated[
        float, Field(gt=0, description="Smaller changes are never asked about: 0.25 is a quarter.")
    ] = 0.25
    at_least: Annotated[
        int, Field(ge=3, description="Known changes a series needs to be judged by itself.")
    ] = 5
    severity: Severity = "warning"


class RegisterCheck(Declared):
    """How much of the level's areas a period has to hold."""

    missing: Annotated[
        float, Field(ge=0, le=1, description="Share of areas that may have no row at all.")
    ] = 0.0
    empty: Annotated[
        float, Field(ge=0, le=1, description="Share of areas where a measure may have no figure.")
    ] = 0.25
    severity: Severity = "warning"


class Checks(Declared):
    """What a contract asks beyond the defaults, and where it is stricter or milder."""

    sums: list[SumCheck] = []
    areas: list[AreaCheck] = []
    rows: RowsCheck = RowsCheck()
    past: PastCheck = PastCheck()
    registers: RegisterCheck = RegisterCheck()
    severities: Annotated[
        dict[Always, Severity],
        Field(description="Severities of checks that always run, where they should differ."),
    ] = {}
