"""Measures the service: prints medians and ratios of one run, writes JSON and charts; it never fails on a time.

python -m tests.bench [--only TABLE,TABLE] [--quick] [--out FOLDER]; the tables are those of `TABLES`.
"""

import argparse
import sys
from pathlib import Path

from tests.bench import accepts, backlog, costs, desk, growth, judging, reads, rules, units, visible
from tests.bench.report import Table, machine, shown, write

TABLES = {
    "reads": reads.measure,
    "accepts": accepts.measure,
    "judging": judging.measure,
    "backlog": backlog.measure,
    "visible": visible.measure,
    "growth": growth.measure,
    "desk": desk.measure,
    "rules": rules.measure,
    "costs": costs.measure,
    "units": units.measure,
}


def main() -> None:
    """Run what was asked for and print it as it comes."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the service.")
    asked.add_argument("--only", default=",".join(TABLES), help="tables, with commas between them: %(default)s")
    asked.add_argument("--quick", action="store_true", help="a tenth of the work: to see that it runs, not to quote")
    asked.add_argument("--out", type=Path, default=Path("var/bench"), help="where JSON and charts go")
    given = asked.parse_args()
    chosen = given.only.split(",")
    if unknown := set(chosen) - set(TABLES):
        sys.exit(f"There is no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}.")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print("  ".join(f"{name} {value}" for name, value in machine().items()))
    tables: list[Table] = []
    for name in chosen:
        tables.append(TABLES[name](given.out.absolute(), quick=given.quick))
        print(shown(tables[-1]))
        write(tables, given.out)


if __name__ == "__main__":
    main()
