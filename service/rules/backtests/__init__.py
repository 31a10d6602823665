"""A rule is tried on the comments of the last days: how many it would have caught, and what people had decided.

Nothing of a comment changes.

    waiting --a worker--> running --no more comments--> done
    waiting | running --a person--> cancelled;  running --three workers died on one batch--> failed

The row is the job, as with comments: a worker works under a lease, and what it counted and how far it came are
stored together, so that a batch is counted once however often a job runs.
"""

from service.rules.backtests.asking import (
    ACTIVE,
    DAYS,
    GROUPS,
    KnownBacktest,
    Sample,
    UnknownBacktest,
    begin,
    cancel,
    find,
    of_rule,
    samples,
)
from service.rules.backtests.running import ATTEMPTS, Past, Tally, Work, claim, due, load, release, store, tally

__all__ = [
    "ACTIVE",
    "ATTEMPTS",
    "DAYS",
    "GROUPS",
    "KnownBacktest",
    "Past",
    "Sample",
    "Tally",
    "UnknownBacktest",
    "Work",
    "begin",
    "cancel",
    "claim",
    "due",
    "find",
    "load",
    "of_rule",
    "release",
    "samples",
    "store",
    "tally",
]
