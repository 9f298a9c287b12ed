"""A yard of vans to test with: registered, planned and reporting through the same statements as in service."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from store import telemetry
from store.pool import Connection, Pool, Role, open_pool
from store.telemetry import POSITION, TelemetryBatch

DEPOT = (77.5946, 12.9716)


class Yard:
    """Writes to the database what other programs would write; `org_id` is that of organisation `slug`."""

    def __init__(self, database_url: str, slug: str = "default") -> None:
        self.pool: Pool = open_pool(database_url, Role.worker, max_size=2)
        self.owner = psycopg.connect(database_url, autocommit=True)
        row = self.owner.execute("SELECT org_id FROM organisation WHERE slug = %s", (slug,)).fetchone()
        assert row is not None
        self.org_id: int = row[0]

    def close(self) -> None:
        self.owner.close()
        self.pool.close()

    def device(self, key: str) -> int:
        row = self.owner.execute(
            "INSERT INTO device (org_id, device_key) VALUES (%s, %s) RETURNING device_id", (self.org_id, key)
        ).fetchone()
        assert row is not None
        return int(row[0])

    def van(self, vehicle_id: str, *, since: datetime | None = None) -> int:
        """A van with a tracker of its own on it; the tracker's number."""
        device_id = self.device(f"tracker-of-{vehicle_id}")
        self.owner.execute(
            "INSERT INTO vehicle (org_id, vehicle_id, registration, name) VALUES (%s, %s, 'KA 05 1234', 'Beat one')",
            (self.org_id, vehicle_id),
        )
        self.mount(device_id, vehicle_id, since or datetime.now(UTC) - timedelta(days=30))
        return device_id

    def mount(self, device_id: int, vehicle_id: str, since: datetime, until: datetime | None = None) -> None:
        self.owner.execute(
            "INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid) VALUES (%s, %s, %s, tstzrange(%s, %s))",
            (device_id, self.org_id, vehicle_id, since, until),
        )

    def report(self, device_id: int, *fixes: dict[str, Any]) -> None:
        """Store fixes in one transaction; each says at least `fix_time`, otherwise it is a good one at the depot."""
        with self.pool.connection() as connection:
            telemetry.prepare_session(connection)
            connection.commit()
            self._ensure(connection, fixes)
            telemetry.store_batch(connection, TelemetryBatch(positions=self._rows(device_id, fixes)))

    def drive(self, device_id: int, start: datetime, count: int, *, every_s: float = 10.0, speed_mps: float = 10.0) -> None:
        """Due east from the depot."""
        fixes = []
        for number in range(count):
            longitude = DEPOT[0] + number * every_s * speed_mps / 108_400
            fixes.append(
                {"fix_time": start + timedelta(seconds=number * every_s), "longitude_deg": longitude, "speed_mps": speed_mps}
            )
        self.report(device_id, *fixes)

    def event(self, device_id: int, rule: str, at: datetime, **columns: Any) -> str:
        """Store an event and tell about it; its identifier."""
        event_id = f"{rule}-{device_id}-{at.timestamp():.0f}"
        values = {
            "severity": "high",
            "trip_id": None,
            "stop_id": None,
            "facts": {},
            "confidence": 0.9,
            "ended_at": None,
        } | columns
        self.owner.execute(
            "INSERT INTO event (org_id, event_id, rule, severity, device_id, trip_id, stop_id, started_at, detected_at,"
            " confidence, facts, ended_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (self.org_id, event_id, rule, values["severity"], device_id, values["trip_id"], values["stop_id"], at, at,
             values["confidence"], json.dumps(values["facts"]), values["ended_at"]),
        )  # fmt: skip
        self.owner.execute("SELECT pg_notify('beatwatch_concluded', %s)", (str(self.org_id),))
        return event_id

    def alert(self, event_id: str) -> int:
        """Open an alert for a stored event and tell about it; its number."""
        row = self.owner.execute(
            "INSERT INTO alert (org_id, rule, subject, trip_id, stop_id, device_id, severity, event_id, started_at, opened_at,"
            " changed_at) SELECT org_id, rule, coalesce(stop_id, device_id::text), trip_id, stop_id, device_id, severity,"
            " event_id, started_at, now(), now() FROM event WHERE org_id = %s AND event_id = %s RETURNING alert_id",
            (self.org_id, event_id),
        ).fetchone()
        assert row is not None
        self.owner.execute("SELECT pg_notify('beatwatch_alerted', %s)", (str(self.org_id),))
        return int(row[0])

    def visit(self, device_id: int, trip_id: str, stop_id: str, state: str, at: datetime) -> None:
        self.owner.execute(
            "INSERT INTO visit (org_id, trip_id, stop_id, device_id, state, arrived_at, confidence)"
            " VALUES (%s, %s, %s, %s, %s, %s, 0.95)",
            (self.org_id, trip_id, stop_id, device_id, state, at),
        )
        self.owner.execute("SELECT pg_notify('beatwatch_concluded', %s)", (str(self.org_id),))

    def _ensure(self, connection: Connection, fixes: tuple[dict[str, Any], ...]) -> None:
        telemetry.ensure_days(connection, "position", {fix["fix_time"].astimezone(UTC).date() for fix in fixes})
        connection.commit()

    def _rows(self, device_id: int, fixes: tuple[dict[str, Any], ...]) -> np.ndarray[Any, Any]:
        rows = np.zeros(len(fixes), POSITION)
        for name in POSITION.names or ():
            if POSITION[name].kind == "f":
                rows[name] = np.nan
        rows["device_time"] = "NaT"
        for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered"):
            rows[name] = telemetry.MISSING_SMALL
        rows["boot_id"] = telemetry.MISSING_INT8
        rows["device_id"], rows["org_id"] = device_id, self.org_id
        for index, fix in enumerate(fixes):
            _fill(rows, index, fix)
        return rows


def _fill(rows: np.ndarray[Any, Any], index: int, fix: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "received_at": datetime.now(UTC),
        "seq": index,
        "longitude_deg": DEPOT[0],
        "latitude_deg": DEPOT[1],
    } | fix
    values["longitude_e7"] = round(values.pop("longitude_deg") * 1e7)
    values["latitude_e7"] = round(values.pop("latitude_deg") * 1e7)
    for name, value in values.items():
        rows[name][index] = value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def trip_document(trip_id: str, device_key: str, start: datetime, stops: int = 3) -> dict[str, Any]:
    """A planned round due east from the depot, in the form that tools agree on."""
    places = [(DEPOT[0] + 0.01 * number, DEPOT[1]) for number in range(stops + 1)]
    return {
        "trip_id": trip_id,
        "device_id": device_key,
        "planned_start": start.isoformat(),
        "planned_end": (start + timedelta(hours=4)).isoformat(),
        "route": {"type": "LineString", "coordinates": places},
        "corridor_m": 200,
        "depot": {"longitude_deg": DEPOT[0], "latitude_deg": DEPOT[1], "radius_m": 150},
        "stops": [
            {
                "stop_id": f"S-{number}",
                "outlet_id": f"O-{number}",
                "longitude_deg": places[number][0],
                "latitude_deg": places[number][1],
                "radius_m": 75,
                "window_start": start.isoformat(),
                "window_end": (start + timedelta(hours=2)).isoformat(),
                "planned_service_s": 300,
                "cases": 12,
            }
            for number in range(1, stops + 1)
        ],
        "proofs": [],
    }
