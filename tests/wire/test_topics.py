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
