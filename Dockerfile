# wattshift as a container: not root, a file system that it cannot write to, one volume for its store.
# How to run it: docs/deploy.md.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock ./
# Every package of the lock, proved by its hash; of these the image takes what the service needs.
RUN python -m pip download --quiet --require-hashes --only-binary :all: --dest /wheels -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN python -m pip wheel --quiet --no-index --find-links /wheels --no-deps --wheel-dir /wheels . \
 && python -m venv /opt/wattshift \
 && /opt/wattshift/bin/pip install --quiet --no-index --find-links /wheels \
    "wattshift[serve,alerts,mqtt,node,postgres]" \
 && /opt/wattshift/bin/pip uninstall --quiet --yes pip setuptools

FROM python:3.11-slim
RUN groupadd --system --gid 10001 wattshift \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/wattshift --no-create-home wattshift \
 && install --directory --owner wattshift --group wattshift --mode 700 /var/lib/wattshift
COPY --from=build /opt/wattshift /opt/wattshift
ENV PATH=/opt/wattshift/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WATTSHIFT_STORE=/var/lib/wattshift \
    NUMBA_CACHE_DIR=/tmp/numba \
    MALLOC_ARENA_MAX=2 \
    HOME=/tmp
VOLUME /var/lib/wattshift
USER 10001:10001
EXPOSE 8550
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8550/health/live', timeout=4)"]
ENTRYPOINT ["wattshift"]
# Within the container every address, for outside Docker decides who reaches the port; and never without a token.
CMD ["serve", "--host", "0.0.0.0", "--plain-http"]
