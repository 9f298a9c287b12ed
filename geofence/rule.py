"""What a rule is: a name, its parameters, and functions that step over facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geofence.facts import Fact
from geofence.parameters import Parameter

if TYPE_CHECKING:
    from geofence.tracking import Device

Step = Callable[["Device", Fact], None]
Wake = Callable[["Device", int], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue, or a part of the tracking that rules stand on.

    `on` maps kinds of facts to what is done about them. `wake` is called with the moment a timer of the rule's name was set
    for. `begin` and `finish` frame a trip. What the rule must remember goes to `device.memory[name]` (numbers, text, lists,
    maps), and to the device's open episodes.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    on: Mapping[int, Step] = field(default_factory=dict)
    wake: Wake | None = None
    begin: Wake | None = None
    finish: Wake | None = None
