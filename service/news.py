"""News of changed lists: told after a commit, heard by every web process, so that its pages are made anew at once.

Only a courtesy: a page is never kept for longer than the second in which a decision must show, so that a
message that is lost, or Redis being away, changes nothing but how soon within that second.
"""

import threading
from collections.abc import Callable, Iterable

import structlog
from redis import Redis
from redis.exceptions import RedisError

CHANNEL = "duyet:articles"
LISTEN_SECONDS = 0.2

log = structlog.get_logger(__name__)


def tell(redis: Redis, article_ids: Iterable[int]) -> None:
    """Say that what is shown under these articles changed; never raises for Redis."""
    changed = sorted(set(article_ids))
    if not changed:
        return
    try:
        redis.publish(CHANNEL, " ".join(map(str, changed)))
    except RedisError as error:
        log.warning("news_not_told", error=type(error).__name__)


def listen(redis: Redis, hear: Callable[[frozenset[int] | None], None], stop: threading.Event) -> None:
    """Call `hear` with the changed articles until `stop` is set; with None when messages may have been missed."""
    while not stop.is_set():
        try:
            with redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                subscription.subscribe(CHANNEL)
                hear(None)
                while not stop.is_set():
                    message = subscription.get_message(timeout=LISTEN_SECONDS)
                    if message is not None:
                        hear(frozenset(int(word) for word in message["data"].split()))
        except RedisError:
            stop.wait(LISTEN_SECONDS)
