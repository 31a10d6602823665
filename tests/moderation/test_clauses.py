"""Which clauses of a field are marked."""

import pytest

from service.moderation.clauses import clauses, headline, kernel, telling
from service.moderation.reading import read_field


def words(text, places):
    return [text[start:end] for start, end in places]


@pytest.mark.parametrize(
    ("text", "contacts", "found"),
    [
        ("bán sim đẹp, giá rẻ gọi: 0912345678", [25], ["bán sim đẹp", "giá rẻ"]),
        ("vay nhanh (không thế chấp)\nalo em", [], ["vay nhanh", "không thế chấp", "alo em"]),
        ("!!!", [], []),
    ],
)
def test_clauses_end_at_signs_and_before_a_contact(text, contacts, found):
    assert words(text, clauses(text, contacts)) == found


def test_the_run_that_brought_most_is_told_and_its_best_clause():
    text = "trời đẹp quá, bán sim số, giá chỉ 300k, chúc vui"
    brought = [-1, -1, -1, 1, 1, 1, 2, 2, 2, -1, -1]
    run, most = telling(read_field("body", text), clauses(text), brought)
    assert words(text, [run, most]) == ["bán sim số, giá chỉ 300k", "giá chỉ 300k"]


def test_the_words_that_say_it_are_told_within_a_run():
    text = "ông này đúng là óc bò mà"
    reading = read_field("body", text)
    place = kernel(reading, (0, len(text)), [0.1, 0.1, 0.2, 0.2, 2, 2, 0.1])
    assert words(text, [place]) == ["óc bò"]
    assert kernel(reading, (100, 120), [1, 1]) == (100, 120)


def test_where_nothing_brought_anything_one_clause_is_told():
    text = "trời đẹp quá, đường vắng"
    run, most = telling(read_field("body", text), clauses(text), [-2, -2, -2, -1, -1])
    assert words(text, [run, most]) == ["đường vắng", "đường vắng"]


def test_the_headline_leaves_out_who_is_greeted_and_who_offers():
    text = "chào cả nhà, bên em cho thuê xe tự lái giá rẻ toàn quốc"
    assert text[slice(*headline(text, clauses(text)))] == "cho thuê xe tự lái giá"
