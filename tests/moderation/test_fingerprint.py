"""Copies have one fingerprint, near copies nearly one, and short agreement is no copy."""

import random

from service.moderation import distance, fingerprint, joined, near
from service.moderation.vocabulary import Submission

LONG = "Đề nghị thành phố sớm sửa con đường này vì mỗi khi mưa xuống là ngập tới tận đầu gối người dân"


def test_case_marks_and_signs_make_no_difference():
    assert fingerprint(Submission(body=LONG)) == fingerprint(Submission(body=f"  {LONG.upper()}!!! "))


def test_a_digit_makes_a_difference():
    one = fingerprint(Submission(body=LONG + " 0912345678"))
    other = fingerprint(Submission(body=LONG + " 0912345679"))
    assert one.exact != other.exact


def test_a_changed_word_stays_near_and_another_text_does_not():
    base = fingerprint(Submission(body=LONG * 3)).simhash
    near = fingerprint(Submission(body=LONG * 3 + " nhé")).simhash
    far = fingerprint(
        Submission(body="Giá vàng hôm nay lại tăng mạnh khiến nhiều người mua phải xếp hàng từ sáng")
    ).simhash
    assert distance(base, near) < 10 < distance(base, far)
    assert distance(base, base) == 0


def test_short_texts_are_not_to_be_counted():
    assert not fingerprint(Submission(title="Hay", body="Đồng ý với tác giả")).usable
    assert fingerprint(Submission(body=LONG)).usable


def test_bands_are_four_of_sixteen_bits():
    printed = fingerprint(Submission(body=LONG))
    assert len(printed.exact) == 16
    assert all(0 <= band < 1 << 16 for band in printed.bands)
    assert joined(printed.bands) == printed.simhash


def test_an_empty_text_has_a_fingerprint():
    assert not fingerprint(Submission(body="")).usable


def test_all_at_once_is_counted_like_one_by_one():
    dice = random.Random(3)
    base = [dice.getrandbits(64) for _ in range(4)]
    texts = [dice.choice(base) ^ sum(1 << dice.randrange(64) for _ in range(dice.randrange(5))) for _ in range(60)]
    texts = [text & (1 << 64) - 1 for text in texts]
    ours, before = texts[:25], texts[25:]
    one_by_one = [sum(distance(one, other) <= 6 for other in before + ours[:at]) for at, one in enumerate(ours)]
    assert near(ours, before, 6) == one_by_one
    assert len(set(one_by_one)) > 5


def test_where_nothing_came_before_nothing_is_near():
    assert near([7, 8], [], 0) == [0, 0]
    assert near([], [7], 6) == []
