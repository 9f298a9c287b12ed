import io
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.trips import Circle, PlannedStop, Proof, Trip
from tests.wire.strategies import latitudes, longitudes, maybe, moments, names, positive
from wire.files.trip_json import parse_trips, write_trips

places = st.builds(Circle, longitudes, latitudes, positive)
stops = st.builds(
    PlannedStop,
    stop_id=names,
    outlet_id=maybe(names),
    place=places,
    window_start=maybe(st.just(datetime(2024, 1, 1, tzinfo=UTC))),
    window_end=maybe(st.just(datetime(2024, 1, 2, tzinfo=UTC))),
    planned_service_s=maybe(positive),
    cases=maybe(positive),
)
proofs = st.builds(Proof, names, moments, maybe(longitudes), maybe(latitudes), maybe(positive))
trips = st.builds(
    Trip,
    trip_id=names,
    device_id=names,
    planned_start=st.just(datetime(2024, 1, 1, tzinfo=UTC)),
    planned_end=moments.map(lambda moment: max(moment, datetime(2024, 1, 2, tzinfo=UTC))),
    route=st.lists(st.tuples(longitudes, latitudes), max_size=4).map(tuple),
    corridor_m=maybe(positive),
    depot=maybe(places),
    stops=st.lists(stops, max_size=3, unique_by=lambda stop: stop.stop_id).map(tuple),
    proofs=st.lists(proofs, max_size=2).map(tuple),
)
SMALL: dict[str, Any] = {
    "trip_id": "t1",
    "device_id": "van-1",
    "planned_start": "2024-03-01T06:00:00+05:30",
    "planned_end": "2024-03-01T18:00:00+05:30",
    "route": {"type": "LineString", "coordinates": [[77.5, 12.9], [77.6, 13.0]]},
    "corridor_m": 200,
    "depot": {"longitude_deg": 77.5, "latitude_deg": 12.9, "radius_m": 150},
    "stops": [
        {"stop_id": 1, "outlet_id": "o1", "longitude_deg": 77.51, "latitude_deg": 12.91, "radius_m": 75},
        {"stop_id": 2, "longitude_deg": 77.52, "latitude_deg": 12.92, "radius_m": 75, "window_end": "2024-03-01T12:00:00Z"},
    ],
    "proofs": [],
}


@given(st.lists(trips, max_size=3))
def test_what_is_written_is_read_and_written_the_same(planned: list[Trip]) -> None:
    first, second = io.StringIO(), io.StringIO()
    assert write_trips(planned, first) == len(planned)
    again = parse_trips(first.getvalue())
    assert again == planned
    write_trips(again, second)
    assert first.getvalue() == second.getvalue()


def test_one_trip_alone_and_identifiers_that_are_numbers() -> None:
    (trip,) = parse_trips(msgspec.json.encode(SMALL))
    assert trip.planned_start == datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
    assert [stop.stop_id for stop in trip.stops] == ["1", "2"]
    assert trip.stops[0].window_end is None
    assert trip.route == ((77.5, 12.9), (77.6, 13.0))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trip_id": None}, "0.trip_id"),
        ({"planned_end": "2024-03-01T12:00:00"}, "0.planned_end"),
        ({"planned_end": "2023-03-01T12:00:00Z"}, "0.planned_end"),
        ({"route": {"type": "Point", "coordinates": [1, 2]}}, "0.route.type"),
        ({"route": {"type": "LineString", "coordinates": [[1, 2], [3]]}}, "0.route.coordinates.1"),
        ({"corridor_m": -1}, "0.corridor_m"),
        ({"corridor_m": True}, "0.corridor_m"),
        ({"stops": {}}, "0.stops"),
        ({"stops": [SMALL["stops"][0], SMALL["stops"][0]]}, "0.stops.1.stop_id"),
        ({"stops": [SMALL["stops"][0], SMALL["stops"][1] | {"radius_m": "75"}]}, "0.stops.1.radius_m"),
        ({"depot": 7}, "0.depot"),
        ({"proofs": [{"stop_id": "1"}]}, "0.proofs.0.captured_at"),
    ],
)
def test_a_refusal_names_the_path(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_trips(msgspec.json.encode([SMALL | change]))
    assert refusal.value.field == field


@pytest.mark.parametrize("content", [b"", b"{", b"7", b'"trip"', b"\xff\xfe", b"[" * 100_000, b"[7]"])
def test_what_is_no_trip_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_trips(content)
