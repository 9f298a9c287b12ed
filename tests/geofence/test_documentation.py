from __future__ import annotations

from pathlib import Path

from geofence.rulebook import AFTERWARDS, CATALOGUE, RULES, SENSOR_RULES

PAGE = (Path(__file__).parents[2] / "docs" / "detection.md").read_text()


def test_every_rule_is_described() -> None:
    names = [rule.name for rule in RULES] + [rule.name for rule in SENSOR_RULES] + [rule.NAME for rule in AFTERWARDS]
    assert [name for name in names if name not in {"visits", "shelf"} and f"`{name}`" not in PAGE] == []


def test_the_table_of_parameters_is_that_of_the_rule_book() -> None:
    rows = [
        f"| `{p.name}` | {p.default:.4g} | {p.unit} | {p.low:g} to {p.high:g} | {p.explanation} |" for p in CATALOGUE.values()
    ]
    listed = PAGE.partition("## Parameters")[2]
    assert [line for line in listed.splitlines() if line.startswith("| `")] == rows
