import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from wire.topics import Route, Router, TopicPattern

ROUTER = Router()


@pytest.mark.parametrize(
    ("topic", "route"),
    [
        ("bw/1/acme/van-1/pos", Route("beatwatch", "van-1", "acme")),
        ("bw/1/acme/shelf 9/sensor", Route("beatwatch", "shelf 9", "acme")),
        ("bw/1/acme/van-1/cmd", None),
        ("bw/2/acme/van-1/pos", None),
        ("owntracks/ravi/phone", Route("owntracks", "ravi:phone", None)),
        ("owntracks/ravi/phone/event", Route("owntracks", "ravi:phone", None)),
        ("owntracks/ravi/phone/cmd", None),
        ("", None),
        ("bw/1/acme//pos", None),
    ],
)
def test_where_a_topic_leads(topic: str, route: Route | None) -> None:
    assert ROUTER.route(topic) == route


def test_filters_are_what_a_broker_understands() -> None:
    filters = ROUTER.filters()
    assert len(filters) == len(set(filters))
    assert "bw/1/+/+/pos" in filters
    assert not any("{" in one for one in filters)
    assert TopicPattern("v3/{app}@{tenant}/devices/{device}/#", "ttn").filter == "v3/+/devices/+/#"


def matches(topic_filter: str, topic: str) -> bool:
    """As MQTT 5, section 4.7, says it."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        return (
            levels[: len(wanted) - 1] == [level if one == "+" else one for one, level in zip(wanted[:-1], levels, strict=False)]
            and len(levels) >= len(wanted) - 1
        )
    return len(wanted) == len(levels) and all(one in {"+", level} for one, level in zip(wanted, levels, strict=True))


levels = st.lists(st.sampled_from(["a", "b", "{x}"]), min_size=1, max_size=4)
patterns = st.builds(
    lambda parts, rest: TopicPattern(
        "/".join(part.replace("x", f"x{'yzuv'[no]}") for no, part in enumerate(parts)) + "/#" * rest, "ais140", device=""
    ),
    levels,
    st.booleans(),
)


@given(st.lists(patterns, max_size=6), st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=6).map("/".join))
def test_the_filters_bring_in_what_the_patterns_want_and_nothing_twice_if_it_can_be_helped(
    wanted: list[TopicPattern], topic: str
) -> None:
    filters = Router(wanted).filters()
    assert any(matches(one, topic) for one in filters) == any(matches(pattern.filter, topic) for pattern in wanted)
    for one in filters:
        alone = [other for other in filters if other != one]
        probes = [one.replace("#", "q/q").replace("+", "q"), one.replace("/#", "").replace("+", "q")]
        assert not any(all(matches(other, probe) for probe in probes) for other in alone)


def test_patterns_of_an_installation() -> None:
    router = Router(
        [
            TopicPattern("fleet/{tenant}/{imei}/raw/#", "teltonika", device="{imei}", tenant="{tenant}"),
            TopicPattern("one/{device}", "ais140", tenant="acme"),
            TopicPattern("v3/{app}@{tenant}/{device}", "ttn", tenant="{tenant}"),
        ]
    )
    assert router.route("fleet/acme/7/raw") == Route("teltonika", "7", "acme")
    assert router.route("fleet/acme/7/raw/a/b") == Route("teltonika", "7", "acme")
    assert router.route("one/7") == Route("ais140", "7", "acme")
    assert router.route("v3/shelves@acme/c1") == Route("ttn", "c1", "acme")
    assert router.route("one.7") is None


@pytest.mark.parametrize(
    ("pattern", "device", "tenant"),
    [
        ("", "", None),
        ("a/{device}/{device}", "{device}", None),
        ("a/+/{device}", "{device}", None),
        ("a/#/{device}", "{device}", None),
        ("a/b", "{device}", None),
        ("a/{device}", "{device}", "{tenant}"),
        ("a/{device", "device", None),
        ("a/{}", "", None),
        ("a/{x}{device}", "{device}", None),
        ("a/{x}-{y}-{device}", "{device}", None),
        ("$SYS/{device}", "{device}", None),
        ("a/{device}/" + "b" * 300, "{device}", None),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern: str, device: str, tenant: str | None) -> None:
    with pytest.raises(InvalidInputError):
        TopicPattern(pattern, "ais140", device, tenant)


@given(st.text(max_size=60))
def test_any_topic_gets_an_answer(topic: str) -> None:
    ROUTER.route(topic)
    ROUTER.route(f"bw/1/{topic}/pos")


def test_a_template_reaches_nothing_but_levels() -> None:
    router = Router([TopicPattern("a/{device}", "ais140", device="{device}{0.__class__}{device.__class__}")])
    assert router.route("a/7") == Route("ais140", "7{0.__class__}{device.__class__}", None)


@pytest.mark.parametrize("turned", [False, True])
def test_of_patterns_that_overlap_the_narrower_is_meant(*, turned: bool) -> None:
    patterns = [
        TopicPattern("v3/{app}/devices/{device}/up", "ttn"),
        TopicPattern("v3/{app}@north/devices/{device}/up", "ttn", tenant="north"),
        TopicPattern("v3/crates@north/devices/{device}/up", "ttn", tenant="crates"),
        TopicPattern("v3/{app}/#", "senml", device="{app}"),
    ]
    router = Router(reversed(patterns) if turned else patterns)
    assert router.route("v3/a@south/devices/d/up") == Route("ttn", "d", None)
    assert router.route("v3/a@north/devices/d/up") == Route("ttn", "d", "north")
    assert router.route("v3/crates@north/devices/d/up") == Route("ttn", "d", "crates")
    assert router.route("v3/a@north/status") == Route("senml", "a@north", None)


def test_patterns_can_be_replaced() -> None:
    router = Router()
    assert router.route("senml/a") == Route("senml", "a", None)
    router.replace([TopicPattern("s/{device}", "senml")])
    assert router.route("senml/a") is None
    assert router.route("s/a") == Route("senml", "a", None)


def test_a_topic_of_absurd_length_leads_nowhere() -> None:
    assert ROUTER.route("senml/" + "a" * 70_000) is None
