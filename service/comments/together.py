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
        # Whoever has the turn stores for all who wait. The database's own time-outs end a turn, and the next one takes
        # all who wait by then: nobody waits for more than two.
        with self._turn:
            if not place.ended:
                self._store([self._waiting.popleft() for _ in range(len(self._waiting))])
        if place.error is not None:
            raise place.error

    def _store(self, places: list[_Place]) -> None:
        error = self._tried([one.arrival for one in places])
        if error is None:
            self.ring()
        elif len(places) > 1 and not isinstance(error, AWAY):
            self._store_singly(places)
            return
        _end(places, error)

    def _store_singly(self, places: list[_Place]) -> None:
        """Let the one at fault hear of it alone, and a database that has gone away meanwhile keep them waiting once."""
        for at, one in enumerate(places):
            self._store([one])
            if isinstance(one.error, AWAY):
                _end(places[at:], one.error)
                return

    def _tried(self, arrivals: list[Arrival]) -> Exception | None:
        try:
            with self.database.writing() as session:
                submission.store(session, arrivals)
        except Exception as error:  # noqa: BLE001 - it is raised where the comment came from.
            return error
        return None


def _end(places: list[_Place], error: Exception | None) -> None:
    for one in places:
        one.error, one.ended = error, True
