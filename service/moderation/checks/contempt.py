"""Abuse that no list can know: fields much like written examples of contempt, threats and lewd talk."""

from collections.abc import Iterator

from service.moderation.alike import alike
from service.moderation.likeness import ABUSE
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Finding

NAME = "contempt"
_LIKE = 1.7


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at every field but the name."""
    for reading in sheet.readings:
        if reading.field != "name":
            yield from alike(reading, ABUSE, check=NAME, least=_LIKE)
