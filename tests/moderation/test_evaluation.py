"""The offline commands: lines in and out, figures, and a table that can be trained again."""

import json
import math

import numpy as np
import pytest

from service.evaluation import (
    MalformedLineError,
    MisquotedCaseError,
    UnreadableSetError,
    check_lines,
    evaluate,
    read_cases,
    robustness,
    train,
    train_likeness,
)
from service.evaluation.cases import judge
from service.evaluation.examples import Example, examples, read_example
from service.evaluation.figures import recall_at, wilson
from service.evaluation.training import auc
from service.moderation.likeness import KINDS
from service.moderation.vocabulary import Policy, PublishMode

POLICY = Policy(mode=PublishMode.WHEN_CLEAN)


def test_a_line_in_is_a_line_out_with_one_entry_a_span():
    lines = ['{"id": 7, "name": "Ann", "title": "Đm", "body": "gọi 0912345678"}', "", '{"body": "Bài hay."}']
    answers = [json.loads(line) for line in check_lines(lines, POLICY)]
    assert [(a["id"], a["outcome"]) for a in answers] == [(7, "hold"), (None, "approve")]
    entry = next(e for e in answers[0]["findings"] if e["category"] == "contact_info")
    assert (entry["field"], entry["start"], entry["end"]) == ("body", 4, 14)
    assert set(entry) == {"check", "category", "severity", "field", "start", "end", "message"}


@pytest.mark.parametrize("line", ["{", "[]", '"x"', '{"body": 5}', "{}", '{"title": []}', "[" * 5000])
def test_a_malformed_line_is_named(line):
    with pytest.raises(MalformedLineError, match="line 2"):
        list(check_lines(['{"body": "a"}', line], POLICY))


def test_figures_come_per_set_and_failures_are_written(tmp_path):
    labelled = tmp_path / "set.jsonl"
    rows = [("địt mẹ", "HARM"), ("Bài hay", "CLEAN"), ("Tôi thấy buồn", "HARM"), ("Cảm ơn", "CLEAN")]
    labelled.write_text("".join(json.dumps({"text": t, "label": k}) + "\n" for t, k in rows), encoding="utf-8")
    text = "\n".join(evaluate([labelled], tmp_path / "failed.jsonl"))
    assert "recall 50.00 %" in text
    assert "false alarms 0.00 %" in text
    failed = [json.loads(line) for line in (tmp_path / "failed.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in failed] == ["Tôi thấy buồn"]


def test_a_case_quotes_its_spans_and_may_have_several_categories(tmp_path):
    path = tmp_path / "cases.jsonl"
    case = {"id": "1", "group": "g", "expect": "hold", "body": "đm đm quá", "categories": ["insult", "profanity"]}
    row = case | {"spans": [{"field": "body", "text": "đm", "nth": 2}]}
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"body": "Bài hay", "spans": []}), encoding="utf-8")
    first, second = read_cases(path)
    assert first.spans == (("body", 3, 5),)
    assert judge(first).well_named
    assert not judge(second).right
    lines = list(evaluate([path], tmp_path / "failed.jsonl"))
    assert "  held or rejected 1 of 2 harmful, 0 of 0 clean" in lines
    assert json.loads((tmp_path / "failed.jsonl").read_text(encoding="utf-8"))["body"] == "Bài hay"
    path.write_text(json.dumps(row | {"body": "đm"}), encoding="utf-8")
    with pytest.raises(MisquotedCaseError):
        list(evaluate([path]))


def test_a_hands_examples_are_judged_as_cases(tmp_path):
    path = tmp_path / "gulls.tsv"
    path.write_text("kind\ttext\nprofanity\tChim gì mà ⟦địt mẹ⟧ nó ồn\nclean\tChim bay đẹp quá\n", encoding="utf-8")
    lines = list(evaluate([path]))
    assert "  held or rejected 1 of 1 harmful, 0 of 1 clean" in lines
    assert any(line.startswith("gulls profanity") for line in lines)


