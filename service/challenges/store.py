"""What Redis holds of the challenges, and the scripts that change it in one step; nothing is decided here.

    duyet:challenge:<id>         hash: place, ends, salts, sealed letters and digits, picture, sound
    duyet:challenge:<id>:taken   the same hash for a minute after it was consumed, so that it can be put back
    duyet:asked:<keyed hash>     how many challenges a sender, or an article, was given within ten minutes
    duyet:pool:<kind>:<print>    list of entries made ahead: 16 bytes of salt, 32 of sealed answer, the media

Each key has an end, and the pools have a length as well: the server evicts nothing.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from redis import exceptions

from service.challenges.seal import seal
from service.challenges.vocabulary import Challenges, ChallengesAway, Taken

Media = Literal["image", "sound"]

# How long a consumed challenge can be put back; a commit has failed or succeeded long before.
_REGRET = timedelta(minutes=1)

# A pool that nobody tops up any more goes away by itself.
_POOL_LIFE = timedelta(days=1)

# A server without room or without a master cannot keep a challenge any more than one that is down.
_AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
)

# Moves a picture from the pool into a new challenge without sending it to us and back.
_OPEN = """
local entry = redis.call('LPOP', KEYS[1])
if not entry then return 0 end
redis.call('HSET', KEYS[2], 'place', ARGV[1], 'ends', ARGV[2], 'image_salt', string.sub(entry, 1, 16),
           'image_seal', string.sub(entry, 17, 48), 'image', string.sub(entry, 49))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
"""

_OPEN_WITH = """
redis.call('HSET', KEYS[1], 'place', ARGV[1], 'ends', ARGV[2], 'image_salt', string.sub(ARGV[4], 1, 16),
           'image_seal', string.sub(ARGV[4], 17, 48), 'image', string.sub(ARGV[4], 49))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""

# The look and the change are one step: a challenge consumed in between must not come back as half a hash.
_ATTACH = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local sound = redis.call('HGET', KEYS[1], 'sound')
if sound then return sound end
local entry = ARGV[1]
if entry == '' then entry = redis.call('LPOP', KEYS[2]) end
if not entry then return '' end
redis.call('HSET', KEYS[1], 'sound_salt', string.sub(entry, 1, 16),
           'sound_seal', string.sub(entry, 17, 48), 'sound', string.sub(entry, 49))
return string.sub(entry, 49)
"""

_TAKE = """
local left = redis.call('PTTL', KEYS[1])
if left < 0 then return false end
local clock = redis.call('TIME')
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PEXPIRE', KEYS[2], math.min(left, tonumber(ARGV[1])))
local held = redis.call('HMGET', KEYS[2], 'place', 'ends', 'image_salt', 'image_seal',
                        'sound_salt', 'sound_seal')
held[7] = clock[1] * 1000 + math.floor(clock[2] / 1000) + left
return held
"""

_PUT_BACK = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('RENAMENX', KEYS[1], KEYS[2]) == 0 then return 0 end
return redis.call('PEXPIREAT', KEYS[2], ARGV[1])
"""


_COUNT = """
local counts = {}
for number, key in ipairs(KEYS) do
    counts[number] = redis.call('INCR', key)
    if counts[number] == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
end
return counts
"""


@dataclass(frozen=True)
class Held:
    """A challenge that was taken out of Redis: whose it is, until when, and its sealed answers."""

    place: bytes
    ends: int
    sealed: dict[Media, tuple[bytes, bytes]]
    taken: Taken


def open_challenge(challenges: Challenges, id_: str, *, place: bytes, ends: datetime, entry: bytes | None) -> bool:
    """Store a new challenge with the entry, or with the pool's next; False if the pool is empty."""
    lines = [place, milliseconds(ends), _milliseconds_of(challenges.lifetime)]
    if entry is None:
        return bool(_run(challenges, _OPEN, [_pool(challenges, "image"), _challenge(id_)], lines))
    _run(challenges, _OPEN_WITH, [_challenge(id_)], [*lines, entry])
    return True


def look(challenges: Challenges, id_: str) -> bytes | None:
    """Return the picture of a challenge that is still open."""
    try:
        found: Any = challenges.redis.hget(_challenge(id_), "image")
    except _AWAY as error:
        raise ChallengesAway from error
    return bytes(found) if found else None


