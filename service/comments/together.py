"""Comments that arrive at once are stored in one transaction, and the bell is rung once for them: group commit.

A commit waits for the disk, and on SQLite for every other writer, so what waits meanwhile goes with the next one
(DeWitt et al., Implementation Techniques for Main Memory Database Systems, SIGMOD 1984).

Not here: what is stored for a comment (`submission`).
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.comments import submission
from service.comments.submission import Arrival
from service.db import AWAY, Database


@dataclass(slots=True, eq=False)
class _Place:
    arrival: Arrival
    ended: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class Together:
    """What the threads of one process have to store."""

    database: Database
    ring: Callable[[], object]
    """Asks for a worker; never raises."""
    _waiting: deque[_Place] = field(default_factory=deque)
    _turn: Any = field(default_factory=threading.Lock)

    def store(self, arrival: Arrival) -> None:
        """Return when the comment is durable; raise what `submission.store` raises for it, or `db.AWAY`."""
        place = _Place(arrival)
        self._waiting.append(place)
        # Whoever has the turn stores for all who wait; the database's own time-outs end it.
        with self._turn:
            if not place.ended:
                self._store([self._waiting.popleft() for _ in range(len(self._waiting))])
        if place.error is not None:
            raise place.error

    def _store(self, places: list[_Place]) -> None:
        error: Exception | None = None
        try:
            with self.database.writing() as session:
                submission.store(session, [one.arrival for one in places])
        except AWAY as away:
            error = away
        except Exception as fault:  # noqa: BLE001 - it is raised where the comment came from.
            if len(places) > 1:
                # One of them is at fault, and the others must not suffer for it.
                for one in places:
                    self._store([one])
                return
            error = fault
        else:
            self.ring()
        for one in places:
            one.error, one.ended = error, True
