"""The whole story: an order is loaded, driven, delivered, proved, seen by the van and by the shelf, settled and closed.

Everything is real: messages go through the broker and `beatwatch ingest`, `beatwatch geofence` judges them, people use the API.
Two shops say that they got everything. One shelf confirms it, the other exposes that twelve pieces never arrived.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.acceptance.programs import eventually
from tests.api.conftest import serving
from tests.api.goods import delivery_to
from tests.api.test_media import PNG
from tests.api.yard import DEPOT, Yard

pytestmark = [pytest.mark.server, pytest.mark.acceptance, pytest.mark.timeout(1800)]
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
METRES_PER_DEGREE = 108_400  # of longitude, at the depot's latitude
STOP_M = 0.01 * METRES_PER_DEGREE
SPEED_MPS = 8.0
SERVICE_S = 600
PATIENCE_S = 900  # the first start of a version compiles for minutes on a busy machine
TARE_G, UNIT_G = 2000.0, 500.0


@contextmanager
def service(name: str, log: Path, environment: dict[str, str]) -> Iterator[None]:
    """`beatwatch NAME` until the context is left."""
    with log.open("wb") as output:
        command = [sys.executable, "-m", "beatwatch", name]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@pytest.fixture
def yard(database_url: str) -> Iterator[Yard]:
    yard = Yard(database_url)
    yield yard
    yard.close()


@pytest.fixture
def client(database_url: str, mqtt_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    environment = {"DATABASE_URL": database_url, "MQTT_URL": mqtt_url, "MQTT_CLIENT_ID": f"story-{os.getpid()}"}
    with ExitStack() as stack:
        for name in ("ingest", "geofence"):
            stack.enter_context(service(name, tmp_path / f"{name}.log", environment))
        address = stack.enter_context(serving(database_url))
        eventually(lambda: "ingest is ready" in (tmp_path / "ingest.log").read_text(), 60)
        yield stack.enter_context(httpx.Client(base_url=address, timeout=60))


def test_from_order_to_settled_trip(client: httpx.Client, yard: Yard, mqtt_url: str) -> None:
    ordered_and_planned(client)
    loaded_and_dispatched(client)
    for number in (1, 2):
        shelf_sensor(yard, number)
    first, second = arrival(1), arrival(2)
    publish(mqtt_url, "tracker-of-van-1", "pos", drive())
    publish(mqtt_url, "shelf-1", "sensor", weights(first, before=6, risen=24))
    publish(mqtt_url, "shelf-2", "sensor", weights(second, before=4, risen=24))
    hand_over(client, "O-1", first + timedelta(seconds=300), [24, 12])
    hand_over(client, "O-2", second + timedelta(seconds=300), [36])

    # The van was at both shops when their proofs were captured.
    for stop_id in ("O-1", "O-2"):
        told = eventually(partial(verified, client, stop_id), PATIENCE_S)
        assert told["visit"]["state"] == "serviced"
        assert abs(datetime.fromisoformat(told["visit"]["arrived_at"]) - arrival(int(stop_id[-1]))) < timedelta(minutes=2)

    # One shelf rose by what was delivered, the other did not.
    lines = eventually(lambda: risen(client), PATIENCE_S)
    assert lines["A", "cola"]["risen"] == 24
    assert (lines["A", "cola"]["shortage"], lines["A", "cola"]["suspected_leg"]) == (0, None)
    assert lines["B", "cola"]["risen"] == 24
    assert (lines["B", "cola"]["shortage"], lines["B", "cola"]["suspected_leg"]) == (12, "delivery")
    assert lines["A", "soap"]["risen"] is None  # no sensor there: that accuses nobody

    # The sensors do not touch the ledger, but propose what somebody may agree to.
    shelves = {shelf["outlet_id"]: shelf for shelf in client.get("/shelves", params={"product_id": "cola"}).json()["items"]}
    assert {name: (shelf["ledger"], shelf["observed"]) for name, shelf in shelves.items()} == {"O-1": (24, 30), "O-2": (36, 28)}

    settle(client)
    closed = client.get("/trips/T-1/life").json()
    assert closed["state"] == "closed"
    states = [step["state"] for step in closed["steps"]]
    assert states == [
        "loading",
        "load_confirmed",
        "dispatched",
        "in_progress",
        "returning",
        "unloading",
        "settlement_pending",
        "settled",
        "closed",
    ]
    orders = client.get("/orders").json()["items"]
    assert {order["order_id"]: order["state"] for order in orders} == {"A": "closed", "B": "closed"}


def post(client: httpx.Client, path: str, **body: Any) -> None:
    answer = client.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"


def ordered_and_planned(client: httpx.Client) -> None:
    """Master data, two orders, and a plan of the day whose release makes a trip and puts the orders on it."""
    post(client, "/fleet/vehicles", vehicle_id="van-1", capacity_kg=750)
    post(client, "/devices", device_key="tracker-of-van-1")
    since = (START - timedelta(days=1)).isoformat()
    post(client, "/devices/tracker-of-van-1/assignments", vehicle_id="van-1", since=since)
    for name in ("cola", "soap"):
        post(client, "/products", product_id=name, name=name.title(), unit_weight_g=UNIT_G, price=20, tax_pct=18)
    for number in (1, 2):
        place = {"longitude_deg": DEPOT[0] + 0.01 * number, "latitude_deg": DEPOT[1], "radius_m": 75}
        post(client, "/outlets", outlet_id=f"O-{number}", name=f"Shop {number}", **place)
        for state in ("pending_approval", "approved"):
            post(client, f"/outlets/O-{number}/state", state=state)
    for order_id, outlet_id, pieces in (("A", "O-1", {"cola": 24, "soap": 12}), ("B", "O-2", {"cola": 36})):
        lines = [{"product_id": name, "quantity": count} for name, count in pieces.items()]
        post(client, "/orders", order_id=order_id, outlet_id=outlet_id, due_on=START.date().isoformat(), lines=lines)
        post(client, f"/orders/{order_id}/state", state="confirmed")
    post(
        client, "/beats", beat_id="B-1", name="Market", vehicle_id="van-1", outlets=[{"outlet_id": "O-1"}, {"outlet_id": "O-2"}]
    )
    span = {"planned_start": START.isoformat(), "planned_end": (START + timedelta(hours=4)).isoformat()}
    depot = {"longitude_deg": DEPOT[0], "latitude_deg": DEPOT[1], "radius_m": 150}
    post(client, "/route-plans", route_plan_id="T-1", beat_id="B-1", depot=depot, **span)
    post(client, "/route-plans/T-1/state", state="released")
    on_trip = {one["order_id"]: (one["trip_id"], one["stop_id"]) for one in client.get("/orders").json()["items"]}
    assert on_trip == {"A": ("T-1", "O-1"), "B": ("T-1", "O-2")}


def loaded_and_dispatched(client: httpx.Client) -> None:
    """Checker and driver count the same, and the van leaves."""
    for order_id in ("A", "B"):
        post(client, f"/orders/{order_id}/state", state="allocated")
    post(client, "/trips/T-1/load-out", depot_id="depot-north")
    load = [{"product_id": "cola", "pieces": 60}, {"product_id": "soap", "pieces": 12}]
    for counter in ("checker", "driver"):
        post(client, "/trips/T-1/load-out/counts", counted_as=counter, lines=load)
    post(client, "/trips/T-1/dispatch?without_driver=true")


def arrival(number: int) -> datetime:
    """When the van gets to its nth stop."""
    return START + timedelta(seconds=300 + number * STOP_M / SPEED_MPS + (number - 1) * SERVICE_S)


def drive() -> list[dict[str, Any]]:
    """Five minutes in the depot, ten at each stop, and home again: a fix every 10 s."""
    fixes: list[dict[str, Any]] = []

    def fix(at_s: float, metres: float, speed: float) -> None:
        fixes.append(
            {
                "fix_time": (START + timedelta(seconds=at_s)).isoformat(),
                "longitude_deg": DEPOT[0] + metres / METRES_PER_DEGREE,
                "latitude_deg": DEPOT[1],
                "speed_mps": speed,
                "course_deg": 90.0,
                "accuracy_m": 5.0,
                "satellites": 11,
                "fix_valid": True,
                "ignition": speed > 0,
                "in_motion": speed > 0,
                "seq": len(fixes) + 1,
            }
        )

    at_s = 0.0
    for metres, until_s in ((0.0, 300.0), (STOP_M, SERVICE_S), (2 * STOP_M, SERVICE_S), (0.0, 900.0)):
        here = (fixes[-1]["longitude_deg"] - DEPOT[0]) * METRES_PER_DEGREE if fixes else 0.0
        while fixes and abs(metres - here) > SPEED_MPS * 10:
            here += SPEED_MPS * 10 * (1 if metres > here else -1)
            fix(at_s, here, SPEED_MPS)
            at_s += 10
        for _ in range(int(until_s // 10)):
            fix(at_s, metres, 0.0)
            at_s += 10
    return fixes


def weights(arrived: datetime, *, before: int, risen: int) -> list[dict[str, Any]]:
    """A shelf once a minute: `before` pieces, and from five minutes after the arrival `risen` more."""
    readings = []
    for minute in range(-60, 90):
        pieces = before + (risen if minute >= 6 else 0)
        at = arrived + timedelta(minutes=minute)
        readings.append({"measured_at": at.isoformat(), "weight_g": TARE_G + UNIT_G * pieces, "seq": minute + 61})
    return readings


def shelf_sensor(yard: Yard, number: int) -> None:
    device_id = yard.device(f"shelf-{number}")
    yard.owner.execute(
        "INSERT INTO shelf_sensor (org_id, device_id, outlet_id, product_id, unit_weight_g, tare_g)"
        " VALUES (%s, %s, %s, 'cola', %s, %s)",
        (yard.org_id, device_id, f"O-{number}", UNIT_G, TARE_G),
    )


def publish(mqtt_url: str, device: str, kind: str, readings: list[dict[str, Any]]) -> None:
    """Send readings as the device would, fifty to a message, and wait until the broker has all of them."""
    parts = urlsplit(mqtt_url)
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"story-{device}")
    if parts.username:
        client.username_pw_set(parts.username, parts.password)
    client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
    client.loop_start()
    for begin in range(0, len(readings), 50):
        body = json.dumps(readings[begin : begin + 50])
        client.publish(f"bw/1/default/{device}/{kind}", body, qos=1).wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def hand_over(client: httpx.Client, stop_id: str, at: datetime, pieces: list[int]) -> None:
    """What the driver's phone sends: arrived, delivered, signed."""
    delivery_id = delivery_to(client, stop_id)["delivery_id"]
    digest = client.post("/media", content=PNG).json()["sha256"]
    assert digest == sha256(PNG).hexdigest()
    lines = [{"line_no": number, "delivered": count} for number, count in enumerate(pieces, 1)]
    proof = {"kind": "signature", "sha256": digest, "signed_by": "Asha", "captured_at": at.isoformat()}
    for what, body in (("arrive", {}), ("complete", {"lines": lines}), ("proofs", proof)):
        sent = body if what == "proofs" else {"at": at.isoformat(), **body}
        answer = client.post(f"/deliveries/{delivery_id}/{what}", json=sent)
        assert answer.is_success, answer.text


def verified(client: httpx.Client, stop_id: str) -> dict[str, Any] | None:
    told = delivery_to(client, stop_id)
    return told if told["verification"] == {"verdict": "verified", "reason": "visit_overlaps_proof"} else None


def risen(client: httpx.Client) -> dict[tuple[str, str], dict[str, Any]] | None:
    items = client.get("/reconciliation", params={"trip_id": "T-1"}).json()["items"]
    lines = {(item["order_id"], item["product_id"]): item for item in items}
    seen = [lines[name, "cola"]["risen"] for name in ("A", "B") if (name, "cola") in lines]
    return lines if len(seen) == 2 and None not in seen and 0 not in seen else None


def settle(client: httpx.Client) -> None:
    """The evening: everything adds up on the van, for the books say that all of it was delivered."""
    for state in ("returning", "unloading"):
        client.post("/trips/T-1/state", json={"state": state}).raise_for_status()
    handed = client.post("/trips/T-1/settlement", json={"lines": []}).json()
    assert [line["variance"] for line in handed["lines"]] == [0, 0]
    client.post("/trips/T-1/settlement/approve").raise_for_status()
    asked = client.post("/trips/T-1/closure").json()
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
