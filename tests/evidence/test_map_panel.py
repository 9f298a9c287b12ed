"""The map of a picture."""

from __future__ import annotations

from evidence.dossier import NearPlace
from evidence.map_panel import place_labels


def _square(name: str, west_deg: float, distance_m: float) -> NearPlace:
    east_deg = west_deg + 0.001
    ring = [[west_deg, 12.9], [east_deg, 12.9], [west_deg, 12.901], [west_deg, 12.9]]
    return NearPlace("stop", name, name, distance_m, {"type": "Polygon", "coordinates": [ring]})


def test_names_of_one_place_are_written_below_each_other_and_once() -> None:
    shop, stop = _square("Sri Stores", 77.5, -5.0), _square("O-1", 77.500001, -5.0)
    assert place_labels([shop, stop, shop, _square("Depot", 77.6, 1234.4)]) == {
        (77.5, 12.901): "Sri Stores (inside)\nO-1 (inside)",
        (77.6, 12.901): "Depot (1,234 m away)",
    }
