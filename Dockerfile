# One image for every service; the command chooses which: beatwatch ingest | geofence | alerts | api | migrate | simulate.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN pip install --no-cache-dir "$(sed -n 's/.*"\(uv==.*\)".*/\1/p' pyproject.toml)"
COPY . .
# The pages' scripts are installed by the npm of a development dependency, which the image itself then goes without.
RUN uv sync --frozen && .venv/bin/python -m api.assets && uv sync --frozen --no-dev

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /var/lib/beatwatch beatwatch
WORKDIR /app
COPY --from=build --chown=root:root /app /app
ENV PATH=/app/.venv/bin:$PATH BEATWATCH_STATE=/var/lib/beatwatch NUMBA_CACHE_DIR=/var/lib/beatwatch/numba PYTHONUNBUFFERED=1 LOG_JSON=true
USER beatwatch
# Machine code of the geofence's kernels; on another kind of processor it is made anew at the first start.
RUN python -m geofence
ENTRYPOINT ["beatwatch"]
CMD ["--help"]
