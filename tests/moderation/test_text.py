"""Views: one form of every spelling, and an exact way back to the text as given."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.moderation.syllables import from_telex, from_vni, syllables
from service.moderation.text import fold, normalise, split, unify

LETTERS = st.text(
    alphabet=st.one_of(
        st.sampled_from("aăâeêioôơuưyđáàảãạẳẵờỡửữ \n.,*@0123456789\u0301\u0300\u0323\u200b\u200d\u0336"),
        st.characters(),
    ),
    max_size=80,
)


@settings(max_examples=300, deadline=None)
@given(LETTERS)
def test_every_place_of_a_view_leads_back_into_the_text_in_order(text):
    view = normalise(text)
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))
    assert list(view.starts) == sorted(view.starts)
    assert list(view.ends) == sorted(view.ends)


@settings(max_examples=200, deadline=None)
@given(LETTERS)
def test_words_lie_where_they_are_said_to(text):
    view = normalise(text)
    words = split(view)
    for word, start, end in zip(words.words, words.starts, words.ends, strict=True):
        assert view.text[start:end] == word
    assert len(words.gaps) == len(words.words) + 1


@pytest.mark.parametrize(
    "spelling",
    [
        "khoẻ",
        "khỏe",
        "KHOẺ",
        unicodedata.normalize("NFD", "khoẻ"),
        "kh\u200bo\u200bẻ",
        "k\u0336h\u0336oẻ",
        "ｋhoẻ",
    ],
)
def test_all_spellings_of_a_word_are_one(spelling):
    assert normalise(spelling).text == normalise("khỏe").text


def test_look_alikes_are_read_as_letters_and_remembered():
    view = normalise("с\u0103\u0323с")
    assert view.text == "cặc"
    assert view.hidden


def test_marks_past_the_fourth_do_not_count_and_cost_nothing():
    text = "a" + "\u0301" * 5000
    view = normalise(text)
    assert (view.text, view.span(0, 1)) == ("á", (0, len(text)))


@pytest.mark.parametrize(("typed", "meant"), [("ddijt", "địt"), ("loonf", "lồn"), ("nguwowif", "người"), ("mej", "mẹ")])
def test_telex_that_was_left_over_is_read(typed, meant):
    assert from_telex(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), [("d9i5t", "địt"), ("lo62n", "lồn"), ("me5", "mẹ")])
def test_vni_that_was_left_over_is_read(typed, meant):
    assert from_vni(typed) == meant


def test_ordinary_words_are_syllables():
    words = "nghiêng khuỷu quốc hoàng giếng thuở nguyễn đường người xoong quỳ già gì"
    assert [word for word in words.split() if unify(word) not in syllables()] == []


def test_folding_keeps_the_length():
    assert fold("đường đi lớn") == "duong di lon"
