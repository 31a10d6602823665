"""The web server's entry: `granian --interface wsgi service.wsgi:application`, or any other WSGI server.

The one module whose import does something, since that is what a server expects of it.
"""

from flask import Flask

from service import config, logs, runtime
from service.app import create_app, listen


def _application() -> Flask:
    settings = config.load()
    logs.configure(settings.log_level)
    parts = runtime.build(settings)
    app = create_app(parts)
    listen(app, parts)
    return app


application = _application()
