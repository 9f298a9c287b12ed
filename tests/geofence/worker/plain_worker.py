"""A worker of the plain engine as a process of its own, to be killed: `python -m tests.geofence.worker.plain_worker URL`."""

import sys

from geofence.worker.service import run
from tests.geofence.worker.plain_engine import PlainEngine

if __name__ == "__main__":
    run(sys.argv[1], on_ready=lambda: print("ready", flush=True), make_engine=PlainEngine)
