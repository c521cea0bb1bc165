# Arriero with everything that runs models on this machine, PostgreSQL and Redis drivers included.
#
#   docker build -t arriero .
#   docker run --rm --read-only --tmpfs /tmp -v arriero-data:/data -v arriero-models:/models arriero models pull
#   docker run --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     --network host -v arriero-data:/data -v arriero-models:/models arriero
#
# The server listens on 127.0.0.1 only (docs/operate.md), so a published port reaches nothing: share the
# network of the host, or of a proxy in the same pod.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/arriero \
    && /opt/arriero/bin/python -m pip install --upgrade pip -c constraints.txt \
    && /opt/arriero/bin/python -m pip install '.[local,postgres,redis]' -c constraints.txt

FROM python:3.11-slim
# Compiled already, and nobody but root may write there: a read-only root loses nothing.
ENV PATH="/opt/arriero/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    HOME=/tmp
COPY --from=build /opt/arriero /opt/arriero
COPY deploy/docker/arriero.toml /etc/arriero/arriero.toml
RUN groupadd --gid 10001 arriero \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp arriero \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data /models
# Settings are looked for where a command is run; mount another file over this one.
WORKDIR /etc/arriero
VOLUME ["/data", "/models"]
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=180s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8700/health/live', timeout=8)"]
ENTRYPOINT ["arriero"]
CMD ["up"]
