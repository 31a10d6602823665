"""The valve before the way of a comment: it closes before the service would collapse, and reads go on.

It looks at two signs. Too many comments wait for a worker: counted at most once a second, whatever comes in. The
database is slow: a submission that is under way in this process has waited for too long, so that one more would only
take another thread from the readers. Both are settings; both end by themselves.
"""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator

from service.db import AWAY

COUNT_EVERY = 1.0
RETRY_SECONDS = 10


class Shut(Exception):
    """No comment is taken at the moment; the text says which sign it was."""


class Valve:
    """What one process knows of how loaded the service is."""

    def __init__(
        self,
        count: Callable[[], int],
        *,
        most_pending: int,
        slow_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count, self._most, self._slow, self._clock = count, most_pending, slow_seconds, clock
        self._ids = itertools.count()
        self._begun: dict[int, float] = {}
        self._counting = threading.Lock()
        self._counted_at = float("-inf")
        self._pending = 0

    @contextlib.contextmanager
    def passing(self) -> Iterator[None]:
        """Let one submission pass, and know of it while it is under way; raise `Shut`."""
        began = self._clock()
        if began - min(list(self._begun.values()), default=began) > self._slow:
            raise Shut("slow database")
        self._look(began)
        if self._pending > self._most:
            raise Shut("backlog")
        one = next(self._ids)
        self._begun[one] = began
        try:
            yield
        finally:
            del self._begun[one]

    def _look(self, now: float) -> None:
        if now - self._counted_at < COUNT_EVERY or not self._counting.acquire(blocking=False):
            return
        try:
            self._counted_at = now
            self._pending = self._count()
        except AWAY:
            # The submission itself will find that out, and say so.
            return
        finally:
            self._counting.release()
