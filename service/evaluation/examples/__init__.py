r"""Comments written for the table of likeness: offers, abuse, and harmless ones on the same things; one file a hand.

One comment a line: its kind and its text, in which `\n` is a line break and ⟦ ⟧ stand around the words that offend.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

HANDS = (
    *("offers", "abuse", "clean", "goods", "gambling", "scams", "roundabout", "open", "everyday", "cases"),
    *("hidden", "unmarked", "publishable", "pitches", "contacts", "trade", "private", "veiled", "contempt", "frauds"),
    *("civil", "sideways", "traps"),
)
CLEAN = "clean"
_EDGE = re.compile("[⟦⟧]")


@dataclass(frozen=True, slots=True)
class Example:
    """A comment: the hand that wrote it, its kind, and where the words that offend stand."""

    hand: str
    kind: str
    text: str
    spans: tuple[tuple[int, int], ...] = ()


def examples() -> Iterator[Example]:
    """Give every comment of every hand."""
    for hand in HANDS:
        yield from read_examples(hand, (files(__package__) / f"{hand}.tsv").read_text(encoding="utf-8"))


def read_examples(hand: str, table: str) -> Iterator[Example]:
    """Read the comments of one hand as they stand in its file, below a line of headings."""
    for line in table.splitlines()[1:]:
        kind, _, written = line.partition("\t")
        yield read_example(hand, kind, written)


def read_example(hand: str, kind: str, written: str) -> Example:
    """Read a comment as it stands in a file."""
    parts = _EDGE.split(written.replace("\\n", "\n"))
    edges = [0]
    for part in parts:
        edges.append(edges[-1] + len(part))
    return Example(hand, kind, "".join(parts), tuple(zip(edges[1:-1:2], edges[2::2], strict=False)))
