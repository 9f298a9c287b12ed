"""Machine code that is kept is that of the files as they are."""

from __future__ import annotations

from pathlib import Path

from geofence import facts
from geofence.kernels import ground, halts, telling
from geofence.kernels.compiler import sources_of


def test_what_is_kept_depends_on_all_files_that_are_compiled_in_and_on_the_constants_they_take() -> None:
    files = sources_of(_file(halts.__file__))

    assert {_file(ground.__file__), _file(telling.__file__), _file(facts.__file__)} <= files


def _file(name: str | None) -> Path:
    assert name is not None
    return Path(name)
