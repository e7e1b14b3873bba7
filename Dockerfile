# syntax=docker/dockerfile:1
# Only the bot: no tests, no simulator. docs/operations.md says how to build and run it.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS packages
COPY requirements.txt /
RUN ["python", "-m", "venv", "/venv"]
RUN ["/venv/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--require-hashes", "--requirement", "/requirements.txt"]

FROM python:${PYTHON}-slim
# A number, so that an orchestrator can check that it is not root. A new volume gets the owner of this folder.
RUN ["install", "--directory", "--owner=10001", "--group=10001", "--mode=0700", "/data"]
COPY --from=packages /venv /venv
WORKDIR /app
COPY bot.py logs.py rate_limits.py settings.py pyproject.toml ./
COPY agora agora
COPY bucket bucket
COPY composition composition
COPY doctor doctor
COPY engine engine
COPY handlers handlers
COPY messages messages
COPY recordings recordings
COPY storage storage
COPY web web
RUN ["/venv/bin/python", "-m", "compileall", "-q", "."]

# HOME, since slack_sdk reads it when it is imported and this user has none. HTTP_HOST: all addresses of the container;
# which of them can be reached is decided by how the container is run.
ENV PYTHONUNBUFFERED=1 \
    HOME=/data \
    DATABASE_URL=sqlite:////data/recordings.db \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=3000
USER 10001:10001
VOLUME ["/data"]
EXPOSE 3000
STOPSIGNAL SIGTERM
# http.client, since urllib would use a proxy that the environment names.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["/venv/bin/python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('HTTP_PORT') or 3000), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["/venv/bin/python", "bot.py"]
