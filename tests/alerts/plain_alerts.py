"""The alerts service as a process of its own, to be killed: `python -m tests.alerts.plain_alerts DATABASE_URL WEBHOOK_URL`."""

import signal
import sys
import threading

from alerts.options import AlertOptions
from alerts.worker import run

if __name__ == "__main__":
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    options = AlertOptions(webhook_url=sys.argv[2], webhook_secret="secret")  # of a test
    run(sys.argv[1], stop=stop, on_ready=lambda: print("ready", flush=True), options=options)
