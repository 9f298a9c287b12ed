"""The names that an expression may use, what each means, and the kind of value it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Series(StrEnum):
    """Whose readings a rule watches: positions of trackers, or readings of sensors."""

    position = "position"
    sensor = "sensor"


class Kind(StrEnum):
    """The kind of a fact's value, by CEL's names."""

    number = "double"
    switch = "bool"
    text = "string"
    texts = "list(string)"
    numbers = "list(double)"


@dataclass(frozen=True, slots=True)
class Name:
    """A name that an expression may use. What nobody said is unknown, and an unknown fact makes nothing true."""

    name: str
    kind: Kind
    meaning: str


_BOTH: Final = (
    Name("device", Kind.text, "key of the device that reported"),
    Name("vehicle", Kind.text, "the vehicle that it was on then"),
    Name("hour", Kind.number, "hour of the day by the organisation's clock, 13.5 being half past one"),
    Name("weekday", Kind.number, "0.0 is Monday, 6.0 Sunday"),
    Name("battery_v", Kind.number, "the device's own battery, volts"),
    Name("battery_pct", Kind.number, "the same in per cent"),
    Name("door_open", Kind.switch, "the door of the hold or the cooler"),
)

NAMES: Final[Mapping[Series, tuple[Name, ...]]] = {
    Series.position: (
        *_BOTH,
        Name("longitude_deg", Kind.number, "east is positive"),
        Name("latitude_deg", Kind.number, "north is positive"),
        Name("speed_mps", Kind.number, "metres a second; 10.0 is 36 km/h"),
        Name("course_deg", Kind.number, "0 north, 90 east"),
        Name("altitude_m", Kind.number, "above sea level"),
        Name("accuracy_m", Kind.number, "radius of the position's error"),
        Name("satellites", Kind.number, "in use"),
        Name("ignition", Kind.switch, "on or off"),
        Name("in_motion", Kind.switch, "by the tracker's own sensor"),
        Name("cargo_kg", Kind.number, "the load"),
        Name("fuel_l", Kind.number, "in the tank"),
        Name("fuel_pct", Kind.number, "the same in per cent"),
        Name("external_v", Kind.number, "the vehicle's supply"),
        Name("odometer_m", Kind.number, "driven so far"),
        Name("temperature_c", Kind.number, "of the warmest probe"),
        Name("temperatures_c", Kind.numbers, "of all probes that answered"),
        Name("alarms", Kind.texts, "alarms that the device raised with this reading"),
        Name("zones", Kind.texts, "identifiers of the zones it is inside"),
        Name("zone_kinds", Kind.texts, "their kinds, such as depot, red, parking, territory"),
        Name("trip", Kind.text, "the trip that was planned for then, with half an hour before and two after; empty: none"),
        Name("trip_state", Kind.text, "early, running or overdue by the plan; none without a trip"),
        Name("minutes_into_trip", Kind.number, "since its planned start"),
        Name("minutes_standing", Kind.number, "since it last moved; 0.0 while it moves"),
        Name("minutes_since_stop", Kind.number, "since its last halt of three minutes ended; 0.0 during one"),
    ),
    Series.sensor: (
        *_BOTH,
        Name("weight_g", Kind.number, "on the shelf's load cell"),
        Name("temperature_c", Kind.number, "in the box"),
        Name("humidity_pct", Kind.number, "relative"),
        Name("count", Kind.number, "pieces, where the sensor counts them itself"),
    ),
}
