"""Approvals that cannot be meant are refused here, naming the field."""

from __future__ import annotations

from domain.errors import InvalidInputError
from domain.suppressors import Suppressor, SuppressorKind
from domain.validity import check_zone
from domain.zones import Zone, ZoneKind

_PLACED = frozenset({SuppressorKind.detour, SuppressorKind.approved_place})


def check_suppressor(suppressor: Suppressor, path: str = "suppressor") -> None:
    """Raise InvalidInputError for an approval without a subject, or of nowhere, or that ends before it begins."""
    if not suppressor.suppressor_id.strip() or "\x00" in suppressor.suppressor_id:
        raise InvalidInputError(f"{path}.suppressor_id", "must be text that is not empty")
    _check_span(suppressor, path)
    kind = suppressor.kind
    if suppressor.geometry is not None and kind not in _PLACED:
        raise InvalidInputError(f"{path}.geometry", f"a {kind} has no place")
    if suppressor.schedule is not None and kind is not SuppressorKind.break_window:
        raise InvalidInputError(f"{path}.schedule", f"a {kind} has no weekly hours")
    if kind is SuppressorKind.approved_place and suppressor.geometry is None:
        raise InvalidInputError(f"{path}.geometry", "an approved place needs one")
    if kind is SuppressorKind.detour and suppressor.trip_id is None and suppressor.geometry is None:
        raise InvalidInputError(f"{path}.trip_id", "a detour needs a trip or an area")
    if suppressor.geometry is not None:
        check_zone(place_of(suppressor), path)


def place_of(suppressor: Suppressor) -> Zone:
    """Where it holds, as a zone."""
    return Zone(
        f"{suppressor.kind}:{suppressor.suppressor_id}",
        suppressor.reason or suppressor.suppressor_id,
        ZoneKind.approved if suppressor.kind is SuppressorKind.approved_place else ZoneKind.detour,
        suppressor.geometry or {},
        suppressor.radius_m,
        suppressor.width_m,
        None,
        suppressor.valid_from,
        suppressor.valid_until,
    )


def _check_span(suppressor: Suppressor, path: str) -> None:
    for name in ("valid_from", "valid_until"):
        moment = getattr(suppressor, name)
        if moment is not None and moment.tzinfo is None:
            raise InvalidInputError(f"{path}.{name}", "must have a time zone")
    if suppressor.valid_until is not None and suppressor.valid_until <= suppressor.valid_from:
        raise InvalidInputError(f"{path}.valid_until", f"must be after {suppressor.valid_from.isoformat()}")
