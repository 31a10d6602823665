"""What is counted when the storm is over, and what must hold."""

from collections import Counter
from dataclasses import dataclass

from rq.registry import FailedJobRegistry, StartedJobRegistry
from sqlalchemy import func, select, text

from service import jobs
from service.comments.judging.unchecked import UNCHECKED
from service.comments.state import DECIDED
from service.models import Article, Comment, Decision
from tests.chaos.parts import ATTEMPTS, Town
from tests.chaos.traffic import Ledger


@dataclass(frozen=True)
class Reckoning:
    """The counts, and a sentence for each thing that is not as promised."""

    lines: tuple[str, ...]
    broken: tuple[str, ...]


def pending(town: Town) -> int:
    with town.database.reading() as session:
        return session.scalar(select(func.count()).where(Comment.status == "pending")) or 0


def reckon(town: Town, ledger: Ledger, *, calm: bool = False, late: str = "") -> Reckoning:
    """Compare what was promised with what is stored; in calm a writer is refused as a twin alone.

    `late` says what had not come in the promised time, though it may have come since.
    """
    engine = select(Decision.comment_id, func.count()).where(Decision.actor == "engine").group_by(Decision.comment_id)
    with town.database.reading() as session:
        status = {str(one): state for one, state in session.execute(select(Comment.id, Comment.status))}
        decided = {str(one): number for one, number in session.execute(engine)}
        unchecked = session.scalar(select(func.count()).where(Comment.categories.contains(UNCHECKED))) or 0
        shown = dict(session.execute(select(Article.id, Article.approved)).all())
        approved = select(Comment.article_id, func.count()).where(Comment.status == "approved")
        counted = dict(session.execute(approved.group_by(Comment.article_id)).all())
        emptied = session.scalar(select(func.count()).where(Comment.status == "erased", Comment.body == "")) or 0
        steps = session.scalar(select(func.sum(Comment.version))) or 0
        history = session.scalar(select(func.count()).select_from(Decision)) or 0
        sound = "ok" if town.kind != "sqlite" else session.scalar(text("PRAGMA integrity_check"))
    accepted = set(ledger.accepted.values())
    by_status = Counter(status[one] for one in accepted if one in status)
    lost = accepted - status.keys()
    waiting = [one for one, state in status.items() if state == "pending"]
    twice = [one for one, number in decided.items() if number > 1]
    erased = {one for one, state in status.items() if state == "erased"}
    never = [one for one in status if one not in decided and one not in erased]
    outside = [
        why
        for began, ended, why in ledger.failed_reads
        if not any(began < up and ended > down for down, up in town.web_down)
    ]
    miscounted = shown != {**dict.fromkeys(shown, 0), **counted}
    queue = jobs.queue(town.redis)
    bells, failed = queue.count, FailedJobRegistry(queue=queue).count
    begun = StartedJobRegistry(queue=queue).get_job_count(cleanup=False)
    restarting = sum(up - down for down, up in town.web_down)
    refused = {answer: number for answer, number in ledger.answers.items() if calm and answer not in {"202", "409"}}
    locked = [part.name for part in town.parts.values() if calm and b"locked" in part.log.read_bytes()]
    unforeseen = Counter(ledger.unforeseen).most_common(3)
    lines = (
        f"accepted {len(accepted)} = {' + '.join(f'{name} {number}' for name, number in sorted(by_status.items()))}",
        f"of the held ones {unchecked} could not be checked in {ATTEMPTS} attempts",
        f"taken back by their writers {len(ledger.withdrawn)}, of these not emptied {len(ledger.withdrawn) - emptied}",
        f"steps taken {steps}, rows of history {history}",
        f"lost {len(lost)}, pending {len(waiting)}, decided twice {len(twice)}, never {len(never)}",
        f"stored without the answer having arrived {len(status.keys() - accepted)}, counted in the line above as well",
        f"the same key twice at once {ledger.twins} times, two comments from one key {len(ledger.contradictions)}",
        f"answers to writers: {', '.join(f'{name} {number}' for name, number in ledger.answers.most_common())}",
        f"slowest acceptance {ledger.slowest:.1f} s, given up {ledger.given_up}",
        f"reads {ledger.reads}, failed {len(ledger.failed_reads)}, of these {len(outside)} while the web server ran",
        f"web server restarting {len(town.web_down)} times, {restarting:.1f} s together",
        f"jobs of killed processes: kept as failed {failed}, still listed as begun by RQ {begun}",
        f"bells waiting {bells}, counters of approved comments {'WRONG' if miscounted else 'right'}",
    )
    claims = {
        "comments were lost": lost,
        "accepted ones are neither decided, held nor erased": len(accepted)
        - sum(by_status[one] for one in DECIDED | {"erased"}),
        "others are erased than those that were taken back": erased ^ ledger.withdrawn,
        "what was erased is not empty": len(erased) - emptied,
        "history has other rows than the steps that were taken": history - steps,
        "comments are still pending": len(waiting),
        "comments were decided twice": twice,
        "comments were never decided": never,
        "one key gave two comments": ledger.contradictions,
        "reads failed while the web server ran": Counter(outside),
        "calm came later than promised": late,
        "a fault was not got over": ledger.failed_faults,
        "bells were left": bells,
        "counters differ from the rows": miscounted,
        "writers got answers that nobody foresaw (599 is a 503 without Retry-After)": unforeseen,
        "writers gave up": ledger.given_up,
        "writers were refused while nothing was done to the parts": refused,
        "the log of a part speaks of a lock": locked,
        "the database file is damaged": sound != "ok" and sound,
        "nothing was accepted": not accepted,
    }
    return Reckoning(lines, tuple(f"{name}: {what}" for name, what in claims.items() if what))
