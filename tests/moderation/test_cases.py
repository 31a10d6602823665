"""The goals of the engine, held on the cases file and on machine disguises."""

import hashlib
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path

import pytest

from service.evaluation import examples as written
from service.evaluation.cases import judge, read_cases
from service.evaluation.robustness import PHRASES, missed
from service.moderation.vocabulary import Outcome

HERE = Path(__file__).parent
RESULTS = [judge(case) for case in read_cases(HERE / "cases.jsonl")]
ROUNDS = [judge(case) for case in read_cases(HERE / "rounds_cases.jsonl")]
SEALED = [judge(case) for case in read_cases(HERE / "sealed_cases.jsonl")]
CONTACTS = [judge(case) for case in read_cases(HERE / "contact_cases.jsonl")]
UNSEEN = [judge(case) for case in read_cases(HERE / "unseen_cases.jsonl")]
PRACTICE = [judge(case) for case in read_cases(HERE / "practice_cases.jsonl")]


def group(prefix):
    chosen = [result for result in RESULTS if result.case.group.startswith(prefix)]
    assert chosen
    return chosen


def share(hits, of):
    return sum(hits) / len(of)


def test_there_are_enough_cases():
    assert len(RESULTS) >= 600
    assert len([r for r in group("clean") if r.case.group == "clean"]) >= 200
    assert len(group("clean_toneless")) >= 100


def test_clean_comments_pass():
    plain = [r for r in group("clean") if r.case.group == "clean"]
    assert share((not r.right for r in plain), plain) <= 0.01
    bare = group("clean_toneless")
    assert share((not r.right for r in bare), bare) <= 0.02
    assert not any(r.outcome is Outcome.REJECT for r in group("clean"))


def test_quoted_words_are_held_at_most():
    assert not any(r.outcome is Outcome.REJECT for r in group("quoted"))


def test_what_lists_can_know_is_found():
    listed = group("listable")
    assert share((not r.right for r in listed), listed) <= 0.01


def test_what_no_list_knows_is_found():
    novel = group("unlistable")
    assert share((not r.right for r in novel), novel) <= 0.05


def test_the_right_words_are_marked():
    overlaps = [overlap for r in group("listable") for overlap in r.overlaps]
    touched = [touch for r in group("listable") for touch in r.touched]
    assert share((overlap >= 0.5 for overlap in overlaps), overlaps) >= 0.95
    assert share(touched, touched) >= 0.99


def test_the_category_is_right():
    named = [r for r in RESULTS if r.case.categories and r.right]
    assert share((r.well_named for r in named), named) >= 0.98


@pytest.mark.parametrize(
    ("cases", "held", "gone", "named"),
    [
        (PRACTICE, 0.01, 0.01, 0.92),
        (ROUNDS, 0.01, 0.01, 0.92),
        (SEALED, 0.02, 0.05, 0.92),
        (CONTACTS, 0.02, 0.14, 0.85),
        (UNSEEN, 0.04, 0.07, 0.98),
    ],
    ids=["practice", "rounds", "sealed", "contacts", "unseen"],
)
def test_another_hands_cases_are_judged_as_well(cases, held, gone, named):
    clean = [r for r in cases if r.case.clean]
    listed = [r for r in cases if not r.case.clean and r.case.group != "unlisted"]
    assert share((not r.right for r in clean), clean) <= held
    assert not any(r.outcome is Outcome.REJECT for r in clean)
    assert share((not r.right for r in listed), listed) <= gone
    assert share((r.well_named for r in listed if r.right), listed) >= named * (1 - gone)


# What was learned from: of strangers' comments more is missed (docs/moderation.md).
@pytest.mark.parametrize(
    ("hand", "held", "gone"),
    [
        ("goods", 0.02, 0.2),
        ("gambling", 0.02, 0.2),
        ("scams", 0.02, 0.1),
        ("roundabout", 0.04, 0.3),
        ("open", 0.1, 0.1),
        ("everyday", 0.015, 0.0),
    ],
)
def test_the_comments_that_were_learned_from_are_judged_alike(hand, held, gone):
    with as_file(files(written) / f"{hand}.tsv") as path:
        results = [judge(case) for case in islice(read_cases(path), 0, None, 3)]
    clean = [r for r in results if r.case.clean]
    offending = [r for r in results if not r.case.clean]
    assert share((not r.right for r in clean), clean) <= held
    assert not any(r.outcome is Outcome.REJECT for r in clean)
    assert sum(not r.right for r in offending) <= gone * len(offending)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_machine_disguises_are_lifted(seed):
    texts = missed(seed)
    assert sum(map(len, texts.values())) <= 0.03 * len(PHRASES) * len(texts)


@pytest.mark.parametrize("sealed", ["blind_cases", "sealed_cases"])
def test_the_cases_that_were_scored_once_are_those_that_were_sealed(sealed):
    digest, name = HERE.joinpath(f"{sealed}.sha256").read_text(encoding="utf-8").split()
    assert hashlib.sha256(HERE.joinpath(name).read_bytes()).hexdigest() == digest
