"""The limiter: Flask-Limiter's, with all limits of a request counted in one call of Redis; in memory while it is away.

The library asks Redis once for each limit and walks its registers each time. Here the library's own script runs for all
of them in turn, up to the first that has no room, and what is given back goes with whatever is counted next.

Not here: which call is limited how (`limits`).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, cast

from flask import request
from flask_limiter import Limit, Limiter, RateLimitExceeded, RequestLimit
from flask_limiter._limits import RuntimeLimit
from limits.storage import RedisStorage
from redis import Redis
from redis.exceptions import RedisError

from service.metrics import vocabulary
from service.web import context

AGAIN_SECONDS = 1.0
"""While Redis is away it is asked so often whether it came back."""

IN_TURN = (
    "local function acquire(KEYS, ARGV)\n"
    + RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW.decode()
    + """
end
for at = 0, #KEYS / 2 - 1 do
    local amount = ARGV[3 * at + 3]
    local room = acquire({KEYS[2 * at + 1], KEYS[2 * at + 2]}, {ARGV[3 * at + 1], ARGV[3 * at + 2], amount})
    if not room and tonumber(amount) > 0 then return at end
end
return -1
"""
)
"""The library's script, limit after limit: returns the first without room, from 0, after which nothing is counted."""

Limits = tuple[RuntimeLimit, ...]


class OneCall(Limiter):
    """The library's limiter for views whose limits are all named before the first request."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._given_back: deque[RequestLimit] = deque()
        self._noted = False
        self._ask_at = 0.0
        super().__init__(*args, in_memory_fallback_enabled=True, **options)
        self._redis_storage = cast(RedisStorage, self.storage)
        self._in_turn = cast(Redis, self._redis_storage.get_connection()).register_script(IN_TURN)

    def behind(self, view: Callable[..., Any], limits: Sequence[Limit], lower: Callable[[], Iterable[Limit]]) -> Any:
        """Return the view behind these limits, and behind the lower ones while Redis is away."""
        # Those of the shortest time come first, as in the library.
        sorted_limits = tuple(sorted((item for one in limits for item in one.bind(self)), key=lambda item: item.limit))

        @wraps(view)
        def counted(*args: Any, **named: Any) -> Any:
            self._count(sorted_limits, lower)
            return view(*args, **named)

        return counted

    def give_back(self, counted: RequestLimit) -> None:
        """Forget one count, at the latest when the next request of this process is counted."""
        if self._storage_dead:
            self.limiter.hit(counted.limit, *counted.request_args, cost=-1)
        else:
            self._given_back.append(counted)

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        """Check nothing before every request, since nothing is limited but what is `behind` limits."""

    def _count(self, limits: Limits, lower: Callable[[], Iterable[Limit]]) -> None:
        try:
            if not self._is_away():
                self._count_in_redis(limits)
                return
        except RedisError:
            self._storage_dead, self._ask_at = True, time.monotonic() + AGAIN_SECONDS
        finally:
            self._note()
        self._count_in_memory(tuple(item for one in lower() for item in one.bind(self)))

    def _count_in_redis(self, limits: Limits) -> None:
        returned = [self._given_back.popleft() for _ in range(len(self._given_back))]
        asked = self._asked(limits)
        self.context.view_rate_limits = [counted for _, counted in asked]
        keys: list[str] = []
        arguments: list[int] = []
        for counted, amount in [(one, -1) for one in returned] + [(one, 1) for _, one in asked]:
            keys += self._windows(counted.key)
            arguments += (counted.limit.amount, counted.limit.get_expiry(), amount)
        full = int(self._in_turn(keys, arguments)) - len(returned)
        if full >= 0:
            self._refuse(*asked[full])

    def _count_in_memory(self, limits: Limits) -> None:
        for limit, counted in self._asked(limits):
            if not cast(Any, self._fallback_limiter).hit(counted.limit, *counted.request_args):
                self._refuse(limit, counted)

    def _asked(self, limits: Limits) -> list[tuple[RuntimeLimit, RequestLimit]]:
        endpoint = request.endpoint or ""
        return [
            (limit, RequestLimit(self, limit.limit, [self._key_prefix, limit.key_func(), endpoint], False, False))
            for limit in limits
            if not limit.is_exempt
        ]

    def _windows(self, key: str) -> tuple[str, str]:
        storage = self._redis_storage
        # The names under which the library looks for them when it is asked how long somebody has to wait.
        return (
            storage.prefixed_key(storage._previous_window_key(key)),  # noqa: SLF001
            storage.prefixed_key(storage._current_window_key(key)),  # noqa: SLF001
        )

    def _refuse(self, limit: RuntimeLimit, counted: RequestLimit) -> None:
        counted.breached = True
        self.context.view_rate_limit = counted
        raise RateLimitExceeded(limit)

    def _is_away(self) -> bool:
        if self._storage_dead and time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + AGAIN_SECONDS
            self._storage_dead = not self.storage.check()
        return bool(self._storage_dead)

    @property
    def degraded(self) -> bool:
        """Whether limits are counted in this process alone, because Redis is away."""
        return bool(self._storage_dead)

    def _note(self) -> None:
        if self._storage_dead != self._noted:
            self._noted = bool(self._storage_dead)
            context.runtime().tally.set(vocabulary.LIMITS_DEGRADED, float(self._noted))
