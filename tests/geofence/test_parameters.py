from __future__ import annotations

import pytest

from domain.errors import InvalidInputError
from geofence.parameters import Parameter, parse_parameters

CATALOGUE = {"long_dwell.least_s": Parameter("long_dwell.least_s", 1200, "s", 60, 86_400, "A sentence.")}


def test_the_nearer_scope_wins() -> None:
    text = """
    [long_dwell]
    least_s = 600
    [organisation.12.long_dwell]
    least_s = 700
    [outlet_class.A.long_dwell]
    least_s = 900
    """
    parameters = parse_parameters(text)
    parameters.check(CATALOGUE)
    assert parameters.resolved() == {"long_dwell.least_s": 600}
    assert parameters.resolved("12") == {"long_dwell.least_s": 700}
    assert parameters.resolved("12", "north", "A") == {"long_dwell.least_s": 900}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[long_dwell]\nleast_s = 1", "long_dwell.least_s"),
        ("[long_dwell]\nleast_s = nan", "long_dwell.least_s"),
        ("[long_dwell]\nleast = 900", "long_dwell.least"),
        ("[long_dwell]\nleast_s = 'x'", "long_dwell.least_s"),
        ("[long_dwell]\nleast_s = true", "long_dwell.least_s"),
        ("long_dwell = 3", "long_dwell"),
        ("[route.north.long_dwell]\nleast_s = 1", "route.north.long_dwell.least_s"),
        ("=", "params"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(text: str, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_parameters(text).check(CATALOGUE)
    assert refusal.value.field == field
