"""What a person meets who begins with another command than `up`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from beatwatch.services.ports import free_port
from beatwatch.services.postgres import embedded_postgres
from domain.errors import UnavailableError
from store.pool import Role, open_pool

pytestmark = pytest.mark.server


def run(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with embedded servers below `state`."""
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "MQTT_URL"}}
    return subprocess.run(
        [sys.executable, "-m", "beatwatch", *arguments],
        env={**environment, "BEATWATCH_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_administration_comes_before_the_first_start(open_folder: Path) -> None:
    name = "A name that is too long for a terminal of eighty columns, and is not broken in a pipe"
    added = run(open_folder, "org", "add", "north", "--name", name, "--json")
    assert (added.returncode, json.loads(added.stdout)) == (0, {"organisation": "north"}), added.stderr
    listed = run(open_folder, "org", "list")
    assert name in listed.stdout


def test_a_database_without_a_schema_is_told_from_one_that_is_away(open_folder: Path) -> None:
    postgres = embedded_postgres(open_folder, free_port())
    postgres.program.start()
    try:
        with pytest.raises(UnavailableError, match="beatwatch migrate"):
            open_pool(postgres.url, Role.worker, timeout_s=1.0)
    finally:
        postgres.program.stop()
    with pytest.raises(UnavailableError, match="is DATABASE_URL right"):
        open_pool(postgres.url, Role.worker, timeout_s=1.0)
