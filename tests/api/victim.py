"""Another tenant, with something of everything: what is theirs, how addresses name it, and what to send at each operation.

Who adds a resource adds here what the other tenant has of it, its identifiers, and bodies for what can be sent to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from own_rules.definition import Definition, members
from own_rules.vocabulary import Series
from store import planning
from store.organisations import add_organisation
from tests.api.persons import PASSWORD, register
from tests.api.victims_catalogue import CATALOGUE_BODIES, catalogue_of
from tests.api.victims_goods import GOODS_BODIES, goods_of
from tests.api.yard import DEPOT, Yard, trip_document
from wire.files.trip_json import parse_trips
from wire.files.zone_geojson import parse_zones

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Victim:
    """What another tenant has, by the name its identifier has in addresses."""

    identifiers: dict[str, str]
    words: tuple[str, ...]


NAMES = {
    "vehicle_id": "victims-van",
    "trip_id": "victims-trip",
    "zone_id": "victims-zone",
    "device_key": "tracker-of-victims-van",
    "login": "victims-manager",
    "session_id": "00000000-0000-4000-8000-000000000000",
    "format": "teltonika",
    "scope": "model",
    "name": "FMB920",
    "pattern_name": "victims-pattern",
    "suppressor_id": "victims-breakdown",
    "person": "victims-manager",
    "channel": "email",
    "rule": "*",
    "rule_id": "victims_rule",
}
_SETTINGS = """
INSERT INTO payload_profile (org_id, format, scope, name, settings) VALUES (%(org)s, 'teltonika', 'model', 'FMB920', '{}');
INSERT INTO suppressor (org_id, suppressor_id, kind, vehicle_id, valid, source)
    VALUES (%(org)s, 'victims-breakdown', 'breakdown', 'victims-van', tstzrange(%(now)s, NULL), 'victims-manager');
INSERT INTO parameter (org_id, scope, scope_key, name, since, value, set_by)
    VALUES (%(org)s, 'organisation', '', 'unscheduled_stop.least_s', %(now)s, 480, 'victims-manager');
