# One image, several commands: the web server by default, `python -m workers`, `python -m workers schedule`
# and `python -m service …`. It holds no secret and no data; both come with the environment.
FROM python:3.12-slim AS packages
WORKDIR /app
# requirements-telemetry.txt for an image that can tell a collector or Sentry.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt .
COPY requirements-telemetry.txt .
# Hashes and wheels alone: nothing is built here, so nothing but the listed files can come in.
RUN python -m venv .venv
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r ${REQUIREMENTS}

FROM python:3.12-slim
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home --home-dir /app duyet
# A volume mounted here begins with this folder's owner.
RUN install -d -o duyet -m 0700 /app/var /app/var/metrics
COPY --from=packages /app/.venv .venv
COPY pyproject.toml .
COPY service service
COPY workers workers
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m compileall -q service workers
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["python", "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8080", "--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10", "service.wsgi:application"]
