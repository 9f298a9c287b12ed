"""Payloads with expected values, of the real data that is not part of the project."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def vectors(shared_data: Path) -> dict[str, list[dict[str, Any]]]:
    """The payloads with expected values, by the name of their file."""
    folder = shared_data / "vectors"
    return {file.stem: json.loads(file.read_text(encoding="utf-8"))["vectors"] for file in folder.glob("*.json")}
