# The image of every service; which one a container is, its command says. How to run it: docs/deployment.md.
#
# runtime   the last stage, and so the default
# tools     the same with PostgreSQL's client programs, for `db backup` and `db restore`

# What is installed: exactly the files whose hashes requirements.txt names, then this package.
FROM python:3.11.15-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/forward-factor
ENV PATH=/opt/forward-factor/bin:$PATH
WORKDIR /src
COPY requirements.txt ./
RUN pip install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-deps --no-build-isolation . \
    && forward-factor --version \
    && pip uninstall --yes editables hatchling pathspec pluggy trove-classifiers setuptools pip

# What both images share: no compiler, no package installer, no root.
FROM python:3.11.15-slim-bookworm AS base
LABEL org.opencontainers.image.title="Forward Factor" \
      org.opencontainers.image.description="Scans US option chains for dear front-month implied volatility" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && groupadd --gid 10001 forward-factor \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin forward-factor \
    && install --directory --owner=10001 --group=10001 /data
COPY --from=build /opt/forward-factor /opt/forward-factor
ENV PATH=/opt/forward-factor/bin:$PATH \
    HOME=/data \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    API_HOST=0.0.0.0 \
    API_PORT=8000
WORKDIR /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"API_PORT\"]}/health', timeout=10)"]
ENTRYPOINT ["forward-factor"]
CMD ["up"]

# The client programs must be of the server's major version. Their libraries, libpq among them, are Debian's.
FROM postgres:16.14-bookworm AS clients

FROM base AS tools
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq5 liblz4-1 libzstd1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=clients /usr/lib/postgresql/16/bin/pg_dump /usr/lib/postgresql/16/bin/pg_restore /usr/lib/postgresql/16/bin/
USER 10001:10001
RUN /usr/lib/postgresql/16/bin/pg_dump --version && /usr/lib/postgresql/16/bin/pg_restore --version
HEALTHCHECK NONE
CMD ["--help"]

FROM base AS runtime
