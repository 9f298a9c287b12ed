from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from PIL import Image

from tests.api.yard import DEPOT, Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def alert_id(client: httpx.Client, yard: Yard) -> int:
    """A van that drove east past its first stop, where it happened."""
    van = yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)).raise_for_status()
    depot = {
        "type": "Feature",
        "id": "<depot> $1",
        "properties": {"kind": "depot", "radius_m": 100, "name": "<b>The yard</b> costs $5 or `6`"},
        "geometry": {"type": "Point", "coordinates": list(DEPOT)},
    }
    client.post("/zones", json=depot).raise_for_status()
    yard.drive(van, NOW - timedelta(minutes=20), 180)
    facts = {"longitude_deg": DEPOT[0] + 0.002, "latitude_deg": DEPOT[1], "dwell_s": 75}
    return yard.alert(yard.event(van, "ghost_delivery", NOW, trip_id="T-1", facts=facts))


def test_the_evidence_is_the_track_around_with_what_is_near(client: httpx.Client, alert_id: int) -> None:
    evidence = client.get(f"/alerts/{alert_id}/evidence").json()
    times = [datetime.fromisoformat(fix["fix_time"]) for fix in evidence["track"]]
    assert times == sorted(times)
    assert min(times) == NOW - timedelta(minutes=10)
    assert max(times) < NOW + timedelta(minutes=10)
    assert len(times) > 100
    assert evidence["facts"]["dwell_s"] == 75
    near = evidence["near"]
    assert [place["identifier"] for place in near] == ["<depot> $1", "S-1"]
    assert near[0]["distance_m"] == pytest.approx(0.002 * 108_350 - 100, abs=2)
    assert near[1]["distance_m"] == pytest.approx(0.008 * 108_350 - 75, abs=4)


def test_the_picture_is_a_png_with_something_on_it(client: httpx.Client, alert_id: int) -> None:
    answer = client.get(f"/alerts/{alert_id}/evidence.png")
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert min(picture.size) > 600
        colours = picture.convert("RGB").getcolors(1_000_000)
        assert colours is not None
        assert {(15, 118, 110), (190, 18, 60)} <= {colour for _, colour in colours}  # the track and the alarm


def test_the_kept_map_asks_nobody_and_shows_names_as_text(client: httpx.Client, alert_id: int) -> None:
    kept = client.get(f"/alerts/{alert_id}/map", params={"download": True})
    assert kept.headers["content-disposition"] == f'attachment; filename="alert-{alert_id}.html"'
    assert "<b>The yard</b>" not in kept.text
    assert 'src="http' not in kept.text
    assert client.get(f"/alerts/{alert_id}/map").status_code == 200


def test_an_alert_without_any_position_has_evidence_too(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-2"), "silent_device", NOW))
    assert client.get(f"/alerts/{number}/evidence").json()["track"] == []
    assert client.get(f"/alerts/{number}/evidence.png").status_code == 200
    assert client.get(f"/alerts/{number}/map").status_code == 200
    assert client.get("/alerts/999999/evidence").status_code == 404
