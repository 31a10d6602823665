"""The goals of the engine, held on the cases file and on machine disguises."""

import hashlib
from pathlib import Path

import pytest

from service.evaluation.cases import judge, read_cases
from service.evaluation.robustness import PHRASES, missed
from service.moderation.vocabulary import Outcome

HERE = Path(__file__).parent
RESULTS = [judge(case) for case in read_cases(HERE / "cases.jsonl")]
ROUNDS = [judge(case) for case in read_cases(HERE / "rounds_cases.jsonl")]
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
    assert share((not r.right for r in bare), bare) <= 0.10
    assert not any(r.outcome is Outcome.REJECT for r in group("clean"))


def test_quoted_words_are_held_at_most():
    assert not any(r.outcome is Outcome.REJECT for r in group("quoted"))


def test_what_lists_can_know_is_found():
    listed = group("listable")
    assert share((not r.right for r in listed), listed) <= 0.03


def test_half_of_what_no_list_knows_is_found():
    novel = group("unlistable")
    assert share((not r.right for r in novel), novel) <= 0.5


def test_the_right_words_are_marked():
    overlaps = [overlap for r in group("listable") for overlap in r.overlaps]
    touched = [touch for r in group("listable") for touch in r.touched]
    assert share((overlap >= 0.5 for overlap in overlaps), overlaps) >= 0.9
    assert share(touched, touched) >= 0.97


def test_the_category_is_right():
    named = [r for r in RESULTS if r.case.categories and r.right]
    assert share((r.well_named for r in named), named) >= 0.95


@pytest.mark.parametrize(("cases", "held"), [(PRACTICE, 0.01), (ROUNDS, 0.015)], ids=["practice", "rounds"])
def test_another_hands_cases_are_judged_as_well(cases, held):
    clean = [r for r in cases if r.case.clean]
    listed = [r for r in cases if not r.case.clean and r.case.group != "unlisted"]
    assert share((not r.right for r in clean), clean) <= held
    assert not any(r.outcome is Outcome.REJECT for r in clean)
    assert share((not r.right for r in listed), listed) <= 0.03
    assert share((r.well_named for r in listed if r.right), listed) >= 0.92


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_machine_disguises_are_lifted(seed):
    texts = missed(seed)
    assert sum(map(len, texts.values())) <= 0.03 * len(PHRASES) * len(texts)


@pytest.mark.parametrize("sealed", ["blind_cases", "sealed_cases"])
def test_the_cases_that_were_scored_once_are_those_that_were_sealed(sealed):
    digest, name = HERE.joinpath(f"{sealed}.sha256").read_text(encoding="utf-8").split()
    assert hashlib.sha256(HERE.joinpath(name).read_bytes()).hexdigest() == digest
