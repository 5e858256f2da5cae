# The service with its rule files. Build: docker build -t jorei .   Run: see compose.yaml and docs/OPERATIONS.md
FROM python:3.12-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml README.md ./
COPY dsl dsl
COPY engine engine
COPY api api
COPY linkage linkage
COPY rules rules
COPY ordinances ordinances
RUN python -m venv /opt/jorei && /opt/jorei/bin/pip install --no-cache-dir .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/jorei --no-create-home jorei \
    && install -d -m 700 -o jorei -g jorei /var/lib/jorei
COPY --from=build /opt/jorei /opt/jorei
ENV PATH=/opt/jorei/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER jorei
VOLUME /var/lib/jorei
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["jorei"]
CMD ["serve", "--home", "/var/lib/jorei", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--files"]
