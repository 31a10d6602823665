"""The public calls: challenges, comments, lists, counts, feeds, receipts, reports; docs/api.md is their contract."""

from service.web.api import challenge, lists, receipts, submitting
from service.web.api.public import public

__all__ = ["challenge", "lists", "public", "receipts", "submitting"]
