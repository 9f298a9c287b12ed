"""The description against the service: as documented on what is there, and with requests that nobody thought of.

No 5xx, and every answer as described; for each operation, also that it was reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from api.body_examples import EXAMPLES, example_of
from geofence.worker.settings import define_parameters
from tests.api.conftest import serving
from tests.api.victim import BODIES, victim
from tests.api.yard import Yard

pytestmark = pytest.mark.server
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOT_THERE = {
    "get_push_key",  # no key is set
    "get_retailer_view",  # only its hash is kept
    "get_media",  # written down, and its content was never saved
    "end_own_session",  # nobody signs in here
    "delete_push_subscription",
    "delete_recipient",  # these two name one by three parts, or by a query
    "delete_duty",
}

OTHERWISE = {  # of the names that several operations call alike
    "get_parameter": {"name": "unscheduled_stop.least_s"},
    "set_parameter": {"name": "unscheduled_stop.least_s"},
    "get_report": {"name": "otif"},
}


@pytest.fixture
def standing(database_url: str, yard: Yard) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server that acts for an organisation with something of everything, and what all of that is called."""
    identifiers = victim(yard, database_url).identifiers
    yard.owner.execute(  # the installation's, not the victim's
        "INSERT INTO topic_pattern (name, pattern, format, device)"
        " VALUES ('victims-pattern', 'v/{device}', 'senml', '{device}')"
    )
    with yard.pool.connection() as connection:
        define_parameters(connection)
    with serving(database_url, organisation="victim") as address:
        yield address, identifiers


def operations_of(address: str) -> list[Any]:
    """All but the stream, which never ends: first what reads, last what deletes."""
    description = schemathesis.openapi.from_url(f"{address}/openapi.json", timeout=60)
    found: list[Any] = list(description.get_all_operations())
    order = {"get": 0, "post": 1, "put": 1, "patch": 1, "delete": 2}
    return sorted((one.ok() for one in found if one.ok().path != "/live"), key=lambda one: order[one.method])


def name_of(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])


@pytest.mark.filterwarnings("ignore:Do not use the .random. module")  # the server's threads draw their delays from it meanwhile
@pytest.mark.timeout(1800)  # many operations, one after the other
def test_every_operation_answers_as_described(standing: tuple[str, dict[str, str]]) -> None:
    address, identifiers = standing
    operations = operations_of(address)
    assert len(operations) >= 228
    seen: dict[str, set[int]] = defaultdict(set)
    for operation in operations:
        seen[name_of(operation)].add(_as_documented(operation, identifiers))
    missed = {name for name, statuses in seen.items() if statuses & {400, 404, 405, 415}} - NOT_THERE
    assert missed == set()
    read = {name_of(one) for one in operations if one.method == "get"} - NOT_THERE
    assert {name: seen[name] for name in read if seen[name] != {200}} == {}
    for operation in operations:
        _unthought_of(operation, identifiers, seen[name_of(operation)])
    done = {name for name, statuses in seen.items() if any(status < 300 for status in statuses)}
    assert len(done) > 0.75 * len(operations), sorted(seen.keys() - done)


def _named(operation: Any, identifiers: dict[str, str]) -> dict[str, str]:
    names = identifiers | OTHERWISE.get(name_of(operation), {})
    return {one.name: names[one.name] for one in operation.path_parameters}


def _as_documented(operation: Any, identifiers: dict[str, str]) -> int:
    """With a body that is known to mean something, on what is there."""
    name = name_of(operation)
    sent = BODIES.get(name, {})
    named = _named(operation, identifiers)
    values: dict[str, Any] = {
        "path_parameters": named,
        "query": {key: str(value) for key, value in sent.get("params", {}).items()},
    }
    if "json" in sent:
        values |= {"body": sent["json"], "media_type": "application/json"}
    elif "content" in sent:
        types = list(operation.definition.raw["requestBody"]["content"])
        values |= {"body": sent["content"], "media_type": "image/png" if "image/png" in types else types[0]}
    elif "data" in sent:
        values |= {"body": sent["data"], "media_type": "application/x-www-form-urlencoded"}
    response = operation.Case(**values).call_and_validate(checks=CHECKS, timeout=60)
    return int(response.status_code)


def _unthought_of(operation: Any, identifiers: dict[str, str], seen: set[int]) -> None:
    """Requests made from the description, half of them on what is there, and some that it forbids."""
    real = _named(operation, identifiers)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(), is_real=st.booleans())
    def answers_as_described(case: Any, is_real: bool) -> None:
        if is_real and real:
            case.path_parameters.update(real)
            case.headers.pop("Beatwatch-Organisation", None)  # of nobody, it is refused before anything is looked at
        seen.add(int(case.call_and_validate(checks=CHECKS, timeout=60).status_code))

    @settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def refuses_as_described(case: Any) -> None:
        response = case.call(timeout=60)
        assume(response.text != "Invalid HTTP request received.")  # no HTTP at all: the server refuses it, and we never see it
        case.validate_response(response, checks=CHECKS)

    answers_as_described()
    with suppress(Unsatisfiable):  # where nothing can be wrong
        refuses_as_described()


@given(
    st.dictionaries(st.sampled_from(["bbox", "zoom", "organisation"]), st.text(max_size=40)),
    st.text("0123456789-x.", max_size=25),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def _follow(address: str, query: dict[str, str], last: str) -> None:
    with httpx.stream("GET", f"{address}/live", params=query, headers={"last-event-id": last}, timeout=60) as answer:
        assert answer.status_code in {200, 403, 404, 422}, f"{query} {last}: {answer.status_code}"
        wanted = "text/event-stream" if answer.status_code == 200 else "application/problem+json"
        assert answer.headers["content-type"].startswith(wanted)


def test_the_stream_opens_or_refuses_as_described(address: str) -> None:
    _follow(address)


def test_every_body_has_an_example_that_is_valid(address: str) -> None:
    document = httpx.get(f"{address}/openapi.json", timeout=60).json()
    life_cycles = httpx.get(f"{address}/life-cycles", timeout=60).json()
    assert life_cycles
    told = set()
    for operation in (one for those in document["paths"].values() for one in those.values()):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        name = operation["operationId"]
        assert "example" in content, f"{name} shows no whole body"
        told.add(name)
        if example_of(name) is not None:
            schema = {**content["schema"], "components": document["components"]}
            jsonschema(schema).validate(content["example"])
    assert told >= EXAMPLES.keys()


def jsonschema(schema: dict[str, Any]) -> Any:
    from jsonschema_rs import validator_for

    return validator_for(schema)
