"""A text is cut where its findings are: nothing lost, nothing doubled, whatever the spans say."""

from hypothesis import given
from hypothesis import strategies as st

from service.moderation.vocabulary import Category
from service.web.desk import marks
from service.web.desk.marks import Piece


def finding(category, *spans, field="body"):
    places = [{"field": field, "start": start, "end": end, "text": ""} for start, end in spans]
    return {"category": category, "spans": places}


def test_overlapping_findings_share_their_text():
    assert marks.pieces("abcdef", "body", [finding("insult", (1, 4)), finding("link", (3, 5))]) == [
        Piece("a"),
        Piece("bc", ("insult",)),
        Piece("d", ("insult", "link")),
        Piece("e", ("link",)),
        Piece("f"),
    ]
    assert Piece("d", ("insult", "link")).look == "abuse"
    assert Piece("d", ("flood",)).look == "other"


def test_spans_count_code_points_also_beyond_the_first_plane():
    assert [piece.text for piece in marks.pieces("👍🏽 đồ ngu", "body", [finding("insult", (3, 9))])] == [
        "👍🏽 ",
        "đồ ngu",
    ]


def test_a_hidden_character_is_seen_and_an_emoji_stays_whole():
    assert marks.pieces("b\u200bò", "body", []) == [Piece("b"), Piece("\u200b", (), "U+200B"), Piece("ò")]
    assert marks.pieces("👩\u200d👧", "body", []) == [Piece("👩\u200d👧")]
    assert marks.pieces("❤\ufe0f", "body", []) == [Piece("❤\ufe0f")]
    assert marks.pieces("a\u200db", "body", [])[1].hidden == "U+200D"


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.sampled_from(Category), st.integers(-2, 45), st.integers(-2, 45)), max_size=6),
)
def test_the_pieces_are_the_text(text, spans):
    found = [finding(category.value, (start, end)) for category, start, end in spans]
    assert "".join(piece.text for piece in marks.pieces(text, "body", found)) == text
