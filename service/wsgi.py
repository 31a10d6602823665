"""The web server's entry: `granian --interface wsgi service.wsgi:application`, or any other WSGI server.

The one module whose import does something, since that is what a server expects of it.
"""

import gc

from flask import Flask

from service import config, logs, runtime, telemetry
from service.app import create_app, listen


def _application() -> Flask:
    settings = config.load()
    told = telemetry.start(settings)
    logs.configure(settings.log_level, report=told.report)
    parts = runtime.build(settings, telemetry=told)
    app = create_app(parts)
    listen(app, parts)
    # What was loaded stays: looking through it for garbage would keep every request waiting for a tenth of a second.
    gc.freeze()
    return app


application = _application()
