"""Expressions that mean something, and those that are refused with where they go wrong."""

from __future__ import annotations

import pytest

from own_rules.language import LONGEST, EvaluationError, ExpressionError, compile_expression
from own_rules.vocabulary import NAMES, Kind, Series

POSITION = Series.position


@pytest.mark.parametrize(
    ("expression", "facts", "holds"),
    [
        ("speed_mps > 10.0", {"speed_mps": 11.0}, True),
        ("speed_mps > 10.0", {"speed_mps": 9.0}, False),
        ("speed_mps > 10.0", {}, None),
        ("!(speed_mps > 10.0)", {}, None),
        ("speed_mps > 10.0 || door_open", {"door_open": True}, True),
        ("speed_mps > 10.0 && door_open", {"door_open": False}, False),
        ("'red' in zone_kinds && !ignition", {"zone_kinds": ["depot", "red"], "ignition": False}, True),
        ("zones.exists(z, z.startsWith('market'))", {"zones": ["market-2"]}, True),
        ("trip == '' && hour >= 22.0", {"trip": "", "hour": 23.5}, True),
        ("temperatures_c.all(t, t < 5.0)", {"temperatures_c": [1.0, 7.0]}, False),
    ],
)
def test_what_is_not_known_makes_nothing_true(expression: str, facts: dict[str, object], holds: bool | None) -> None:
    assert compile_expression(expression, POSITION).evaluate(facts) is holds


@pytest.mark.parametrize(
    ("expression", "line", "column", "says"),
    [
        ("", 1, 1, "nothing"),
        ("speed_mps >", 1, 12, "ends too early"),
        ("spede_mps > 10.0", 1, 1, "no fact 'spede_mps'"),
        ("door_open\n  && weight_g > 1.0", 2, 6, "no fact 'weight_g'"),
        ("speed_mps > 10", 1, 11, "with a point"),
        ("door_open + 1.0 > 2.0", 1, 11, "no matching overload"),
        ("speed_mps", 1, 1, "true or false"),
        ("[1, 2].all(x, [1].all(y, y == x))", 1, 22, "inside another"),
        ("".join(["zones.exists(z, z == 'a') || "] * 5) + "true", 1, 129, "more than 4"),
        ("true || " * LONGEST + "true", 1, LONGEST, "longer"),
        ("(" * 200 + "true" + ")" * 200, 1, 1, "deep"),
        ("🙂", 1, 1, "Syntax error"),
    ],
)
def test_a_bad_expression_is_refused_where_it_goes_wrong(expression: str, line: int, column: int, says: str) -> None:
    with pytest.raises(ExpressionError, match=says) as refused:
        compile_expression(expression, POSITION)
    assert (refused.value.line, refused.value.column) == (line, column)


def test_words_in_strings_are_no_macros_and_no_facts() -> None:
    program = compile_expression("device == 'a.all(b.all(speed_mps))'", POSITION)
    assert program.names == {"device"}


def test_what_goes_wrong_for_one_reading_is_told() -> None:
    program = compile_expression("1 / int(speed_mps) > 1", POSITION)
    with pytest.raises(EvaluationError, match="divide by zero"):
        program.evaluate({"speed_mps": 0.0})
    with pytest.raises(EvaluationError, match="Expected DOUBLE"):
        program.evaluate({"speed_mps": "fast"})


_ANY = {
    Kind.number: "{} > 0.0",
    Kind.switch: "{}",
    Kind.text: "{} != ''",
    Kind.texts: "size({}) > 0",
    Kind.numbers: "size({}) > 0",
}


@pytest.mark.parametrize("series", Series)
def test_every_name_can_be_used(series: Series) -> None:
    for name in NAMES[series]:
        assert compile_expression(_ANY[name.kind].format(name.name), series).names == {name.name}
