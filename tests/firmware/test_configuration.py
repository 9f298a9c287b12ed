"""Configurations that Python encodes are what the firmware reads, or refuses by name."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.firmware.conftest import VECTORS

Decode = Callable[[bytes], dict[str, Any] | str]
VERSION_KEY = 43
ID_KEY = 44


@pytest.fixture(scope="session")
def rules(host_programs: Path) -> list[dict[str, Any]]:
    printed = subprocess.run([host_programs / "decode_configuration", "--rules"], capture_output=True, check=True)
    table: list[dict[str, Any]] = json.loads(printed.stdout)
    return table


@pytest.fixture(scope="session")
def decode(host_programs: Path) -> Decode:
    def run(payload: bytes) -> dict[str, Any] | str:
        done = subprocess.run([host_programs / "decode_configuration"], input=payload, capture_output=True, check=False)
        assert done.returncode in {0, 1}
        if done.returncode == 1:
            return done.stdout.decode().strip()
        read: dict[str, Any] = json.loads(done.stdout)
        return read

    return run


def as_cbor(rules: list[dict[str, Any]], document: dict[str, Any]) -> bytes:
    keys = {rule["name"]: rule["key"] for rule in rules} | {"version": VERSION_KEY, "id": ID_KEY}
    return cbor2.dumps({keys[name]: value for name, value in document.items()})


def consistent(document: dict[str, Any], standard: dict[str, int]) -> bool:
    value = standard | document
    return bool(
        value["moving_interval_s"] <= value["idle_interval_s"] <= value["parked_interval_s"]
        and value["temperature_low_cc"] < value["temperature_high_cc"]
        and value["fuel_empty_mv"] < value["fuel_full_mv"]
        and value["critical_battery_mv"] <= value["low_battery_mv"]
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_configuration_is_read_alike_from_json_and_cbor(
    data: st.DataObject, rules: list[dict[str, Any]], decode: Decode
) -> None:
    document: dict[str, Any] = {"version": data.draw(st.text('abc0123.-_/"\\', min_size=1, max_size=15))}
    for rule in data.draw(st.lists(st.sampled_from(rules), unique_by=lambda rule: str(rule["name"]))):
        document[rule["name"]] = data.draw(st.integers(rule["low"], rule["high"]))
    standard = {rule["name"]: rule["default"] for rule in rules}
    from_json, from_cbor = decode(json.dumps(document).encode()), decode(as_cbor(rules, document))
    if isinstance(from_json, str):
        assert from_cbor == from_json
        assert from_json.startswith("invalid: ")
        assert not consistent(document, standard)
        return
    assert from_cbor == from_json == {"id": "", **standard, **document}
    assert consistent(document, standard)


@pytest.mark.parametrize("beyond", [-1, 1])
def test_every_setting_is_refused_by_name_outside_its_range(beyond: int, rules: list[dict[str, Any]], decode: Decode) -> None:
    for rule in rules:
        wrong = rule["low"] - 1 if beyond < 0 else rule["high"] + 1
        document = {"version": "1", rule["name"]: wrong}
        assert decode(json.dumps(document).encode()) == f"invalid: {rule['name']}"
        assert decode(as_cbor(rules, document)) == f"invalid: {rule['name']}"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not_a_document"),
        (b"[]", "not_a_document"),
        (b'{"version": "1"', "not_a_document"),
        (b'{"version": "1"} x', "not_a_document"),
        (b'{"version": "1", "window": 2.5}', "not_a_document"),
        (b'{"version": "1", "window": {"a": 1}}', "not_a_document"),
        (b"{}", "missing_version"),
        (b'{"version": 7}', "invalid: version"),
        (b'{"version": "a name that is too long"}', "invalid: version"),
        (b'{"version": "1", "window": true}', "invalid: window"),
        (b'{"version": "1", "window": null}', "invalid: window"),
        (b'{"version": "1", "colour": 1}', "unknown: colour"),
        (b'{"version": "1", "window": 2, "window": 3}', "duplicate: window"),
        (b'{"version": "1", "moving_interval_s": 61}', "invalid: idle_interval_s"),
        (cbor2.dumps({VERSION_KEY: "1", 1000: 1}), "unknown: number"),
        (cbor2.dumps({VERSION_KEY: "1", 64: 1.5}), "not_a_document"),
        (cbor2.dumps({VERSION_KEY: "1", 64: [1]}), "not_a_document"),
        (cbor2.dumps({VERSION_KEY: "1"})[:-1], "not_a_document"),
        (cbor2.dumps({VERSION_KEY: "1"}) + b"\0", "not_a_document"),
    ],
)
def test_what_is_wrong_is_named(payload: bytes, reason: str, decode: Decode) -> None:
    assert decode(payload) == reason


def test_committed_configurations_are_read_as_their_readme_says(decode: Decode, rules: list[dict[str, Any]]) -> None:
    standard = {rule["name"]: rule["default"] for rule in rules}
    told = {"id": "c-17", "version": "2026-11", "moving_interval_s": 5, "idle_interval_s": 120, "encoding": 1}
    folder = VECTORS / "configuration"
    assert decode((folder / "summer.json").read_bytes()) == {**standard, **told}
    assert decode((folder / "summer.cbor").read_bytes()) == {**standard, **told}
    assert cbor2.loads((folder / "summer.cbor").read_bytes()) == cbor2.loads(as_cbor(rules, told))
