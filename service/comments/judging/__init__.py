"""Pending comments are claimed under a lease, judged by the engine, and finished behind a fence.

The row is the queue: a worker that dies leaves a lease that runs out, a worker that comes late finds
its token gone. Nothing in this folder does harm when done twice (docs/adr/0002).
"""

from service.comments.judging.claims import Claimed, backlog, claim, give_back, is_due
from service.comments.judging.facts import FLOOD_WITHIN, NEAR, SENDER_WITHIN, Case, forget_repeats, gather
from service.comments.judging.unchecked import UNCHECKED, give_up, not_checked, replay
from service.comments.judging.verdicts import Judged, finish, judge, shown_anew

__all__ = [
    "FLOOD_WITHIN",
    "NEAR",
    "SENDER_WITHIN",
    "UNCHECKED",
    "Case",
    "Claimed",
    "Judged",
    "backlog",
    "claim",
    "finish",
    "forget_repeats",
    "gather",
    "give_back",
    "give_up",
    "is_due",
    "judge",
    "not_checked",
    "replay",
    "shown_anew",
]
