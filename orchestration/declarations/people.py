"""Texts that speak of roles and bodies, never of a single person: the form in which it is checked.

A machine finds forms of address, titles before a name, mail addresses and telephone numbers. It
does not know names as such; that nobody is named otherwise stays with those who write.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from orchestration.declarations.common import Text, Words

# Fewer full-time posts, and a statement on the work is one on single colleagues.
FEWEST_POSTS: Final = 5

_FORMS: Final = (
    re.compile(r"\b(?:Herrn?|Frau|Fr\.|Hr\.|Mr\.?|Mrs\.?|Ms\.?)\s+(?:Dr\.\s+)?[A-ZÄÖÜ]\w+"),
    re.compile(r"\b(?:Dr|Prof)\.(?:\s+(?:med|phil|rer|nat|jur)\.)*\s+[A-ZÄÖÜ]\w+"),
    re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    re.compile(r"\+49[\d /()-]{6,}\d|\b0\d{2,5} ?[/-] ?\d{4,}"),
)


def named_person(text: str) -> str | None:
    """What in a text names a single person, such as `Frau Beispiel`; None where nothing does."""
    found = (form.search(text) for form in _FORMS)
    return next((one.group(0) for one in found if one is not None), None)


def _of_nobody(text: Text) -> Text:
    for words in (text.de, text.en):
        name = None if words is None else named_person(words)
        if name is not None:
            raise ValueError(f"found {name!r}; name a role or a body, never a person")
    return text


NamelessWords = Annotated[Words, AfterValidator(_of_nobody)]
