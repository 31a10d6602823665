"""Which sites are on the ladder, remembered for a while: a limiter that refuses must not ask the database first.

Not here: what the ladder is (`service.comments.gate`) and what it changes about a limit (`service.web.limits`).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from service import sites
from service.db import AWAY, Database
from service.web import payload
from service.web.errors import Problem

FRESH_SECONDS = 30.0
"""So long a change of a site's challenge may take until its limits follow."""
AGAIN_SECONDS = 1.0
"""A site that nobody knows is looked for at most so often."""


@dataclass(slots=True)
class Ladders:
    """What one process remembers; while the database is away it goes on with what it knew."""

    database: Database
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, bool] = field(default_factory=dict)
    _asked: float = float("-inf")
    _lock: Any = field(default_factory=threading.Lock)

    def has(self, key: str) -> bool:
        """Say whether the site with this key is on the ladder."""
        rest = FRESH_SECONDS if key in self._known else AGAIN_SECONDS
        if self.clock() >= self._asked + rest:
            with self._lock:
                if self.clock() >= self._asked + rest:
                    self._ask()
        return self._known.get(key, False)

    def _ask(self) -> None:
        self._asked = self.clock()
        try:
            with self.database.reading() as session:
                self._known = {site.key: site.policy.challenge == "ladder" for site in sites.every(session)}
        except AWAY:
            return


def asked_for() -> bool:
    """Say whether this request is for a site on the ladder."""
    try:
        key = payload.text_of(payload.read(), "site")
    except Problem:
        return False
    return bool(current_app.extensions["duyet-ladders"].has(key))
