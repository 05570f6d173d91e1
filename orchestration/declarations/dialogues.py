"""`dialogues/*.yml`: when people sat together over numbers, who was there, and over which ones."""

import datetime
from typing import Annotated, Literal

from pydantic import Field

from orchestration.declarations.common import Declared, Identifier, Words


class Dialogue(Declared):
    """One conversation over indicators, held or planned."""

    id: Identifier
    date: datetime.date
    title: Words
    audience: Annotated[
        Literal["internal", "council", "partner", "public"],
        Field(description="For whom it is open."),
    ] = "internal"
    topics: Annotated[
        list[Identifier], Field(min_length=1, description="The indicators it was about.")
    ]
