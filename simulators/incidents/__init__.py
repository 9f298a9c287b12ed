"""What goes wrong, and what only looks like it: each kind rewrites a round's script, or what the tracker saw of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.incidents import approved, halting, harmless, nearly, nights, routing, skipping, slight, spares, timing
from simulators.incidents.case import Incident
from simulators.incidents.devices import DEVICE_INCIDENTS

INCIDENTS: Final[Mapping[str, Incident]] = {
    "skip_stop": skipping.skip_stop,
    "skip_and_sign": skipping.skip_and_sign,
    "stop_and_sign": skipping.stop_and_sign,
    "sign_elsewhere": skipping.sign_elsewhere,
    "unplanned_halt": halting.unplanned_halt,
    "red_zone_halt": halting.red_zone_halt,
    "meet_partner": halting.meet_partner,
    "unload_elsewhere": halting.unload_elsewhere,
    "unload_too_much": halting.unload_too_much,
    "siphon_fuel": halting.siphon_fuel,
    "deviate": routing.deviate,
    "go_round": routing.go_round,
    "shuffle_stops": routing.shuffle_stops,
    "leave_late": timing.leave_late,
    "dwell_long": timing.dwell_long,
    "speed": timing.speed,
    "leave_door_open": timing.leave_door_open,
    "miscount": timing.miscount,
    "night_ride": nights.night_ride,
    "tow": nights.tow,
    "idle_at_night": nights.idle_at_night,
    **DEVICE_INCIDENTS,
    "short_halt": nearly.short_halt,
    "door_at_halt": nearly.door_at_halt,
    "lunch_break": nearly.lunch_break,
    "refuel": nearly.refuel,
    "weigh": nearly.weigh,
    "park_next_door": nearly.park_next_door,
    "upload_later": nearly.upload_later,
    "drive_through_tunnel": nearly.drive_through_tunnel,
    "door_sensor_stuck": nearly.door_sensor_stuck,
    "crank_weakly": nearly.crank_weakly,
    "approved_halt": approved.approved_halt,
    "approved_detour": approved.approved_detour,
    "approved_breakdown": approved.approved_breakdown,
    "sign_round_corner": harmless.sign_round_corner,
    "hurry": harmless.hurry,
    "dwell_somewhat": harmless.dwell_somewhat,
    "leave_a_little_late": harmless.leave_a_little_late,
    "swap_neighbours": harmless.swap_neighbours,
    "move_in_yard": harmless.move_in_yard,
    **harmless.HARMLESS_TO_TRACKERS,
    spares.KIND: spares.tracker_swapped,
    "brake_for_child": slight.brake_for_child,
    "brief_interference": slight.brief_interference,
    "sign_on_leaving": slight.sign_on_leaving,
}
"""By the name that scenarios use."""

TEMPTS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(rules.split())
    for kind, rules in {
        "short_halt": "unscheduled_stop",
        "lunch_break": "unscheduled_stop",
        "refuel": "unscheduled_stop fuel_drop",
        "weigh": "unscheduled_stop cargo_weight_drop",
        "approved_halt": "unscheduled_stop",
        "approved_breakdown": "unscheduled_stop missed_stop early_or_late",
        "door_at_halt": "unscheduled_unloading",
        "park_next_door": "unscheduled_unloading missed_stop pod_away",
        "approved_detour": "route_deviation detour",
        "swap_neighbours": "out_of_sequence route_deviation",
        "upload_later": "missed_stop silent_device",
        "brief_silence": "silent_device missed_stop",
        "drive_through_tunnel": "gps_loss silent_device missed_stop",
        "sign_round_corner": "pod_away ghost_delivery",
        "leave_a_little_late": "early_or_late",
        "dwell_somewhat": "long_dwell early_or_late",
        "hurry": "overspeed harsh_driving",
        "move_in_yard": "night_movement towed off_hours_ignition",
        "slope": "cargo_weight_drop fuel_drop",
        "door_sensor_stuck": "door_open_moving unscheduled_unloading",
        "crank_weakly": "power_cut",
        "low_battery": "tamper power_cut silent_device",
        "odometer_reset": "spoofed_position clock_fault missed_stop detour",
        "reboot": "clock_fault spoofed_position",
        "clock_back": "clock_fault spoofed_position",
        spares.KIND: "missed_stop silent_device clock_fault spoofed_position detour cargo_weight_drop fuel_drop",
        "brake_for_child": "harsh_driving",
        "brief_interference": "jamming gps_loss missed_stop",
        "sign_on_leaving": "ghost_delivery pod_away",
    }.items()
}
"""What only looks like an incident and must not raise any alarm, with the rules that it tempts."""
