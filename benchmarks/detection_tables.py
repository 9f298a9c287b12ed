"""The figures of a run of `benchmarks.detection` as the tables of docs/detection-quality.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_RULES: Final = ("rule", "found", "false", "not found", "precision", "recall", "median s", "95 % s")
_ARGUABLE: Final = ("rule", "arguable and told", "arguable and not told", "precision, strictly", "recall, strictly")
_VISITS: Final = ("truly", "judged", "stops")
_SCENARIOS: Final = ("scenario", "seeds", "vehicle-days", "visits right", "precision", "recall", "false alarms a vehicle-day")
_NEARLY: Final = ("near-incident", "happened", "false alarms of the rules that it tempts, on its vehicle-days")


def tables(document: Mapping[str, Any]) -> str:
    """Everything in Markdown: the sums, by rule, what is arguable, by visit, by scenario, and by near-incident."""
    days, alarms = document["vehicle_days"], document["false_alarms_per_vehicle_day"]
    right = _share(document["visits_right"])
    wanted = "(wanted: below 0.02)"
    sums = f"{days:.0f} vehicle-days; false alarms per vehicle-day **{alarms:.4f}** {wanted}; visits right **{right}** (0.995)."
    visits = [(true, judged, str(count)) for true, states in document["visits"].items() for judged, count in states.items()]
    parts = (
        _table(_RULES, (_rule(name, tally) for name, tally in sorted(document["rules"].items()))),
        _table(_ARGUABLE, (_arguable(name, told, document["strictly"][name]) for name, told in document["arguable"].items())),
        _table(_VISITS, visits),
        _table(_SCENARIOS, (_scenario(name, seeds) for name, seeds in sorted(document["scenarios"].items()))),
        _table(_NEARLY, (_nearly(kind, tally) for kind, tally in sorted(document["near_incidents"].items()))),
    )
    return "\n\n".join((sums, *parts)) + "\n"


def _rule(name: str, tally: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (str(tally[field]) for field in ("tp", "fp", "fn"))
    shares = (_share(tally[field]) for field in ("precision", "recall"))
    delays = ("-" if tally[field] is None else f"{tally[field]:.0f}" for field in ("median_detect_s", "p95_detect_s"))
    return f"`{name}`", *counts, *shares, *delays


def _arguable(name: str, told: Mapping[str, int], strictly: Mapping[str, Any]) -> tuple[str, ...]:
    shares = (_share(strictly[field]) for field in ("precision", "recall"))
    return f"`{name}`", str(told.get("told", 0)), str(told.get("silent", 0)), *shares


def _scenario(name: str, seeds: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """All rules and seeds of a scenario together."""
    scores = list(seeds.values())
    days = sum(score["vehicle_days"] for score in scores)
    tallies = [tally for score in scores for tally in score["rules"].values()]
    counted = {field: sum(tally[field] for tally in tallies) for field in ("tp", "fp", "fn")}
    stops = [sum(sum(states.values()) for states in score["visits"].values()) for score in scores]
    right = sum((score["visits_right"] or 0.0) * count for score, count in zip(scores, stops, strict=True))
    return (
        name,
        str(len(scores)),
        f"{days:.0f}",
        _share(right / sum(stops) if sum(stops) else None),
        _share(_of(counted["tp"], counted["fp"])),
        _share(_of(counted["tp"], counted["fn"])),
        f"{counted['fp'] / days:.4f}" if days else "-",
    )


def _nearly(kind: str, tally: Mapping[str, int]) -> tuple[str, ...]:
    return f"`{kind}`", str(tally["happened"]), str(tally["alarms"])


def _of(part: int, rest: int) -> float | None:
    return part / (part + rest) if part + rest else None


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_lines(tuple(head), rows))


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
