"""Passwords that are known from breaches: looked up in a list on this machine, so that nobody outside is asked.

The list is the one file that the downloader of Have I Been Pwned writes: a line `SHA-1:COUNT` for each password, in
capitals, in order.
"""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

LONGEST_LINE = 64


def is_breached(password: str, listed: Path) -> bool:
    """Say whether the password is on the list; forty gigabytes are asked in some thirty reads. Raise `OSError`."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with listed.open("rb") as file:
        low, high = 0, file.seek(0, os.SEEK_END)
        # The first line that begins behind `low` is not yet known to lie before the wanted one.
        while low < high:
            middle = (low + high) // 2
            if _line_behind(file, middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return _line_behind(file, low) == wanted


def _line_behind(file: BinaryIO, place: int) -> bytes:
    """Return the hash of the first whole line that begins at `place` or behind it, what sorts last at the end."""
    file.seek(max(0, place - 1))
    if place > 0:
        file.readline(LONGEST_LINE)
    return file.readline(LONGEST_LINE).partition(b":")[0].strip().upper() or b"\xff"
