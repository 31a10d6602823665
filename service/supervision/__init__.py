"""Starts every part, keeps it alive and stops it cleanly; what the parts do is not in here."""

from service.supervision.preflight import CannotStart, preflight
from service.supervision.start import run
from service.supervision.valkey import valkey_socket, valkey_url

__all__ = ["CannotStart", "preflight", "run", "valkey_socket", "valkey_url"]
