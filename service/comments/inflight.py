"""Requests under way: two with one Idempotency-Key at the same time must not use up two answers of the gate.

A key is taken in Redis for a few seconds only, and the process that holds it goes on saying so. So the key of a process
that was killed is free again at once, however long its requests may take (docs/adr/0197).
"""

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field

from redis import Redis
from redis.exceptions import RedisError

SECONDS = 3
AGAIN_SECONDS = 0.5
IDLE_TURNS = 10
"""The thread that says so ends when there was nothing to say for so many turns."""


@dataclass(slots=True)
class InFlight:
    """The keys that the requests of this process hold."""

    redis: Redis
    _held: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _renewing: bool = False

    def begin(self, site: str, key: str) -> bool:
        """Say whether this request is the first; without Redis every one is, and the database decides at the end."""
        name = _name(site, key)
        try:
            if not self.redis.set(name, b"1", nx=True, ex=SECONDS):
                return False
        except RedisError:
            return True
        with self._lock:
            self._held.add(name)
            if not self._renewing:
                self._renewing = True
                threading.Thread(target=self._renew, name="inflight", daemon=True).start()
        return True

    def end(self, site: str, key: str) -> None:
        """Let a later request with the key find the first one's answer, or try in its place."""
        name = _name(site, key)
        with self._lock:
            self._held.discard(name)
        with contextlib.suppress(RedisError):
            self.redis.delete(name)

    def _renew(self) -> None:
        idle, waiting = 0, threading.Event()
        while True:
            waiting.wait(AGAIN_SECONDS)
            with self._lock:
                held = list(self._held)
                idle = 0 if held else idle + 1
                if idle >= IDLE_TURNS:
                    self._renewing = False
                    return
            # Where Redis is away the keys end, and the database decides.
            with contextlib.suppress(RedisError):
                for name in held:
                    self.redis.expire(name, SECONDS)


def _name(site: str, key: str) -> str:
    return f"duyet:inflight:{site}:{hashlib.sha256(key.encode()).hexdigest()}"
