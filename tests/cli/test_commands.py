"""The command line as an operator types it: results on stdout, one sentence on stderr, honest statuses."""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from service import jobs
from service.cli import main
from tests.conftest import ROOT


@dataclass
class Finished:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def duyet(settings, monkeypatch, capsys):
    """Run the command line on this test's database, in this process, and return what came of it."""

    def run(*arguments, **environment):
        for name, value in {**settings.values, **environment}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        return Finished(stopped.value.code, *capsys.readouterr())

    return run


def test_a_site_is_added_listed_and_changed(duyet):
    assert duyet("site", "add", "bao", "--name", "Báo", "--origin", "https://bao.example:443").returncode == 0
    listed = duyet("site", "list").stdout
    assert listed == "bao\tBáo\tpublish=after_review\tchallenge=image\tlanguage=vi\torigins=https://bao.example\n"
    assert duyet("site", "set", "bao", "--publish", "when_clean", "--action", "link=approve").returncode == 0
    assert "publish=when_clean" in duyet("site", "list").stdout


def test_the_words_of_a_form_are_a_sites_to_change_and_to_take_back(duyet):
    def said(key):
        return dict(line.split("\t", 1) for line in duyet("site", "words", "bao").stdout.splitlines())[key]

    duyet("site", "add", "bao", "--name", "Báo", "--string", "heading=Ý kiến bạn đọc")
    assert duyet("site", "set", "bao", "--string", "send=Gửi = xong", "--time-zone", "Asia/Bangkok").returncode == 0
    assert (said("heading"), said("send")) == ("Ý kiến bạn đọc", "Gửi = xong")
    duyet("site", "set", "bao", "--string", "heading=", "--consent-text", "Cho lưu {days} ngày.")
    assert (said("heading"), said("send"), said("consent")) == ("Viết bình luận", "Gửi = xong", "Cho lưu 90 ngày.")

    assert "heading\tWrite a comment\n" in duyet("site", "words", "--language", "en").stdout
    unknown = duyet("site", "set", "bao", "--string", "headline=X")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "headline" in unknown.stderr
    assert duyet("site", "set", "bao", "--string", "heading").returncode == 2
    assert duyet("site", "set", "bao", "--time-zone", "Mars/Olympus").returncode != 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["site", "add", "B!", "--name", "x"], "2 to 40 small letters"),
        (["site", "add", "bao", "--name", "x", "--origin", "bao.example"], "not an origin"),
        (["site", "add", "bao", "--name", "x", "--challenge", "riddle"], "riddle"),
        (["site", "add", "bao"], "--name"),
        (["token", "add", "t", "--scope", "everything"], "everything"),
        (["token", "add", "t", "--scope", "review", "--site", "nowhere"], "no site nowhere"),
        (["dance"], "dance"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(duyet, arguments, says):
    finished = duyet(*arguments)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert says in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_site_that_is_not_there_is_a_failure(duyet):
    finished = duyet("site", "set", "nowhere", "--name", "x")
    assert (finished.returncode, finished.stdout) == (1, "")


def test_a_token_stands_alone_on_stdout(duyet):
    finished = duyet("token", "add", "desk", "--scope", "review", "--days", "30")
    assert finished.stdout.startswith("duyet_")
    assert len(finished.stdout.split()) == 1
    assert duyet("token", "list").stdout.startswith("desk\treview\tactive\t")
    assert duyet("token", "revoke", "desk").returncode == 0
    assert "revoked" in duyet("token", "list").stdout


def test_a_password_stands_alone_on_stdout(duyet):
    first = duyet("moderator", "add", "mo", "--role", "editor").stdout.strip()
    second = duyet("moderator", "reset-password", "mo").stdout.strip()
    assert len(first) == len(second) == 20
    assert first != second
    assert duyet("moderator", "disable", "mo").returncode == 0
    assert duyet("moderator", "reset-totp", "mo").stdout == "mo signs in by password alone.\n"
    assert duyet("moderator", "list").stdout == "mo\teditor\tdisabled\tcode=off\tsites=*\n"


def test_an_article_is_registered_closed_and_opened(duyet):
    duyet("site", "add", "bao", "--name", "Báo")
    duyet("article", "add", "--site", "bao", "--title", "Cầu mới", "bai-1")
    assert "bao\tbai-1\topen\tapproved=0\tCầu mới" in duyet("article", "list").stdout
    duyet("article", "close", "--site", "bao", "bai-1")
    assert "\tclosed\t" in duyet("article", "list", "--site", "bao").stdout
    duyet("article", "open", "--site", "bao", "bai-1")
    assert "\topen\t" in duyet("article", "list", "--site", "bao").stdout


def test_the_database_is_brought_to_head_again_without_harm(duyet):
    assert duyet("migrate").returncode == 0


def test_queues_shows_what_waits(duyet):
    told = duyet("queues").stdout
    assert "pending comments\t0\n" in told
    assert "articles in a surge\t0\n" in told


def test_doctor_names_what_is_wrong_and_what_to_do(duyet):
    finished = duyet("doctor", REDIS_URL="redis://127.0.0.1:1/0")
    assert finished.returncode == 1
    assert "ok   database" in finished.stdout
    assert "BAD  redis" in finished.stdout


def test_bad_settings_are_named_without_their_values(duyet):
    finished = duyet("queues", SECRET_KEY="short", LIMIT_COMMENTS="often")
    assert finished.returncode == 2
    assert "SECRET_KEY" in finished.stderr
    assert "LIMIT_COMMENTS" in finished.stderr
    assert "short" not in finished.stderr


def test_failed_jobs_are_listed_and_rung_for_anew(duyet, valkey):
    job = Queue(jobs.QUEUE, connection=valkey, serializer=JSONSerializer).enqueue_call("os.getpid")
    jobs.worker(valkey).work(burst=True, logging_level="ERROR")
    listed = duyet("failed", "list")
    assert listed.stdout.startswith(f"job\t{job.id}\tos.getpid\t")
    assert "NotOurJob" in listed.stdout
    assert duyet("failed", "replay", "all").stdout == "Replayed 0 comments and 1 jobs.\n"
    assert duyet("failed", "list").stdout == ""
    assert duyet("failed", "replay", "no-such-id").returncode == 1


class TestCheck:
    """`check` is the engine alone; it wants no settings and no database."""

    def run(self, *arguments, stdin=""):
        return subprocess.run(
            [sys.executable, "-m", "service", "check", *arguments],
            cwd=ROOT,
            env={"PATH": "", "PYTHONIOENCODING": "utf-8"},
            input=stdin.encode("utf-8", "surrogatepass"),
            check=False,
            capture_output=True,
            timeout=60,
        )

    def test_a_clean_text_is_approved(self):
        assert self.run("Cảm ơn tòa soạn, bài viết rất hay.").stdout.decode().startswith("approve")

    def test_an_abusive_text_is_held_with_its_words(self):
        verdict = json.loads(self.run("--json", "Địt mẹ thằng viết bài này.").stdout)
        assert verdict["outcome"] == "hold"
        spans = [span for finding in verdict["findings"] for span in finding["spans"]]
        assert all("Địt mẹ thằng viết bài này."[one["start"] : one["end"]] == one["text"] for one in spans)

    def test_many_texts_are_judged_a_line_each(self):
        lines = [{"id": "1", "body": "Bài hay."}, {"id": "2", "body": "Địt mẹ mày."}, {"id": 3, "body": "a\ud800b"}]
        finished = self.run("--jsonl", stdin="".join(json.dumps(line) + "\n" for line in lines))
        answers = [json.loads(line) for line in finished.stdout.splitlines()]
        assert [one["id"] for one in answers] == ["1", "2", 3]
        assert [one["outcome"] for one in answers][:2] == ["approve", "hold"]
        assert {"check", "category", "severity", "field", "start", "end", "message"} == set(answers[1]["findings"][0])

    def test_a_line_that_is_no_object_is_named(self):
        finished = self.run("--jsonl", stdin='{"id": 1, "body": "a"}\n[]\n')
        assert finished.returncode == 1
        assert b"Line 2" in finished.stderr
