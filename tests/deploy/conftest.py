"""Fixtures of the deployment's tests: the program, and bounded time.

Run: /usr/bin/python3 -m pytest tests/deploy. NLD_BINARY or NLD_BUILD name the program, as in tests/e2e; NLD_TOOLS
the folder of the tools that are fetched (default: build/tools)."""

import pytest

from lab.ours import BINARY
from lab.time_limit import time_limit

TEST_LIMIT = 120  # seconds


@pytest.fixture(autouse=True)
def bounded_time(request):
    with time_limit(request.node.nodeid, TEST_LIMIT):
        yield


@pytest.fixture(scope="session")
def binary():
    assert BINARY.exists(), f"{BINARY} is missing: ./dev build"
    return BINARY
