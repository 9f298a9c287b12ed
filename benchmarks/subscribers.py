"""What our ingest is compared with: `python -m benchmarks.subscribers bare|naive MQTT_URL [DATABASE_URL]`.

Each prints `ready` when it has subscribed and then, ten times a second, how many messages it has dealt with.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import psycopg
import shapely
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

_done = 0


def bare(mqtt_url: str) -> None:
    """paho as its manual shows it: QoS 1, acknowledged at once, and nothing done with the message."""

    def count(_: paho.Client, __: Any, ___: paho.MQTTMessage) -> None:
        global _done  # noqa: PLW0603  # one number, one writer
        _done += 1

    parts = urlsplit(mqtt_url)
    client = paho.Client(CallbackAPIVersion.VERSION2, "bare")
    client.on_message = count
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(str(parts.hostname), parts.port or 1883)
    client.subscribe("bw/1/+/+/pos", qos=1)
    threading.Thread(target=_tell, daemon=True).start()
    client.loop_forever()


def naive(mqtt_url: str, database_url: str) -> None:
    """The obvious way: aiomqtt, and for each message one INSERT of its own and one shapely test for each zone."""
    threading.Thread(target=_tell, daemon=True).start()
    asyncio.run(_naive(mqtt_url, database_url))


async def _naive(mqtt_url: str, database_url: str) -> None:
    global _done  # noqa: PLW0603
    parts = urlsplit(mqtt_url)
    zones = [shapely.Point(-1.62 + 0.001 * number, 6.68).buffer(0.0007) for number in range(500)]
    async with (
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
        aiomqtt.Client(str(parts.hostname), parts.port or 1883, identifier="naive", clean_session=False) as client,
    ):
        await connection.execute(
            "CREATE TABLE naive (device text, at timestamptz, longitude float8, latitude float8, zones int)"
        )
        await client.subscribe("bw/1/+/+/pos", qos=1)
        print("ready", flush=True)
        async for message in client.messages:
            content = json.loads(message.payload)
            place = shapely.Point(content["longitude_deg"], content["latitude_deg"])
            inside = sum(zone.covers(place) for zone in zones)
            at = datetime.fromtimestamp(content["fix_time"] / 1000, UTC)
            row = (str(message.topic).split("/")[3], at, place.x, place.y, inside)
            await connection.execute("INSERT INTO naive VALUES (%s, %s, %s, %s, %s)", row)
            _done += 1


def _tell() -> None:
    while True:
        time.sleep(0.1)
        print(_done, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare(sys.argv[2])
    else:
        naive(sys.argv[2], sys.argv[3])
