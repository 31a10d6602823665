"""The empty Flask view that reads are measured against: nothing but that view."""

from flask import Flask

application = Flask("empty")


@application.get("/")
def empty() -> str:
    """Answer with nothing."""
    return ""