def test_robustness_tells_of_phrases_and_of_cases(tmp_path):
    path = tmp_path / "cases.jsonl"
    spans = [{"field": "body", "text": "địt mẹ"}]
    path.write_text(json.dumps({"id": "1", "group": "g", "expect": "hold", "body": "địt mẹ nó", "spans": spans}))
    text = robustness([path])
    assert "zero-width" in text
    assert "nfd            1.000" in text


def test_recall_under_disguise_is_told_of_labelled_texts(tmp_path):
    path = tmp_path / "set.jsonl"
    rows = [{"text": "địt mẹ nó", "label": "HARM"}, {"text": "Bài viết hay", "label": "CLEAN"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert "disguised over plain: mean 1.000, worst 1.000" in robustness([path])


def test_a_file_of_something_else_is_refused(tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(UnreadableSetError):
        list(evaluate([other]))


def test_training_is_deterministic(tmp_path):
    rows = [{"text": f"đồ ngu số {n}", "label": "HARM", "spans": [0, 1], "split": "train"} for n in range(20)]
    rows += [{"text": f"bài viết hay lần {n}", "label": "CLEAN", "split": "train"} for n in range(20)]
    rows += [
        {"text": "đồ ngu", "label": "HARM", "split": "dev"},
        {"text": "bài hay", "label": "CLEAN", "split": "dev"},
    ]
    source = tmp_path / "small.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    first = train([source], tmp_path / "a.npz")
    second = train([source], tmp_path / "b.npz")
    assert first["harm AUC"] == second["harm AUC"] == 1.0
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert all(np.array_equal(a[key], b[key]) for key in a.files)


def test_the_table_of_likeness_is_the_same_each_time(tmp_path):
    source = tmp_path / "small.jsonl"
    rows = [{"text": f"bài viết hay lần {n}", "label": "CLEAN", "split": "train"} for n in range(20)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    said = [("scam", "việc nhẹ lương cao nhắn em"), ("insult", "đầu để đội mũ à"), ("clean", "bài này rất hay")] * 3
    lines = [Example("one", kind, text) for kind, text in said]
    first = train_likeness([source], tmp_path / "a.npz", lines)
    train_likeness([source], tmp_path / "b.npz", lines)
    assert first["stretches"] == 2 * (20 + len(lines))
    assert train_likeness([source], tmp_path / "c.npz", lines, without=["one"])["stretches"] == 2 * 20
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert all(np.array_equal(a[key], b[key]) for key in a.files)


def test_every_written_example_has_a_kind_and_stands_once():
    written = list(examples())
    kinds = {"clean", *(kind for of_head in KINDS.values() for kind in of_head)}
    texts = [example.text for example in written if example.kind in kinds and len(example.text.split()) > 2]
    assert len(texts) == len(set(texts)) == len(written)
    assert len(texts) >= 19_000


def test_what_offends_is_marked_in_most_examples_and_in_no_harmless_one():
    offending = [
        example for example in examples() if example.kind != "clean" and example.hand not in {"offers", "abuse"}
    ]
    assert sum(bool(example.spans) for example in offending) >= 0.95 * len(offending)
    assert not any(example.spans for example in examples() if example.kind == "clean")
    assert all(0 <= start < end <= len(example.text) for example in offending for start, end in example.spans)


def test_an_example_is_read_without_its_brackets():
    example = read_example("one", "scam", "Chào cả nhà.\\n⟦Việc nhẹ⟧, ⟦lương cao⟧ nhé")
    assert example.text == "Chào cả nhà.\nViệc nhẹ, lương cao nhé"
    assert [example.text[start:end] for start, end in example.spans] == ["Việc nhẹ", "lương cao"]


def test_ranking_and_intervals():
    truth = np.array([True, True, False, False])
    assert auc(truth, np.array([4.0, 3.0, 2.0, 1.0])) == 1.0
    assert auc(truth, np.array([1.0, 1.0, 1.0, 1.0])) == 0.5
    assert math.isnan(auc(np.array([True]), np.array([1.0])))
    assert recall_at(truth, [4.0, 1.0, 2.0, 3.0], 0.9) == 0.5
    low, high = wilson(1, 100)
    assert low < 0.01 < high < 0.06
