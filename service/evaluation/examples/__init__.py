"""Comments written for the table of likeness: offers, abuse no list can know, and harmless ones on the same things."""

from collections.abc import Iterator
from importlib.resources import files

NAMES = ("offers", "abuse", "clean")


def examples() -> Iterator[tuple[str, str]]:
    """Give the kind and the text of each; the kind of a harmless one is `clean`."""
    for name in NAMES:
        text = (files(__package__) / f"{name}.tsv").read_text(encoding="utf-8")
        for line in text.splitlines()[1:]:
            kind, _, written = line.partition("\t")
            yield kind, written
