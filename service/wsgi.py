"""The web server's entry: `granian --interface wsgi service.wsgi:application --factory` or any WSGI server."""

from flask import Flask

from service import config, logs, moderation, runtime
from service.app import create_app


def application() -> Flask:
    """Return the application for the settings of this process."""
    settings = config.load()
    logs.configure(settings.log_level)
    moderation.prepare()
    return create_app(runtime.build(settings))
