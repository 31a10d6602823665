"""What is counted and how: the table of all metrics, and the counts of every process of one host in one folder.

A metric's labels are few and fixed: endpoints, outcomes, categories, checks, site keys. Never a text, a name, an
address or the id of a comment. Not here: what is read from the database when somebody asks (`service.exposition`).
"""

from service.metrics import vocabulary
from service.metrics.tally import Tally
from service.metrics.vocabulary import Metric

__all__ = ["Metric", "Tally", "vocabulary"]
