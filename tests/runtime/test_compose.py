"""docker-compose.yml against what services read and which commands there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]

from beatwatch.__main__ import build_app
from beatwatch.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "beatwatch"}
SETTINGS = {name.upper(): field for name, field in Settings.model_fields.items()}
ONCE = {"migrate", "first-accounts", "simulator"}


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_is_told_is_a_setting_there_is(name: str) -> None:
    told = OURS[name]["environment"]
    assert set(told) <= set(SETTINGS)
    for variable, value in told.items():
        if not str(value).startswith("${") and "${" not in str(value):
            Settings.model_validate({variable.lower(): value})


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_runs_is_a_command_with_these_options(name: str) -> None:
    command: Any = typer.main.get_command(build_app())
    words = [str(word) for word in OURS[name]["command"]]
    while hasattr(command, "commands") and words:
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_no_secret_is_written_down() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for variable in ("POSTGRES_PASSWORD", "LINK_SECRET", "WEBHOOK_SECRET", "VAPID_PRIVATE_KEY"):
        values = {str(service.get("environment", {}).get(variable, "${")) for service in COMPOSE["services"].values()}
        assert all(value.startswith("${") and not value.partition(":-")[2].strip("}") for value in values), variable
    assert "${POSTGRES_PASSWORD:?" in text  # nothing starts without one


def test_what_goes_on_is_watched_and_what_it_keeps_has_a_place() -> None:
    for name, service in COMPOSE["services"].items():
        if name not in ONCE | {"accounts"}:
            assert "test" in service["healthcheck"], name
            assert service["restart"] == "unless-stopped", name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume
        for needed in service.get("depends_on", {}):
            assert needed in COMPOSE["services"]


def test_a_probe_asks_where_the_service_answers() -> None:
    for name in ("ingest", "geofence", "alerts", "api"):
        told = OURS[name]["environment"]
        port = told["API_PORT"] if name == "api" else told["METRICS_PORT"]
        assert f"127.0.0.1:{port}/readyz" in OURS[name]["healthcheck"]["test"][-1]


def test_only_this_machine_reaches_what_is_published() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
