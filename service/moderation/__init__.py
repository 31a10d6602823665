"""The pure heart: what a comment says, why it is held, and nothing about where it came from or goes to."""

from service.moderation.engine import moderate, prepare
from service.moderation.fingerprint import Fingerprint, distance, fingerprint, joined, near

__all__ = ["Fingerprint", "distance", "fingerprint", "joined", "moderate", "near", "prepare"]
