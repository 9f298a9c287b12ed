from __future__ import annotations

import os
import subprocess
import sys

import httpx
import pytest

from tests.api.conftest import serving

pytestmark = [pytest.mark.server, pytest.mark.acceptance]


def beatwatch(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": database_url}
    command = [sys.executable, "-m", "beatwatch", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_first_person_is_registered_on_the_command_line(database_url: str) -> None:
    assert beatwatch(database_url, "org", "add", "north", "--parent", "default").returncode == 0
    added = beatwatch(database_url, "user", "add", "Asha@example.org", "--org", "north", "--role", "logistics_manager")
    assert added.returncode == 0, added.stderr
    password = added.stdout.splitlines()[1].removeprefix("password ")
    with serving(database_url, sign_in=True) as address:
        data = {"grant_type": "password", "username": "asha@example.org", "password": password}
        assert httpx.post(f"{address}/oauth2/token", data=data, timeout=60).status_code == 200
    again = beatwatch(database_url, "user", "add", "asha@example.org")
    assert (again.returncode, again.stderr.strip()) == (1, "error: conflict: the login 'asha@example.org' is taken")
    assert "asha@example.org" in beatwatch(database_url, "user", "list", "--json").stdout
    assert "error: not_found" in beatwatch(database_url, "org", "add", "south", "--parent", "nowhere").stderr
