"""Every page of the console. A new one is one file and one line here, and one in the bar of `drawing`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from api.pages import (
    answers,
    approvals,
    boards,
    entrance,
    exceptions,
    field,
    notices,
    organisations,
    own_rules,
    people,
    replay,
    reports,
    setup,
    tables,
    thresholds,
    trips,
    webhooks,
    zones,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    boards.router,
    own_rules.router,
    entrance.router,
    field.router,
    trips.router,
    approvals.router,
    reports.router,
    zones.router,
    replay.router,
    tables.router,
    setup.router,
    people.router,
    notices.router,
    thresholds.router,
    exceptions.router,
    webhooks.router,
    organisations.router,
    answers.router,
)
