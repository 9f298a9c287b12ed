"""Requests that nobody thought of, made from the description itself: no 5xx, and every answer as described."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.api.yard import Yard

pytestmark = pytest.mark.server
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.timeout(1800)  # many operations, one after the other
def test_every_operation_answers_as_described(address: str, yard: Yard) -> None:
    van = yard.van("van-1")
    yard.report(van, {"fix_time": datetime.now(UTC)})
    yard.alert(yard.event(van, "missed_stop", datetime.now(UTC)))
    description = schemathesis.openapi.from_url(f"{address}/openapi.json", timeout=60)
    found: list[Any] = list(description.get_all_operations())
    operations = [one.ok() for one in found]
    tried = [operation for operation in operations if operation.path != "/live"]  # a stream never ends
    assert len(tried) > 15
    for operation in tried:
        _try(operation)


def _try(operation: Any) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def answers_as_described(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, timeout=60)

    answers_as_described()
