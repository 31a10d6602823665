"""Starts every part, keeps it alive and stops it cleanly; what the parts do is not in here."""

from service.supervision.preflight import CannotStart, preflight
from service.supervision.start import run

__all__ = ["CannotStart", "preflight", "run"]
