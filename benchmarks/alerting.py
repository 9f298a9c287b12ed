"""From publishing the message that decides to reading the alert through the API, and to its mail reaching an SMTP server.

Probes are trackers of many small distributors, each telling once that somebody is at it (`tamper`), while a fleet reports.
Every distributor has a person who wants mail, with the evidence drawn. All services, servers, load and pollers share the
machine.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import numpy as np
import paho.mqtt.client as paho
import typer
from aiosmtpd.controller import Controller
from paho.mqtt.enums import CallbackAPIVersion

from beatwatch.services.ports import free_port
from benchmarks.latency import WARM_UP_S, start_load
from benchmarks.report import write_report
from benchmarks.stand import Stand, fetched, stand, wait_until
from domain.recipients import Recipient
from store.organisations import add_organisation
from store.pool import Role, open_pool
from store.recipients import save_recipient

DISTRIBUTORS: Final = 40
EACH: Final = 4  # from the sixth on it would be a storm, and one mail
POLL_S: Final = 0.02


@dataclass(slots=True)
class Probes:
    """When each tracker spoke, when its alert was first read, and when its mail arrived."""

    sent_s: dict[str, float] = field(default_factory=dict)
    read_s: dict[str, float] = field(default_factory=dict)
    mailed_s: dict[str, float] = field(default_factory=dict)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd calls it so
        """A mail has arrived; its text names the tracker."""
        now_s = time.perf_counter()
        head = envelope.content[:6000].decode(errors="replace")
        for device in self.sent_s:
            if device in head:
                self.mailed_s.setdefault(device, now_s)
        return "250 OK"

    def watch(self, url: str, stop: threading.Event) -> None:
        """Ask the API until told to stop."""
        with httpx.Client() as client:
            while not stop.is_set():
                answer = client.get(url, params={"rule": "tamper", "limit": 200})
                now_s = time.perf_counter()
                for alert in answer.raise_for_status().json()["items"]:
                    self.read_s.setdefault(alert["device_key"], now_s)
                stop.wait(POLL_S)

    def figures(self, seen_s: dict[str, float], name: str) -> dict[str, float]:
        """Percentiles, and how many never came."""
        took = [1000 * (seen_s[device] - sent_s) for device, sent_s in self.sent_s.items() if device in seen_s]
        p50, p95, p99 = np.percentile(took, (50, 95, 99)).tolist() if took else (float("nan"),) * 3
        missing = len(self.sent_s) - len(took)
        return {f"{name}_p50_ms": p50, f"{name}_p95_ms": p95, f"{name}_p99_ms": p99, f"{name}_missing": missing}


def start(standing: Stand, smtp_port: int) -> str:
    """Distributors with somebody who wants mail, the services, and the API's address."""
    with open_pool(standing.database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        for number in range(DISTRIBUTORS):
            org_id = add_organisation(connection, slug=f"shop-{number}", name=f"Shop {number}", parent_id=1)
            save_recipient(connection, org_id, Recipient("asha", "email", address=f"asha@shop-{number}.example"))
    for name in ("ingest", "geofence"):
        standing.service(name).start()
    standing.service("alerts", SMTP_URL=f"smtp://127.0.0.1:{smtp_port}", BEATWATCH_STATE=str(standing.folder)).start()
    address = f"http://127.0.0.1:{(port := free_port())}"
    standing.service("api", API_PORT=str(port), BEATWATCH_STATE=str(standing.folder)).spawn()
    wait_until(lambda: fetched(f"{address}/readyz") is not None, 240.0, "the API")
    return address


def measure(standing: Stand, api_url: str, probes: Probes, rate: int, per_s: float) -> dict[str, float]:
    """Let every probe speak while `rate` messages a second are published."""
    count = DISTRIBUTORS * EACH
    report = standing.folder / "load.json"
    load = start_load(standing.mqtt_url, rate, count / per_s + 2 * WARM_UP_S, report)
    client = paho.Client(CallbackAPIVersion.VERSION2, "probes")
    host, _, port = standing.mqtt_url.rpartition("@")[2].removeprefix("mqtt://").partition(":")
    client.connect(host, int(port))
    client.loop_start()
    stop = threading.Event()
    watcher = threading.Thread(target=probes.watch, args=(f"{api_url}/alerts", stop))
    watcher.start()
    time.sleep(WARM_UP_S)
    began_s = time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, began_s + number / per_s - time.perf_counter()))
        _speak(client, probes, number)
    time.sleep(2 * WARM_UP_S)
    stop.set()
    watcher.join()
    client.loop_stop()
    load.wait()
    rates = {"msgs_per_s": float(json.loads(report.read_text())["msgs_per_s"]), "alerts_per_s": per_s, "probes": float(count)}
    return {**probes.figures(probes.read_s, "api"), **probes.figures(probes.mailed_s, "smtp"), **rates}


def _speak(client: paho.Client, probes: Probes, number: int) -> None:
    device = f"probe-{number:05d}"
    reading = {
        "fix_time": datetime.now(UTC).isoformat(),
        "longitude_deg": -3.0,
        "latitude_deg": 10.0,
        "speed_mps": 0.0,
        "hdop": 0.8,
        "satellites": 12,
        "fix_valid": True,
        "alarms": ["tamper"],
        "boot_id": 1,
        "seq": 1,
    }
    probes.sent_s[device] = time.perf_counter()
    client.publish(f"bw/1/shop-{number % DISTRIBUTORS}/{device}/pos", json.dumps(reading), qos=1)


def main(
    rate: Annotated[int, typer.Option(help="messages a second of the fleet beside the probes")] = 500,
    per_s: Annotated[float, typer.Option(help="alerts a second")] = 1.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Measure, print a table and write the figures."""
    probes = Probes()
    controller = Controller(probes, "127.0.0.1", (smtp_port := free_port()))
    controller.start()
    try:
        with stand() as standing:
            figures = measure(standing, start(standing, smtp_port), probes, rate, per_s)
    finally:
        controller.stop()
    write_report("alerting", figures, json_file)
    if figures["api_missing"] or figures["smtp_missing"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
