"""`services/*.yml`: what the municipality does anyway, and how free it is in doing it."""

from typing import Literal

from orchestration.declarations.common import Declared, Identifier, Words


class Service(Declared):
    """A standing task, mandatory or not."""

    id: Identifier
    name: Words
    department: Identifier
    duty: Literal["voluntary", "mandatory", "by_instruction"]
    how_is_open: bool = False
    legal_basis: str | None = None
    budget_product: str | None = None
    yearly_cost: float | None = None
    staff: float | None = None
    indicators: list[Identifier] = []
