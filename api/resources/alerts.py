"""Alerts: what somebody should look at, and what was done about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Caller
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.places import Place
from api.versions import tag
from domain.events import Severity
from domain.wording import title
from store import inbox
from store.inbox import AlertFilter, InboxAlert
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/alerts", tags=["alerts"])


class AlertState(StrEnum):
    """Where an alert is in its life."""

    open = "open"
    acknowledged = "acknowledged"
    resolved = "resolved"


class Alert(BaseModel):
    """All events of one rule about one subject on one trip, until somebody or the end of its condition resolves it."""

    model_config = ConfigDict(from_attributes=True)

    alert_id: int
    rule: str = Field(examples=["missed_stop"])
    title: str = Field(examples=["Missed stop"])
    subject: str = Field(description="The device or stop that it is about.")
    severity: Severity
    state: AlertState
    vehicle_id: str
    device_key: str | None
    trip_id: str | None
    stop_id: str | None
    event_id: str = Field(description="The newest event of it.")
    late: bool = Field(description="Opened by late data, so nobody was paged for it.")
    started_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None = Field(description="Who is to look after it.")
    snoozed_until: datetime | None = Field(description="Until then nobody is told of it.")
    resolved_at: datetime | None
    resolved_by: str | None = Field(description="Null when it resolved itself.")
    resolution: str | None = Field(examples=["confirmed"])
    reason: str | None
    reopened_count: int
    escalation_level: int = Field(description="How often nobody took it on in time.")
    storm_id: int | None = Field(description="The first alert of the storm that it is part of, for which one message was sent.")
    changed_at: datetime
    place: Place | None = Field(description="Where it happened, as far as that is known.")
    facts: dict[str, Any] = Field(description="The numbers that decided.")


class AlertEntry(BaseModel):
    """A line of an alert's history."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    actor: str | None = Field(description="Null: the system itself.")
    action: str
    note: str | None


class AlertWithHistory(Alert):
    """An alert and all that was done to it."""

    history: list[AlertEntry]


AlertId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", operation_id="list_alerts")
def list_alerts(
    caller: Caller,
    listed: Listed,
    state: Annotated[list[AlertState] | None, Query(description="In one of these states.")] = None,
    rule: Annotated[list[str] | None, Query(description="Of one of these rules.")] = None,
    severity: Annotated[list[Severity] | None, Query(description="Of one of these severities.")] = None,
    vehicle_id: Annotated[str | None, Query(max_length=200)] = None,
    trip_id: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Opened at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Opened before this time.")] = None,
) -> RecordPage[Alert]:
    """Alerts, the newest first."""
    wanted = AlertFilter(
        states=state, rules=rule, severities=severity, vehicle_id=vehicle_id, trip_id=trip_id, since=since, until=until
    )

    def read(connection: Connection, part: Part) -> list[InboxAlert]:
        return inbox.list_alerts(connection, wanted, part)

    return record_page(caller, inbox.LISTING, listed, read, alert_of)


@router.get("/{alert_id}", operation_id="get_alert", responses=problem_responses(404))
def get_alert(caller: Caller, alert_id: AlertId, response: Response) -> AlertWithHistory:
    """One alert with its history."""
    with caller.transaction() as connection:
        alert = alert_of(inbox.alert_numbered(connection, alert_id))
        history = [AlertEntry.model_validate(entry) for entry in inbox.entries(connection, alert_id)]
    response.headers["etag"] = tag(alert.changed_at)
    return AlertWithHistory(**alert.model_dump(), history=history)


def alert_of(row: InboxAlert) -> Alert:
    """A stored alert as the API shows it."""
    values = {name: getattr(row, name) for name in Alert.model_fields if name not in {"title", "place"}}
    return Alert(**values, title=title(row.rule), place=Place.model_validate(row.place) if row.place else None)
