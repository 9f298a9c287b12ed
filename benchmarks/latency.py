"""From publishing the message that decides to reading the event through the API, while a fleet reports.

Probes are devices of their own that step into a zone: the fix inside it, slower than walking, decides `zone_enter` at once. The
API is asked for such events again and again, as a program would; what is measured ends when an answer has the event, so it
holds half a pause between two requests on average. Broker, database, services, load generator and poller share the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import httpx
import numpy as np
import paho.mqtt.client as paho
import typer
from paho.mqtt.enums import CallbackAPIVersion

from beatwatch.services.ports import free_port
from benchmarks.report import write_report
from benchmarks.stand import Stand, fetched, stand, wait_until
from domain.zones import Zone, ZoneKind
from store.planning import save_zone
from store.pool import Role, open_pool

PROBES_PER_S: Final = 10
POLL_S: Final = 0.01
WARM_UP_S: Final = 5.0
_AT: Final = (-3.0, 10.0)  # nowhere near the load
_ASIDE_DEG: Final = 0.003
_GATE: Final = Zone("gate", "Gate", ZoneKind.territory, {"type": "Point", "coordinates": list(_AT)}, radius_m=100.0)
_STAGES: Final = """
SELECT ARRAY[
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM batch.stored_at - position.fix_time)) * 1000,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM event.stored_at - position.fix_time)) * 1000]
FROM event JOIN device USING (device_id)
JOIN position ON position.device_id = event.device_id AND position.fix_time = event.started_at
JOIN ingest_batch batch USING (batch_id)
WHERE event.rule = 'zone_enter' AND device_key LIKE '{name}-%'
"""


@dataclass(slots=True)
class Probes:
    """Devices that enter the zone one after another, and when each was sent and seen."""

    client: paho.Client
    name: str
    sent_s: dict[str, float] = field(default_factory=dict)
    seen_s: dict[str, float] = field(default_factory=dict)

    def outside(self, count: int) -> None:
        """Let every probe report once from beside the zone."""
        for number in range(count):
            self._publish(f"{self.name}-{number:05d}", timedelta(seconds=-60), 1, (_AT[0] + _ASIDE_DEG, _AT[1]))

    def enter(self, number: int) -> None:
        """Let one probe report from inside."""
        device = f"{self.name}-{number:05d}"
        self.sent_s[device] = time.perf_counter()
        self._publish(device, timedelta(0), 2, _AT)

    def _publish(self, device: str, ago: timedelta, seq: int, place: tuple[float, float]) -> None:
        reading = {
            "fix_time": (datetime.now(UTC) + ago).isoformat(),
            "longitude_deg": place[0],
            "latitude_deg": place[1],
            "speed_mps": 0.5,
            "hdop": 0.8,
            "satellites": 12,
            "fix_valid": True,
            "boot_id": 1,
            "seq": seq,
        }
        self.client.publish(f"bw/1/default/{device}/pos", json.dumps(reading), qos=1)

    def watch(self, url: str, stop: threading.Event) -> None:
        """Ask the API until told to stop, noting when each probe's event is first there."""
        with httpx.Client() as client:
            while not stop.is_set():
                answer = client.get(url, params={"rule": "zone_enter", "limit": 100})
                now_s = time.perf_counter()
                for event in answer.raise_for_status().json()["items"]:
                    self.seen_s.setdefault(event["device_key"], now_s)
                stop.wait(POLL_S)

    def latencies_ms(self) -> list[float]:
        """Of those that were seen."""
        return [1000 * (self.seen_s[device] - sent_s) for device, sent_s in self.sent_s.items() if device in self.seen_s]


def measure(standing: Stand, api_url: str, rate: int, seconds: float) -> dict[str, float]:
    """Probe while `rate` messages a second are published."""
    report = standing.folder / f"load-{rate}.json"
    load = start_load(standing.mqtt_url, rate, seconds + 2 * WARM_UP_S, report)
    client = paho.Client(CallbackAPIVersion.VERSION2, f"probes-{rate}")
    host, _, port = standing.mqtt_url.rpartition("@")[2].removeprefix("mqtt://").partition(":")
    client.connect(host, int(port))
    client.loop_start()
    probes, stop = Probes(client, f"probe-{rate}"), threading.Event()
    probes.outside(count := int(seconds * PROBES_PER_S))
    time.sleep(WARM_UP_S)
    watcher = threading.Thread(target=probes.watch, args=(f"{api_url}/events", stop))
    watcher.start()
    began_s = time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, began_s + number / PROBES_PER_S - time.perf_counter()))
        probes.enter(number)
    time.sleep(WARM_UP_S)
    stop.set()
    watcher.join()
    client.loop_stop()
    load.wait()
    latencies = probes.latencies_ms()
    p50, p95, p99 = np.percentile(latencies, (50, 95, 99)).tolist() if latencies else (float("nan"),) * 3
    stages = standing.one(_STAGES.format(name=probes.name))
    return {
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "p50_until_stored_ms": float(stages[0]),
        "p50_until_judged_ms": float(stages[1]),
        "probes": count,
        "unseen": count - len(latencies),
        "msgs_per_s": json.loads(report.read_text())["msgs_per_s"],
    }


def start_load(mqtt_url: str, rate: int, seconds: float, report: Path) -> subprocess.Popen[bytes]:
    """A fleet that reports, as a process of its own."""
    options = {
        "mqtt": mqtt_url,
        "rate": rate,
        "seconds": seconds,
        "connections": 50,
        "devices": 1_000,
        "window": 200,
        "json": report,
    }
    command = [sys.executable, "-m", "beatwatch", "load"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start(standing: Stand) -> str:
    """Draw the zone, start the services and return the API's address."""
    with open_pool(standing.database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        save_zone(connection, 1, _GATE)
    standing.service("ingest").start()
    standing.service("geofence").start()
    address = f"http://127.0.0.1:{(port := free_port())}"
    standing.service("api", API_PORT=str(port)).spawn()
    wait_until(lambda: fetched(f"{address}/readyz") is not None, 60.0, "the API")
    return address


def main(
    seconds: Annotated[float, typer.Option(help="of probing at each rate")] = 20.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Measure at 500 and at 5,000 messages a second, print a table and write the figures."""
    with stand() as standing:
        api_url = start(standing)
        calm, busy = (measure(standing, api_url, rate, seconds) for rate in (500, 5_000))
    figures = {**busy, **{f"{name}_at_500": value for name, value in calm.items()}}
    write_report("latency", figures, json_file)
    if busy["unseen"] or calm["unseen"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