"""


def victim(yard: Yard, database_url: str) -> Victim:
    """Make the other tenant, with its manager."""
    with yard.pool.connection() as connection:
        org_id = add_organisation(connection, slug="victim", name="Victim", parent_id=None)
    register(yard, "victims-manager", org_id=org_id)
    theirs = Yard(database_url, "victim")
    try:
        van = theirs.van("victims-van")
        theirs.report(van, {"fix_time": NOW})
        _planned(theirs)
        _set_up(theirs)
        _own_rule(theirs)
        concluded = _concluded(theirs, van)
        goods = catalogue_of(theirs) | goods_of(theirs)
    finally:
        theirs.close()
    return Victim({**NAMES, **concluded, **goods}, ("victim", concluded["event_id"]))


def _planned(theirs: Yard) -> None:
    """A zone and a trip."""
    with theirs.pool.connection() as connection:
        planning.save_zone(connection, theirs.org_id, parse_zones(json.dumps(zone_document("victims-zone", "depot")))[0])
        document = trip_document("victims-trip", "tracker-of-victims-van", NOW)
        planning.save_trip(connection, theirs.org_id, parse_trips(json.dumps(document))[0])


def _set_up(theirs: Yard) -> None:
    """A payload profile, an approval that holds rules back, and a threshold."""
    for statement in _SETTINGS.split(";\n"):
        if statement.strip():
            theirs.owner.execute(statement.encode(), {"org": theirs.org_id, "now": NOW})


def _concluded(theirs: Yard, van: int) -> dict[str, str]:
    """An event, its alert, a visit, and somebody who was told."""
    event_id = theirs.event(van, "missed_stop", NOW, trip_id="victims-trip", stop_id="S-1")
    number = theirs.alert(event_id)
    theirs.visit(van, "victims-trip", "S-1", "missed", NOW)
    return {"event_id": event_id, "alert_id": str(number), "message_id": str(_told(theirs, number))}


def _told(theirs: Yard, alert_id: int) -> int:
    """Somebody who is told of their alert; the number of the message."""
    owner, org_id = theirs.owner, theirs.org_id
    owner.execute("INSERT INTO recipient (org_id, person, channel) VALUES (%s, 'victims-manager', 'email')", (org_id,))
    owner.execute(
        "INSERT INTO duty (org_id, person, span) VALUES (%s, 'victims-manager', tstzrange(%s, '2090-01-01'))", (org_id, NOW)
    )
    row = owner.execute(
        "INSERT INTO message (org_id, alert_id, stage, person, channel, address, body, state, next_attempt_at, created_at)"
        " VALUES (%s, %s, 'opened', 'victims-manager', 'email', 'v@example.org', '{}', 'dead', now(), now())"
        " RETURNING message_id",
        (org_id, alert_id),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _own_rule(theirs: Yard) -> None:
    definition = members(Definition("Victim", Series.position, "door_open"))
    with theirs.owner.transaction():
        theirs.owner.execute(
            "INSERT INTO own_rule (org_id, rule_id, version, made_at, made_by) VALUES (%s, 'victims_rule', 1, now(), 'victim')",
            (theirs.org_id,),
        )
        theirs.owner.execute(
            "INSERT INTO own_rule_version (org_id, rule_id, version, definition, made_at, made_by)"
            " VALUES (%s, 'victims_rule', 1, %s, now(), 'victim')",
            (theirs.org_id, json.dumps(definition)),
        )


def zone_document(zone_id: str, kind: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": zone_id,
        "properties": {"kind": kind, "radius_m": 50, "name": zone_id},
        "geometry": {"type": "Point", "coordinates": list(DEPOT)},
    }


BREAKDOWN = {"kind": "breakdown", "vehicle_id": "victims-van", "valid_from": "2030-01-01T00:00:00Z"}
SHOWS_ONES_OWN = {"export_table"}  # its address names a kind, of which it shows one's own
NAMES_ONES_OWN = {
    "import_table",
    "save_payload_profile",
    "save_own_rule",
    "save_recipient",
    "save_topic_pattern",
}  # a PUT makes one's own of that name and touches nobody else's
BODIES: dict[str, dict[str, Any]] = {
    "save_payload_profile": {"json": {}},
    "save_recipient": {"json": {}},
    "save_own_rule": {"json": {"name": "Door", "expression": "door_open"}},
    "add_push_subscription": {"json": {"endpoint": "https://93.184.215.14/1", "keys": {"p256dh": "BA", "auth": "AA"}}},
    "delete_push_subscription": {"params": {"endpoint": "https://push.example.org/victims"}},
    "check_own_rule": {"json": {"expression": "door_open"}},
    "save_topic_pattern": {"json": {"pattern": "mallory/{device}", "format": "senml"}},
    "set_parameter": {"json": {"value": 480}},
    "create_suppressor": {"json": BREAKDOWN},
    "replace_suppressor": {"json": BREAKDOWN},
    "end_suppressor": {"json": {}},
    "create_duty": {"json": {"person": "mallory", "since": "2030-01-01T00:00:00Z", "until": "2030-01-02T00:00:00Z"}},
    "delete_duty": {"params": {"since": NOW.isoformat()}},
    "reopen_alert": {"json": {}},
    "assign_alert": {"json": {"assignee": "mallory"}},
    "snooze_alert": {"json": {"until": "2090-01-01T00:00:00Z"}},
    "comment_on_alert": {"json": {"text": "seen"}},
    "resolve_alert": {"json": {"resolution": "confirmed"}},
    "change_person": {"json": {"name": "Mallory"}},
    "add_person": {"json": {"login": "mallory2", "name": "M", "role": "driver", "password": PASSWORD}},
    "save_trips": {"json": trip_document("victims-trip", "tracker-of-victims-van", NOW)},
    "save_zones": {"json": zone_document("victims-zone", "red")},
    **CATALOGUE_BODIES,
    **GOODS_BODIES,
    "get_token": {"data": {"grant_type": "password", "username": "mallory", "password": PASSWORD}},
}
