"""Every metric of the service with its kind, its labels and what it says; COUNTED live in files, SEEN are asked for."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)


@dataclass(frozen=True, slots=True)
class Metric:
    """A name, what it says, and by what it is divided. A gauge in a file counts while its process lives."""

    name: str
    kind: Kind
    says: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS = Metric(
    "duyet_requests", "counter", "Answers, those from the shelf as well", ("endpoint", "method", "status")
)
REQUEST_SECONDS = Metric(
    "duyet_request_seconds", "histogram", "Time to answer, but for answers from the shelf", ("endpoint",), QUICK
)
CACHED = Metric("duyet_cached_answers", "counter", "Cacheable reads, by whether the shelf had the answer", ("result",))
ACCEPTED = Metric("duyet_comments_accepted", "counter", "Comments stored as pending", ("site",))
CHALLENGES = Metric(
    "duyet_challenges", "counter", "Challenges by kind: issued, passed, or failed with which code", ("kind", "result")
)
BELLS = Metric("duyet_bells", "counter", "Bells rung for the workers, by whether Redis heard them", ("result",))
DECISIONS = Metric(
    "duyet_decisions", "counter", "Steps of comments out of the state machine, by who took them", ("act", "by")
)
FINDINGS = Metric(
    "duyet_findings",
    "counter",
    "The engine's decisions by outcome and by what each check found, once a comment; `unchecked` where one did not run",
    ("outcome", "check", "category"),
)
VERDICT_SECONDS = Metric("duyet_verdict_seconds", "histogram", "Time that the engine takes for one comment", (), QUICK)
DECISION_DELAY = Metric(
    "duyet_decision_delay_seconds",
    "histogram",
    "From arrival to the engine's decision, and to the first one of a person",
    ("by",),
    LONG,
)
JOBS = Metric(
    "duyet_jobs", "counter", "Jobs of the workers and of the scheduler, by how they ended", ("name", "result")
)
JOB_SECONDS = Metric("duyet_job_seconds", "histogram", "Time that a job takes", ("name",), QUICK)
DATABASE_AWAY = Metric("duyet_database_away", "counter", "Answers with 503, since the database did not answer in time")
LIMITS_DEGRADED = Metric(
    "duyet_limits_degraded", "gauge", "Processes that count limits by themselves, because Redis is away"
)
CONNECTIONS = Metric("duyet_database_connections", "gauge", "Connections to the database that are in use")
MOST_CONNECTIONS = Metric("duyet_database_connections_most", "gauge", "Connections that could be in use at once")

COUNTED = (
    REQUESTS,
    REQUEST_SECONDS,
    CACHED,
    ACCEPTED,
    CHALLENGES,
    BELLS,
    DECISIONS,
    FINDINGS,
    VERDICT_SECONDS,
    DECISION_DELAY,
    JOBS,
    JOB_SECONDS,
    DATABASE_AWAY,
    LIMITS_DEGRADED,
    CONNECTIONS,
    MOST_CONNECTIONS,
)

UP = Metric("duyet_up", "gauge", "1 while the part answers within the time of a scrape", ("part",))
PENDING = Metric("duyet_comments_pending", "gauge", "Rows that wait for a worker: the queue")
OLDEST_PENDING = Metric("duyet_oldest_pending_seconds", "gauge", "Age of the oldest of them, 0 without any")
HELD = Metric("duyet_comments_held", "gauge", "Comments that wait for a person")
OLDEST_HELD = Metric("duyet_oldest_held_seconds", "gauge", "Age of the oldest of them, 0 without any")
REVIEW_LATE = Metric("duyet_review_late", "gauge", "Held comments past their site's review target", ("site",))
REVIEW_OLDEST = Metric("duyet_review_oldest_seconds", "gauge", "Age of the oldest of a site that is held", ("site",))
UNCHECKED = Metric("duyet_comments_unchecked", "gauge", "Held comments that could not be checked")
SURGES = Metric("duyet_surges", "gauge", "Articles that get many times more comments than usual")
RULES_OVER_CAP = Metric("duyet_rules_over_cap", "gauge", "Live rules that reached today's cap and only count")
BELLS_WAITING = Metric("duyet_bells_waiting", "gauge", "Jobs in the queue of RQ: bells, not comments")
OLDEST_BELL = Metric("duyet_oldest_bell_seconds", "gauge", "Age of the oldest of them, 0 without any")
FAILED_JOBS = Metric("duyet_jobs_failed", "gauge", "Failed jobs that are kept to be seen and replayed")
WORKERS = Metric("duyet_workers", "gauge", "Workers that are alive, by what they do", ("state",))

SEEN = (
    UP,
    PENDING,
    OLDEST_PENDING,
    HELD,
    OLDEST_HELD,
    REVIEW_LATE,
    REVIEW_OLDEST,
    UNCHECKED,
    SURGES,
    RULES_OVER_CAP,
    BELLS_WAITING,
    OLDEST_BELL,
    FAILED_JOBS,
    WORKERS,
)
