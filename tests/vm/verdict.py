"""Reads the console: collects what scenarios print as "PASS name" and "FAIL name: why", and sums it up."""

import re

_CHECK = re.compile(r"^(PASS|FAIL) (.+)$")
_END = re.compile(r"^END (\S+) status (\d+) after (\S+) s$")


class Verdict:
    """A scenario that ends early, checks nothing or is not reached counts as failed."""

    def __init__(self, scenarios, verbose=False):
        self.scenarios = list(scenarios)
        self._verbose = verbose
        self._current = None
        self._passed = {name: 0 for name in self.scenarios}
        self._failed = {name: 0 for name in self.scenarios}
        self._ended = set()
        self._problems = []
        self._text = []  # of the current scenario, for when it fails

    def line(self, line):
        if self._verbose:
            print(line, flush=True)
        if line.startswith("SCENARIO "):
            self._current = line.split()[1]
            self._text = []
            return
        if "Kernel panic" in line or "BUG:" in line or "Oops:" in line:
            self.problem(f"the kernel says: {line}")
        check, end = _CHECK.match(line), _END.match(line)
        if check and self._current:
            (self._passed if check.group(1) == "PASS" else self._failed)[self._current] += 1
        if end:
            self._finish(end.group(1), int(end.group(2)), end.group(3))
        else:
            self._text.append(line)

    def _finish(self, name, status, seconds):
        self._ended.add(name)
        if status != 0:
            self.problem(f"{name} ended with {status}")
        if not self._passed[name] and not self._failed[name]:
            self.problem(f"{name} checked nothing")
        good = status == 0 and self._passed[name] and not self._failed[name]
        if not good and not self._verbose:
            print("\n".join(f"    {line}" for line in self._text))
        print(f"{'ok    ' if good else 'FAILED'} {name}: {self._passed[name]} passed, {self._failed[name]} failed, "
              f"{seconds} s", flush=True)
        self._current = None
        self._text = []

    def problem(self, text):
        self._problems.append(text)

    def _missing(self):
        return [name for name in self.scenarios if name not in self._ended]

    def passed(self):
        return sum(self._passed.values())

    def failed(self):
        return sum(self._failed.values())

    def good(self):
        return not self._problems and not self._missing() and not any(self._failed.values())

    def summary(self):
        lines = [f"vm: {text}" for text in self._problems]
        lines += [f"vm: {name} did not end" for name in self._missing()]
        if self._missing() and not self._verbose:
            lines += ["the console's last lines:", *(f"    {line}" for line in self._text[-30:])]
        return "\n".join([*lines, f"vm: {self.passed()} passed, {self.failed()} failed"])
