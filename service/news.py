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


def tell(redis: Redis, article_ids: Iterable[int], *, only_added: bool = False) -> None:
    """Say that what is shown under these articles changed, or only grew; never raises for Redis."""
    changed = sorted(set(article_ids))
    if not changed:
        return
    try:
        redis.publish(CHANNEL, " ".join(f"+{one}" if only_added else str(one) for one in changed))
    except RedisError as error:
        log.warning("news_not_told", error=type(error).__name__)


def listen(redis: Redis, hear: Callable[[frozenset[int] | None, bool], None], stop: threading.Event) -> None:
    """Call `hear` with the changed articles, and whether they only grew, until `stop` is set.

    It is called with None when messages may have been missed.
    """
    while not stop.is_set():
        try:
            with redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                subscription.subscribe(CHANNEL)
                hear(None, False)
                while not stop.is_set():
                    message = subscription.get_message(timeout=LISTEN_SECONDS)
                    if message is not None:
                        words = message["data"].split()
                        hear(frozenset(map(int, words)), all(word.startswith(b"+") for word in words))
        except RedisError:
            stop.wait(LISTEN_SECONDS)
