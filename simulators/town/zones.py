"""A town's places as zones."""

from __future__ import annotations

from domain.zones import Zone, ZoneKind
from simulators.town.places import Place, Town


def zones_of(town: Town, number: int) -> list[Zone]:
    """Depot, allowed places, red and dead zones, and the outlets, each a circle about its place."""
    return [_zone(town, place, number) for place in (town.depot, *town.others, *town.outlets)]


def _zone(town: Town, place: Place, number: int) -> Zone:
    longitude, latitude = town.network.plane.to_degrees(place.x_m, place.y_m)
    return Zone(
        f"town-{number + 1}/{place.place_id}",
        _name(place),
        place.kind,
        {"type": "Point", "coordinates": [round(float(longitude), 7), round(float(latitude), 7)]},
        radius_m=place.radius_m,
    )


def _name(place: Place) -> str:
    return place.place_id.replace("-", " ").capitalize() if place.kind is not ZoneKind.depot else "Depot"
