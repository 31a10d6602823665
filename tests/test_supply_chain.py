"""The audit of packages: a weakness fails, and silence of the database is never taken for health."""

from tests.supply_chain import ACCEPTED, judged

WEAK = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
SOUND = {"name": "flask", "version": "3.1.3", "vulns": []}
UNASKED = {"name": "rq", "skip_reason": "Dependency not found"}


def test_a_weakness_is_named_and_fails():
    assert judged({"dependencies": [SOUND, WEAK]}) == (1, "jinja2 2.0: PYSEC-1, mended in 2.1")


def test_whoever_could_not_be_asked_is_not_called_sound():
    assert judged({"dependencies": [UNASKED]})[1].startswith("NOT AUDITED")
    assert judged({"dependencies": []})[1].startswith("NOT AUDITED")
    assert (
        judged({"dependencies": [SOUND, UNASKED]})[1] == "No known weakness in 1 packages; 1 could not be asked about."
    )


def test_every_accepted_weakness_has_a_reason():
    assert all(reason.strip() for reason in ACCEPTED.values())
