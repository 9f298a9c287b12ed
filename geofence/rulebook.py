"""Every rule, and every parameter: a new rule is its file, its line here, and its test."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geofence.parameters import Parameter, Parameters
from geofence.primitives import PRIMITIVES
from geofence.rule import Rule
from geofence.rules import (
    arrivals,
    asset_out,
    breakdown,
    cargo_weight_drop,
    clock_fault,
    collusion_cluster,
    detour,
    door_open_moving,
    early_or_late,
    fuel_drop,
    ghost_delivery,
    gps_loss,
    harsh_driving,
    long_dwell,
    missed_stop,
    night_movement,
    off_hours_ignition,
    out_of_sequence,
    overspeed,
    pod_away,
    power_cut,
    route_deviation,
    settlement_mismatch,
    shelf_shrink,
    shelf_stock_out,
    shelf_sweep,
    silent_device,
    spoofed_position,
    tamper,
    temperature_excursion,
    traffic,
    unscheduled_stop,
    unscheduled_unloading,
    visits,
    zone_passages,
)
from geofence.sensing import level
from geofence.sensing.watch import SensorRule

RULES: Final[tuple[Rule, ...]] = (
    visits.RULE,
    *zone_passages.RULES,
    traffic.RULE,
    unscheduled_stop.RULE,
    unscheduled_unloading.RULE,
    missed_stop.RULE,
    breakdown.RULE,
    arrivals.RULE,
    out_of_sequence.RULE,
    early_or_late.RULE,
    long_dwell.RULE,
    ghost_delivery.RULE,
    pod_away.RULE,
    route_deviation.RULE,
    detour.RULE,
    overspeed.RULE,
    harsh_driving.RULE,
    door_open_moving.RULE,
    cargo_weight_drop.RULE,
    fuel_drop.RULE,
    silent_device.RULE,
    gps_loss.RULE,
    spoofed_position.RULE,
    power_cut.RULE,
    tamper.RULE,
    tamper.JAMMING_RULE,
    night_movement.RULE,
    night_movement.TOW_RULE,
    off_hours_ignition.RULE,
)
"""In the order in which they see a fact; the visits of planned stops come first, as others ask them."""

SENSOR_RULES: Final[tuple[SensorRule, ...]] = (
    level.RULE,
    shelf_stock_out.RULE,
    shelf_sweep.RULE,
    shelf_shrink.RULE,
    temperature_excursion.RULE,
    asset_out.RULE,
)
"""Over the samples of what stands still, in the order in which they see one; the level of a shelf comes before its rules."""

AFTERWARDS: Final = (settlement_mismatch, collusion_cluster, clock_fault)
"""Rules over what is known when a day is done: accounts, habits of weeks, and clocks, which tell no time to go by."""

JUDGED_ELSEWHERE: Final = (*(rule.name for rule in SENSOR_RULES), *(rule.NAME for rule in AFTERWARDS))
"""Rules whose events the positions' engine neither concludes nor overturns."""

CATALOGUE: Final[Mapping[str, Parameter]] = {
    parameter.name: parameter
    for parameter in (
        *PRIMITIVES,
        *(parameter for rule in RULES for parameter in rule.parameters),
        *(parameter for rule in SENSOR_RULES for parameter in rule.parameters),
        *(parameter for rule in AFTERWARDS for parameter in rule.PARAMETERS),
    )
}
_KERNEL: Final = tuple(parameter for parameter in CATALOGUE.values() if parameter.in_kernel)
TUNING: Final = np.dtype([(parameter.name.replace(".", "_"), "<f8") for parameter in _KERNEL])
"""The parameters kernels read; `rule.threshold` is the field `rule_threshold`."""


def resolve(parameters: Parameters, organisation: str, route: str | None, outlet_class: str | None = None) -> dict[str, float]:
    """Every parameter's value for an organisation, a route and an outlet class."""
    return {**_defaults(), **parameters.resolved(organisation, route, outlet_class)}


def tuning_row(values: Mapping[str, float]) -> NDArray[np.void]:
    """A scalar of TUNING."""
    return np.array(tuple(values[parameter.name] for parameter in _KERNEL), TUNING)


@lru_cache(maxsize=1)
def _defaults() -> dict[str, float]:
    return {parameter.name: parameter.default for parameter in CATALOGUE.values()}
