"""The clock of the review target counts only while people review: hours, days, public holidays; and who is late."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service import clock, sites
from service.clock import Standing
from service.sites import BadSite, KnownSite, SitePolicy

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE = {"review_hours": 4, "review_from": 8, "review_to": 17, "review_days": "12345", "review_holidays": "VN"}


def a_site(**policy) -> KnownSite:
    return KnownSite(1, "bao", "Báo", (), SitePolicy(**policy), 1)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("arrived", "due", "policy"),
    [
        ("2026-03-02 23:30", "2026-03-03 23:30", {}),
        ("2026-03-02 09:00", "2026-03-02 13:00", OFFICE),
        ("2026-03-02 15:00", "2026-03-03 10:00", OFFICE),
        ("2026-03-02 03:00", "2026-03-02 12:00", OFFICE),
        ("2026-03-06 16:00", "2026-03-09 11:00", OFFICE),
        ("2026-04-29 16:00", "2026-05-04 11:00", OFFICE),  # 30 April and 1 May, then a weekend.
        ("2026-02-13 16:00", "2026-02-23 11:00", OFFICE),  # The lunar new year.
        ("2026-03-02 09:00", "2026-03-03 13:00", OFFICE | {"review_hours": 13}),
    ],
)
def test_a_decision_is_due_after_so_many_hours_of_review(arrived, due, policy):
    assert clock.due(at(arrived), a_site(**policy), ZONE) == at(due)


def test_the_hours_are_those_of_the_sites_own_zone():
    site = a_site(**OFFICE, time_zone="Europe/Berlin")
    assert clock.due(at("2026-03-02 09:00"), site, ZONE) == at("2026-03-02 18:00")


@pytest.mark.parametrize("hour", range(0, 240, 7))
@pytest.mark.parametrize("policy", [{}, OFFICE, OFFICE | {"review_hours": 30}])
def test_late_is_exactly_what_was_due_before_now(hour, policy):
    site, now = a_site(**policy), at("2026-05-08 10:15")
    arrived = now - timedelta(hours=hour, minutes=1)
    assert (arrived < clock.late_before(now, site, ZONE)) == (clock.due(arrived, site, ZONE) < now)


def test_the_oldest_and_the_late_are_told_by_site(parts, add_site, ann, judge_all):
    add_site(publish="after_review", review_hours=1)
    add_site("khac", publish="after_review")
    ann()
    ann(article="bai-2")
    judge_all()
    now = datetime.now(UTC)
    with parts.database.reading() as session:
        known = sites.every(session)
        soon, quiet = clock.standing(session, known, ZONE, now=now)
        later, _ = clock.standing(session, known, ZONE, now=now + timedelta(hours=2))
    assert (soon.site, soon.waiting, soon.late, later.late) == ("bao", 2, 0, 2)
    assert soon.due == soon.oldest + timedelta(hours=1)
    assert quiet == Standing("khac", "Báo Sông Quê", 24, 0, 0, None, None)


@pytest.mark.parametrize(
    "policy",
    [{"review_hours": 0}, {"review_from": 9, "review_to": 9}, {"review_days": ""}, {"review_days": "81"},
     {"review_holidays": "XX"}],
)  # fmt: skip
def test_a_target_that_nobody_can_keep_is_refused(policy):
    with pytest.raises(BadSite):
        sites.checked(SitePolicy(**policy))