def attach_sound(challenges: Challenges, id_: str, entry: bytes = b"") -> bytes | None:
    """Return the sound of an open challenge, giving it one if it has none: the entry, or the pool's next.

    None: the challenge is gone. Empty: the pool is, and the caller makes an entry.
    """
    found = _run(challenges, _ATTACH, [_challenge(id_), _pool(challenges, "sound")], [entry])
    return None if found is None else bytes(found)


def take(challenges: Challenges, id_: str) -> Held | None:
    """Take a challenge out, so that of any number who try at once one has it."""
    held = _run(challenges, _TAKE, [_challenge(id_), _taken(id_)], [_milliseconds_of(_REGRET)])
    if held is None:
        return None
    place, ends, image_salt, image_seal, sound_salt, sound_seal, until = held
    sealed: dict[Media, tuple[bytes, bytes]] = {"image": (image_salt, image_seal)}
    if sound_salt is not None:
        sealed["sound"] = (sound_salt, sound_seal)
    return Held(place=place, ends=int(ends), sealed=sealed, taken=Taken(id_, int(until)))


def burn(challenges: Challenges, id_: str) -> None:
    """Drop a challenge that was taken and will not be put back."""
    try:
        challenges.redis.unlink(_taken(id_))
    except _AWAY:
        # It is burnt already: under its new name nobody can answer it, and that name has an end.
        return


def put_back(challenges: Challenges, taken: Taken) -> None:
    """Make a taken challenge answerable again until its own end; without Redis the reader gets a new one."""
    try:
        _run(challenges, _PUT_BACK, [_taken(taken.id), _challenge(taken.id)], [taken.until])
    except ChallengesAway:
        return


def pool_length(challenges: Challenges, kind: Media) -> int:
    """Say how many entries are ready, and give the pool a new lease of life."""
    try:
        with challenges.redis.pipeline(transaction=False) as pipe:
            pipe.llen(_pool(challenges, kind))
            pipe.pexpire(_pool(challenges, kind), _POOL_LIFE)
            return int(pipe.execute()[0])
    except _AWAY as error:
        raise ChallengesAway from error


def add_to_pool(challenges: Challenges, kind: Media, entries: list[bytes], *, limit: int) -> None:
    """Append entries; whoever else fills the pool at the same time, it stays within its limit."""
    name = _pool(challenges, kind)
    try:
        with challenges.redis.pipeline(transaction=True) as pipe:
            pipe.rpush(name, *entries)
            pipe.ltrim(name, 0, limit - 1)
            pipe.pexpire(name, _POOL_LIFE)
            pipe.execute()
    except _AWAY as error:
        raise ChallengesAway from error


def count(challenges: Challenges, names: list[bytes], within: timedelta) -> list[int]:
    """Count one more under each name, and return the counts; each begins anew when its time is over."""
    keys = [f"duyet:asked:{name.hex()[:32]}" for name in names]
    return [int(number) for number in _run(challenges, _COUNT, keys, [_milliseconds_of(within)])]


def new_entry(challenges: Challenges, kind: Media, answer: str, media: bytes) -> bytes:
    """Pack media with the sealed answer; the salt keeps equal answers from looking equal."""
    salt = secrets.token_bytes(16)
    return salt + next(seals_of(challenges, kind, salt, answer)) + media


def seals_of(challenges: Challenges, kind: Media, salt: bytes, answer: str) -> Iterator[bytes]:
    """Yield what is kept of an answer, and what was under each key before."""
    return (seal(key, f"answer {kind}", salt, answer) for key in challenges.keys)


def milliseconds(moment: datetime) -> int:
    """Return a moment as Redis and the form token write it."""
    return int(moment.timestamp() * 1000)


def _milliseconds_of(span: timedelta) -> int:
    return max(1, span // timedelta(milliseconds=1))


def _challenge(id_: str) -> str:
    return f"duyet:challenge:{id_}"


def _taken(id_: str) -> str:
    return f"duyet:challenge:{id_}:taken"


def _pool(challenges: Challenges, kind: Media) -> str:
    # The name depends on the key, so that after a change of key nobody is handed a picture with an answer
    # that cannot be checked any more.
    return f"duyet:pool:{kind}:{seal(challenges.key, 'pool').hex()[:16]}"


def _run(challenges: Challenges, script: str, keys: list[str], arguments: list[Any]) -> Any:
    try:
        # Sent by its name; whole once, and again after Redis was started anew.
        return challenges.redis.register_script(script)(keys=keys, args=arguments)
    except _AWAY as error:
        raise ChallengesAway from error
