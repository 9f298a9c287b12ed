"""Where tests find the real data that is not part of the project."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("BEATWATCH_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is absent (BEATWATCH_SHARED_DATA names another folder)")
    return folder


@pytest.fixture(scope="session")
def vectors(shared_data: Path) -> dict[str, list[dict[str, Any]]]:
    """The payloads with expected values, by the name of their file."""
    folder = shared_data / "vectors"
    return {file.stem: json.loads(file.read_text(encoding="utf-8"))["vectors"] for file in folder.glob("*.json")}
