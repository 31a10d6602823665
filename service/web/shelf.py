"""Finished answers to cacheable reads, handed out before routing; how fresh they are is bounded by the clock.

An answer lies here for less than the second within which a decision must show, and is dropped sooner when
`service.news` says that its article changed. The key is the exact path and query string that the client
sent: two spellings are two entries, no header takes part, so nothing can be put under somebody else's key.

While the database is away, the last answer is given instead of an error, for a minute at most and only when
nothing was taken from what it shows (docs/adr/0160). Not here: what an answer looks like.
"""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from service.metrics import Tally, vocabulary

FRESH_SECONDS = 0.8
LAST_RESORT_SECONDS = 60.0
AT_ONCE_SECONDS = 0.5
MOST_BYTES = 16 * 1024 * 1024
LONGEST_QUERY = 2048
PATHS = {"/v1/comments": "public.comments", "/v1/counts": "public.counts"}
"""Which paths may be kept, and the endpoints that their requests count for."""
NOTE = "duyet.shelf"
"""Where in the WSGI environment a view notes what its answer depends on."""

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Note:
    """What a view says of an answer that may be kept: its tag, the articles it shows, who may read it."""

    etag: str
    articles: frozenset[int]
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer on the shelf. `headers` are all but those that differ from request to request."""

    until: float
    resort_until: float
    note: Note
    headers: tuple[tuple[str, str], ...]
    unchanged: tuple[tuple[str, str], ...]
    body: bytes


class Shelf:
    """The answers of one process: WSGI middleware around the application."""

    def __init__(self, application: Wsgi, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._tally = tally
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._bytes = 0
        self._lock = threading.Lock()
        self._heard = 0
        self._ids = itertools.count()
        self._process = secrets.token_hex(4)

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer from the shelf, or ask the application and keep what it allows to be kept."""
        if environ["PATH_INFO"] not in PATHS or environ["REQUEST_METHOD"] != "GET":
            return self._application(environ, start_response)
        query = environ.get("QUERY_STRING", "")
        key = f"{environ['PATH_INFO']}?{query}"
        kept = self._kept.get(key)
        if kept is not None and kept.until > self._clock():
            self._tally.add(vocabulary.CACHED, "hit")
            return self._answer(kept, environ, start_response)
        self._tally.add(vocabulary.CACHED, "miss")
        if len(query) > LONGEST_QUERY:
            return self._application(environ, start_response)
        return self._ask(key, environ, start_response)

    def forget(self, articles: frozenset[int] | None, only_added: bool = False) -> None:
        """Drop the answers that show one of these articles, or all of them for None.

        An answer that shows none is about an article that did not exist yet; it may be one of these now. Where
        comments were only added, what was shown may still be shown, and the answer stays as a last resort; so it
        does where messages may have been missed.
        """
        with self._lock:
            self._heard += 1
            for key, kept in list(self._kept.items()):
                shown = kept.note.articles
                if articles is None or not shown or not articles.isdisjoint(shown):
                    if only_added or articles is None:
                        self._kept[key] = replace(kept, until=0.0)
                    else:
                        self._drop(key)

    def _answer(self, kept: Kept, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        varying = [("X-Request-Id", f"{self._process}{next(self._ids):08x}")]
        origin = environ.get("HTTP_ORIGIN")
        if origin and origin in kept.note.origins:
            varying.append(("Access-Control-Allow-Origin", origin))
        asked = environ.get("HTTP_IF_NONE_MATCH")
        endpoint = PATHS[environ["PATH_INFO"]]
        if asked and (kept.note.etag in asked or asked == "*"):
            self._tally.add(vocabulary.REQUESTS, endpoint, "GET", "304")
            start_response("304 NOT MODIFIED", [*kept.unchanged, *varying])
            return ()
        self._tally.add(vocabulary.REQUESTS, endpoint, "GET", "200")
        start_response("200 OK", [*kept.headers, *varying])
        return (kept.body,)

    def _ask(self, key: str, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        heard, began = self._heard, self._clock()
        answered: list[Any] = []

        def remember(status: str, headers: list[tuple[str, str]], *rest: Any) -> None:
            answered[:] = [status, headers, *rest]

        chunks = self._application(environ, remember)
        if answered[0].startswith("503") and key not in self._kept and self._clock() - began < AT_ONCE_SECONDS:
            # A connection that was cut is noticed by the first who uses it; the second gets a new one.
            end(chunks)
            chunks = self._application(environ, remember)
        note: Any = environ.get(NOTE)
        keep = note is not None and answered[0].startswith("200")
        resort = self._last_resort(key) if answered[0].startswith("503") else None
        if not keep and resort is None:
            start_response(*answered)
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            end(chunks)
        if resort is not None:
            return self._answer(resort, environ, start_response)
        start_response(*answered)
        headers = tuple((name, value) for name, value in answered[1] if name.lower() not in VARYING)
        unchanged = tuple((name, value) for name, value in headers if name.lower() not in OF_A_BODY)
        fresh, resort_until = began + FRESH_SECONDS, began + LAST_RESORT_SECONDS
        self._keep(key, Kept(fresh, resort_until, note, headers, unchanged, body), heard)
        return (body,)

    def _last_resort(self, key: str) -> Kept | None:
        """Return the last answer while it may stand in for one that cannot be made; the next try is a moment later."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.resort_until <= now:
                return None
            self._kept[key] = replace(kept, until=min(now + FRESH_SECONDS, kept.resort_until))
            return kept

    def _keep(self, key: str, kept: Kept, heard: int) -> None:
        with self._lock:
            # News that came while the answer was made may be about it.
            if self._heard != heard:
                return
            self._drop(key)
            while self._kept and self._bytes + len(kept.body) > MOST_BYTES:
                self._drop(next(iter(self._kept)))
            if len(kept.body) <= MOST_BYTES:
                self._kept[key] = kept
                self._bytes += len(kept.body) + len(key) + 2000

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.body) + len(key) + 2000


def end(chunks: Iterable[bytes]) -> None:
    """Tell the application that nobody reads on, where it wants to be told."""
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


VARYING = frozenset({"x-request-id", "access-control-allow-origin"})
OF_A_BODY = frozenset({"content-type", "content-length"})
