"""Waiting for a condition with a deadline: the only way tests synchronise with other processes."""

import os
import time

# Sanitizer builds and crowded machines need more patience, never different expectations.
PATIENCE = float(os.environ.get("NLD_E2E_PATIENCE", "1"))


def wait_until(condition, timeout=8.0, what="the condition", interval=0.01):
    """Polls `condition` until it returns something true, which is returned. Exceptions of the kinds that
    a server still starting causes (refused, timed out) count as false."""
    deadline = time.monotonic() + timeout * PATIENCE
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, EOFError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {timeout * PATIENCE:g} s for {what}; last seen: {last!r}")
        time.sleep(interval)


def stays(condition, duration, what="the condition", interval=0.02):
    """Asserts that `condition` holds at every look during `duration` seconds."""
    deadline = time.monotonic() + duration
    while time.monotonic() < deadline:
        assert condition(), f"{what} did not hold"
        time.sleep(interval)
