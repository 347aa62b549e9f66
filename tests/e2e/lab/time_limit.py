"""An end for tests that hang."""

import contextlib
import faulthandler
import signal

import pytest

from lab.waiting import PATIENCE


@contextlib.contextmanager
def time_limit(what, seconds):
    """A hang is a failure with a traceback, not a stuck run."""
    limit = int(seconds * PATIENCE)

    def expired(_number, _frame):
        faulthandler.dump_traceback()
        pytest.fail(f"{what} took longer than {limit} s")
    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
