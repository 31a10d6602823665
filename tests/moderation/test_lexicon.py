"""Every entry of every list and every sentence pattern fires in a sentence of its own."""

import tomllib
from importlib.resources import files

import pytest

from service.moderation.checks import abuse, offers
from service.moderation.grammar import find_patterns
from service.moderation.lexicon import ABUSE, book, rows
from service.moderation.reading import read_field
from service.moderation.scanning import scan
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Category, Facts, Submission

ENTRIES = book().entries
OFFERS = book().offers
LEXICON = files("service.moderation.lexicon")
SENTENCES = tomllib.loads((LEXICON / abuse.PATTERNS).read_text(encoding="utf-8"))
PITCHES = tomllib.loads((LEXICON / offers.PITCHES).read_text(encoding="utf-8"))


def sheet(text):
    return Sheet((read_field("body", text),), Facts(), Submission(body=text))


@pytest.mark.parametrize("category", ABUSE)
def test_every_entry_of_abuse_fires(category):
    silent = []
    for entry in ENTRIES:
        if entry.category != category or entry.kind in {"safe", "context"} or entry.topic:
            continue
        text = f"ok: {entry.form}." if entry.form.isascii() else f"Đây là: {entry.form}."
        if entry.form in book().doubtful:
            text = f"may la cai thang khon nan mat day, {entry.form}. cut di"
            text = text if entry.form.isascii() else f"Mày là thằng khốn nạn mặt dày, {entry.form}. Cút đi"
        found = list(abuse.find(sheet(text)))
        if not any(f.category == category and entry.form.split()[0].lower() in str(f.spans).lower() for f in found):
            silent.append(entry.form)
    assert silent == []


@pytest.mark.parametrize(
    "text",
    [
        "Ngu dan cho tau ve ben tranh bao",
        "Nha toi mat cho dau xe vi cai quan nuoc",
        "Ve ba thang cho mot lan kham lai, tre con cho ngoi cho nguoi gia",
        "Cai lon nhua dung nuoc mua nha em troi theo lu",
        "Cha me song cho con cai, gia roi moi duoc nghi",
        "Sáng nay tiễn cháu nhập ngũ, mẹ nó khóc còn nó thì cười",
        "Làm vậy thì đừng trách khán giả quay lưng",
    ],
)
def test_a_form_that_mostly_stands_for_harmless_words_needs_a_field_like_abuse(text):
    assert [f.entry for f in abuse.find(sheet(text)) if f.severity > 1] == []


def test_every_doubtful_form_is_one_of_the_lists():
    assert book().doubtful <= {entry.form for entry in ENTRIES if entry.category in ABUSE}


def test_every_word_of_offers_is_read_with_and_without_marks():
    silent = [
        (entry.form, entry.toneless)
        for entry in ENTRIES
        if entry.topic and entry not in {hit.entry for hit in scan(read_field("body", " ".join(entry.words)), OFFERS)}
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("source", "name", "rule"),
    [(SENTENCES, abuse.PATTERNS, rule) for rule in SENTENCES["pattern"]]
    + [(PITCHES, offers.PITCHES, rule) for rule in PITCHES["pattern"]],
    ids=lambda value: value["name"] if isinstance(value, dict) and "name" in value else "",
)
def test_every_form_of_a_pattern_fires(source, name, rule):
    silent = []
    for form in rule["forms"]:
        text = sentence(form, source["classes"])
        found = find_patterns(read_field("body", text), name, pauses=name == abuse.PATTERNS)
        if rule["name"] not in {match.pattern.name for match in found}:
            silent.append(text)
    assert silent == []


def sentence(form, classes):
    """The shortest sentence of a form: first choices, no gaps, nothing that may be missing."""
    words = []
    for element in form.split():
        if element in {"^", "$", "<", ">"} or element.startswith("..") or element.endswith("?"):
            continue
        choice = next(part for part in element.split("/") if part != "$")
        if choice.startswith("{"):
            choice = members(choice[1:-1], classes)[0]
        words.append("5" if choice == "#" else choice.replace("_", " "))
    return " ".join(words)


def members(name, classes):
    found = []
    for part in classes[name].split("|"):
        item = part.strip()
        found += members(item[1:-1], classes) if item.startswith("{") else [item]
    return found


@pytest.mark.parametrize("name", [f"{category}.tsv" for category in ABUSE])
def test_every_row_is_complete(name):
    for row in rows(name):
        assert Category(row["category"])
        assert row["severity"] in {"1", "2", "3"}
        assert row["toneless"] in {"-", "t", "a"}
        assert row["kind"] in {"word", "phrase", "teencode", "context"}


def test_no_exception_is_a_form_of_its_own_row():
    for name in ABUSE:
        for row in rows(f"{name}.tsv"):
            forms = {form.strip() for form in row["forms"].split("|")}
            assert not forms & {form.strip() for form in row["unless"].split("|")}, row["forms"][:40]


def test_the_version_names_the_lists_as_they_are():
    assert len(book().version) == 8
