"""From a shelf's message to the event that is stored about it, through a real broker and real services."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from beatwatch.services.program import Program
from domain.equipment import Shelf
from store.pool import Role, open_pool
from store.sensing import fit_shelf
from tests.geofence.sensing.shelf_scene import HOUR, MIDNIGHT, Scale, at
from tests.geofence.sensing.test_shelves import swept
from tests.geofence.worker.test_processes import worker
from tests.ingest.conftest import IngestProcess, ingest, one_value, own_broker
from tests.waiting import wait_until

__all__ = ["ingest", "one_value", "own_broker"]
pytestmark = pytest.mark.server


def publish(mqtt_url: str, topic: str, payload: str) -> None:
    port = mqtt_url.rsplit(":", 1)[1]
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", topic, "-s"]
    subprocess.run(command, input=payload.encode(), check=True, timeout=60)


def test_a_sweep_on_a_shelf_becomes_an_event(
    database_url: str, ingest: IngestProcess, own_broker: tuple[Program, str], one_value: Callable[[str], Any]
) -> None:
    """The worker has a plain engine for positions, which needs no compiling, and the real one for sensors."""
    ingest.start()
    with worker(database_url), open_pool(database_url, Role.worker, max_size=1) as pool:
        with pool.connection() as connection:
            connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, 'shelf')")
            connection.execute(
                "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m)"
                " VALUES (1, 'shop', 'A', 0, 0, 9)"
            )
            connection.execute("INSERT INTO product (org_id, product_id, name) VALUES (1, 'soap', 'Soap')")
            fit_shelf(connection, 1, Shelf("shelf", "shop", "soap", 100.0, 500.0, 40, 7.0, 21.0))
        scale = swept(Scale(20).until(11), 9).wait(900)
        shift = datetime.now(UTC) - timedelta(hours=12) - MIDNIGHT  # what is a month old is not judged
        said = [
            {"measured_at": (one.measured_at + shift).isoformat(), "weight_g": one.weight_g}
            for one in scale.readings
            if one.measured_at is not None
        ]
        publish(own_broker[1], "bw/1/default/shelf/sensor", json.dumps(said))
        wait_until(lambda: one_value("SELECT count(*) FROM event WHERE rule = 'shelf_sweep'") == 1, 120)
        assert one_value("SELECT facts->>'units' FROM event WHERE rule = 'shelf_sweep'") == "9"
        assert one_value("SELECT started_at FROM event WHERE rule = 'shelf_sweep'") == at(11 * HOUR + 2) + shift
        assert one_value("SELECT pieces FROM observed_stock ORDER BY observed_at DESC LIMIT 1") == 11
