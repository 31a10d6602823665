"""Measures and trains the engine offline; imports service.moderation and nothing else of the service."""

from service.evaluation.cases import MisquotedCaseError, read_cases, table
from service.evaluation.figures import UnreadableSetError, evaluate
from service.evaluation.liking import train_likeness
from service.evaluation.lines import MalformedLineError, check_lines
from service.evaluation.robustness import table as robustness
from service.evaluation.training import train

__all__ = [
    "MalformedLineError",
    "MisquotedCaseError",
    "UnreadableSetError",
    "check_lines",
    "evaluate",
    "read_cases",
    "robustness",
    "table",
    "train",
    "train_likeness",
]
