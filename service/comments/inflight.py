"""Requests under way: two with one Idempotency-Key at the same time must not use up two answers of the gate."""

import hashlib

from redis import Redis
from redis.exceptions import RedisError

SECONDS = 15


def begin(redis: Redis, site: str, key: str) -> bool:
    """Say whether this request is the first; without Redis every one is, and the database decides at the end."""
    try:
        return bool(redis.set(_name(site, key), b"1", nx=True, ex=SECONDS))
    except RedisError:
        return True


def end(redis: Redis, site: str, key: str) -> None:
    """Let a later request with the key find the first one's answer, or try in its place."""
    try:
        redis.delete(_name(site, key))
    except RedisError:
        return


def _name(site: str, key: str) -> str:
    return f"duyet:inflight:{site}:{hashlib.sha256(key.encode()).hexdigest()}"
