"""What the benchmarks print and leave behind: tables, one JSON file, one SVG bar chart a table."""

import json
import platform
import statistics
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import psutil

NOISY = 0.25
"""A run whose repeats lie further apart than this share of their median is called noisy."""


@dataclass(frozen=True)
class Row:
    """One measured thing: its repeats, in a unit; beside a goal as a sentence, where there is one."""

    what: str
    unit: str
    repeats: tuple[float, ...]
    goal: str = ""

    @property
    def median(self) -> float:
        """The middle of the repeats."""
        return statistics.median(self.repeats)

    @property
    def noisy(self) -> bool:
        """Whether the repeats lie too far apart to be trusted."""
        return len(self.repeats) > 1 and (max(self.repeats) - min(self.repeats)) > NOISY * abs(self.median)


@dataclass(frozen=True)
class Table:
    """The rows of one benchmark; `name` is also the files' name."""

    name: str
    title: str
    rows: tuple[Row, ...]


def ratio(what: str, above: Row, below: Row, goal: str = "") -> Row:
    """Return one thing over another; both must be of one run."""
    return Row(what, "×", (above.median / below.median,), goal)


def shown(table: Table) -> str:
    """Return a table as text."""
    lines = ["", table.title]
    for row in table.rows:
        spread = f"{min(row.repeats):,.5g} … {max(row.repeats):,.5g}" if len(row.repeats) > 1 else ""
        noise = " (noisy)" if row.noisy else ""
        lines.append(f"  {row.what:58} {row.median:12,.5g} {row.unit:10} {row.goal:24} {spread}{noise}")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """Return what the figures were measured on, and at which commit."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "cores": psutil.cpu_count(),
        "load": psutil.getloadavg()[0],
    }


def write(tables: list[Table], folder: Path) -> None:
    """Write the JSON file and a chart a table."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"machine": machine(), "tables": [asdict(one) for one in tables]}
    (folder / "bench.json").write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n")
    for table in tables:
        (folder / f"{table.name}.svg").write_text(_chart(table))


def _chart(table: Table) -> str:
    widest = max(row.median for row in table.rows) or 1
    height = 34 + 26 * len(table.rows)
    bars = []
    for at, row in enumerate(table.rows):
        top = 30 + 26 * at
        width = 360 * row.median / widest
        bars.append(
            f'<text x="330" y="{top + 14}" text-anchor="end">{escape(row.what)}</text>'
            f'<rect x="340" y="{top}" width="{max(width, 1):.1f}" height="18" fill="#0f5c70"/>'
            f'<text x="{346 + width:.1f}" y="{top + 14}">{row.median:,.4g} {escape(row.unit)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="860" height="{height}" fill="#fff"/>'
        f'<text x="10" y="18" font-weight="bold">{escape(table.title)}</text>{"".join(bars)}</svg>\n'
    )
