"""Frames a second of the live map with many moving vehicles, in headless Chromium that draws WebGL in software.

Every vehicle reports every ten seconds through the statements of ingest, the live stream tells the page, and the page glides
each one on: database, API, browser and the vehicles share the machine. A frame is what requestAnimationFrame counts.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psycopg
import typer
import uvicorn
from playwright.sync_api import Page, sync_playwright

from api import assets
from api.app import create_app
from beatwatch.services.ports import free_port
from beatwatch.services.postgres import embedded_postgres
from benchmarks.report import write_report
from store import telemetry
from store.migrate import migrate
from store.pool import Role, open_pool
from store.telemetry import POSITION, TelemetryBatch

SIZES = (1_000, 5_000, 20_000)
STILL = 1  # a single vehicle, for what this machine can do at best
REPORT_EVERY_S = 10.0
PARTS = 10  # of the fleet, one a second
CENTRE_E7 = (775_946_000, 129_716_000)
SPREAD_E7 = 2_000_000
SOFTWARE_WEBGL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]

_COUNT_FRAMES = """seconds => new Promise((resolve) => {
  const times = [];
  const step = (now) => {
    times.push(now);
    if (now - times[0] < seconds * 1000) requestAnimationFrame(step);
    else resolve(times);
  };
  requestAnimationFrame(step);
})"""


class Vans(threading.Thread):
    """Vehicles that drive straight on and report in turn, until they are stopped."""

    def __init__(self, database_url: str, count: int) -> None:
        super().__init__(name="vans", daemon=True)
        self._pool = open_pool(database_url, Role.worker, max_size=1)
        self._stopping = threading.Event()
        random = np.random.default_rng(1)
        self._devices = np.arange(1, count + 1)
        self._places = random.integers(-SPREAD_E7, SPREAD_E7, (count, 2)) + CENTRE_E7
        self._course = random.uniform(0, 2 * np.pi, count)

    def run(self) -> None:
        """One part of the fleet a second."""
        with self._pool, self._pool.connection() as connection:
            telemetry.prepare_session(connection)
            telemetry.ensure_days(connection, "position", {datetime.now(UTC).date()})
            connection.commit()
            turn = 0
            while not self._stopping.is_set():
                began = time.monotonic()
                with connection.transaction():
                    telemetry.store_batch(connection, TelemetryBatch(positions=self._report(turn % PARTS)))
                turn += 1
                pause = 0.0 if turn < PARTS else REPORT_EVERY_S / PARTS - (time.monotonic() - began)
                self._stopping.wait(max(0.0, pause))

    def stop(self) -> None:
        """Stop reporting."""
        self._stopping.set()
        self.join()

    def _report(self, part: int) -> np.ndarray[Any, Any]:
        chosen = self._devices % PARTS == part
        step = np.stack([np.sin(self._course), np.cos(self._course)], axis=1)[chosen] * 9_000  # about 10 m/s for 10 s
        self._places[chosen] += step.astype(np.int64)
        rows = np.zeros(int(chosen.sum()), POSITION)
        for name in POSITION.names or ():
            if POSITION[name].kind == "f":
                rows[name] = np.nan
        rows["device_time"] = "NaT"
        for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered"):
            rows[name] = telemetry.MISSING_SMALL
        rows["boot_id"] = telemetry.MISSING_INT8
        rows["device_id"], rows["org_id"], rows["seq"] = self._devices[chosen], 1, 1
        rows["fix_time"] = rows["received_at"] = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "us")
        rows["longitude_e7"], rows["latitude_e7"] = self._places[chosen].T
        rows["speed_mps"], rows["course_deg"] = 10.0, np.degrees(self._course[chosen])
        return rows


@contextmanager
def database() -> Iterator[str]:
    """A throw-away database with the whole schema."""
    with tempfile.TemporaryDirectory(prefix="beatwatch-") as folder:
        Path(folder).chmod(0o755)
        postgres = embedded_postgres(Path(folder), free_port(), {"fsync": "off"})
        postgres.program.start()
        try:
            migrate(postgres.url)
            yield postgres.url
        finally:
            postgres.program.stop()


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """The console's address."""
    app, port = create_app(database_url), free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    app.state.hub.stop()
    server.should_exit = True
    thread.join()


@contextmanager
def moving(database_url: str, count: int) -> Iterator[None]:
    """A fleet of `count` that reports while the context lasts."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("TRUNCATE device, latest_position CASCADE")
        owner.execute("ALTER SEQUENCE device_device_id_seq RESTART")
        named = (
            "INSERT INTO device (org_id, device_key) SELECT 1, 'v-' || to_char(n, 'FM00000') FROM generate_series(1, %s) AS n"
        )
        owner.execute(named, (count,))
    vans = Vans(database_url, count)
    vans.start()
    try:
        yield
    finally:
        vans.stop()


def frames(page: Page, address: str, count: int, seconds: float) -> tuple[float, float, float]:
    """Frames a second, the longest frame in milliseconds, and seconds until everybody was on the map."""
    began = time.monotonic()
    page.goto(address)
    page.wait_for_function(
        f"() => Number(document.querySelector('[data-count=vehicles]').textContent) >= {count}", timeout=180_000
    )
    page.wait_for_function("() => document.body.dataset.ready === 'true'", timeout=180_000)
    shown = time.monotonic() - began
    page.wait_for_timeout(12_000)  # until each has reported once more, and glides
    times = page.evaluate(_COUNT_FRAMES, seconds)
    gaps = np.diff(times)
    return len(gaps) / (gaps.sum() / 1000), float(gaps.max()), shown


def measure(seconds: float, picture: Path | None) -> dict[str, float]:
    """All figures."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("no Chromium on this machine; on Debian: apt install chromium")
    assets.install()
    figures: dict[str, float] = {}
    with database() as url, served(url) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SOFTWARE_WEBGL)
        for count in (STILL, *SIZES):
            with moving(url, count):
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                rate, longest, shown = frames(page, address, count, seconds)
                if picture is not None:
                    page.screenshot(path=picture.with_stem(f"{picture.stem}-{count}"))
                page.close()
            figures |= {f"fps_{count}": rate, f"longest_frame_{count}_ms": longest, f"shown_after_{count}_s": shown}
        browser.close()
    return figures


def main(
    seconds: Annotated[float, typer.Option(help="of counting frames, for each size of fleet")] = 10.0,
    picture: Annotated[Path | None, typer.Option(help="also a screenshot of each size, beside this name")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Measure, print a table and write the figures."""
    write_report("map", measure(seconds, picture), json_file)


if __name__ == "__main__":
    typer.run(main)
