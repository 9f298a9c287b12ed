from geofence.engine import Engine
from geofence.worker.warm_up import warm_up
from tests.geofence.worker.plain_engine import PlainEngine


def test_every_engine_takes_it() -> None:
    warm_up(Engine)
    warm_up(PlainEngine)
