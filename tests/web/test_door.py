"""What a process remembers at the door: for a second, and no longer than until it changes something itself."""

from datetime import UTC, datetime, timedelta

import pytest

from service import articles, blocks, db, sites
from service.articles import ArticleClosed
from service.blocks import FEW, SenderBlocked, Target
from service.moderators import Viewer
from service.web.door import FRESH_SECONDS, Door

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANN, EVE = b"ann", b"eve"
ED = Viewer("moderator:ed", frozenset({"review", "rules"}), None)


@pytest.fixture
def clock():
    """Seconds that pass when a test says so."""
    return [0.0]


@pytest.fixture
def door(parts, clock):
    return Door(parts.database, lambda: clock[0])


@pytest.fixture
def elsewhere(parts):
    """The database as another process has it."""
    other = db.connect(parts.settings.database_url, timedelta(seconds=2))
    yield other
    other.close()


def block(database, site, key, days=None):
    with database.writing() as session:
        target = Target("address", key=key)
        return blocks.add(session, ED, site.key, target, reason="Quấy rối", days=days, now=NOW)


def is_blocked(door, site, key, now=NOW, phone_key=None):
    try:
        door.demand_free(site, sender=key, phone_key=phone_key, now=now)
    except SenderBlocked:
        return True
    return False


def test_a_block_of_this_process_holds_at_once_and_ends_by_itself(door, parts, site):
    assert not is_blocked(door, site, EVE)
    block(parts.database, site, EVE, days=1)

    assert is_blocked(door, site, EVE)
    assert is_blocked(door, site, ANN, phone_key=EVE)
    assert not is_blocked(door, site, ANN)
    assert not is_blocked(door, site, EVE, now=NOW + timedelta(days=1))


def test_what_another_process_changes_holds_within_a_second(door, elsewhere, site, clock):
    assert not is_blocked(door, site, EVE)
    door.demand_open(site, "bai-1", now=NOW)
    block(elsewhere, site, EVE)
    with elsewhere.writing() as session:
        sites.change(session, site.key, name="Báo Mới", origins=None, changes={}, now=NOW)
        articles.close(session, site, "bai-1", now=NOW)
    clock[0] += FRESH_SECONDS

    assert is_blocked(door, site, EVE)
    assert door.site(site.key, now=NOW).name == "Báo Mới"
    with pytest.raises(ArticleClosed):
        door.demand_open(site, "bai-1", now=NOW)


def test_an_article_that_is_closed_here_is_closed_at_once(door, parts, site):
    with parts.database.writing() as session:
        articles.register(session, site, "bai-1", title="Tin", url=None, now=NOW)
    door.demand_open(site, "bai-1", now=NOW)
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=NOW)

    with pytest.raises(ArticleClosed):
        door.demand_open(site, "bai-1", now=NOW)


def test_of_many_blocked_senders_each_is_asked_for(door, parts, site):
    for number in range(FEW + 1):
        block(parts.database, site, b"sender %d" % number)

    assert is_blocked(door, site, b"sender 0")
    assert not is_blocked(door, site, ANN)
