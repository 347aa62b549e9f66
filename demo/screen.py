"""What the demo shows: a line a second with who answered, the agent's words in between, a table at the end."""

import os
import re
import sys
import threading
import time

COLOURS = {"local": "32", "cluster": "33", "bad": "31", "bold": "1", "dim": "2"}
IN_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
ORDER = ("local", "cluster")
COLUMN, TITLE, TIME, LINE = 34, 40, 9, 110  # characters
QUIET = re.compile("listening on|serving with")  # of the server: nothing new


def paint(text, colour, width=0):
    """Padded first: the codes have no width on the screen."""
    padded = text.ljust(width)
    return f"\033[{COLOURS[colour]}m{text}\033[0m{padded[len(text):]}" if IN_COLOUR else padded


def say(text=""):
    print(text.rstrip(), flush=True)


def who(counts, width=COLUMN):
    """"187 local, 12 cluster, 1 lost"."""
    kinds = [kind for kind in ORDER if counts[kind]]
    kinds += sorted(kind for kind in counts if kind not in ORDER and counts[kind])
    words = [f"{counts[kind]} {kind}" for kind in kinds] or ["-"]
    painted = [paint(word, kind if kind in ORDER else "bad") for kind, word in zip(kinds, words)] or words
    return ", ".join(painted) + " " * max(0, width - len(", ".join(words)))


class Background(threading.Thread):
    """Runs `look` again and again until the end of its block."""

    def __init__(self, pause):
        super().__init__(daemon=True)
        self.pause = pause
        self.done = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join(2)

    def run(self):
        while not self.done.wait(self.pause):
            self.look()


class Ticker(Background):
    """A line for each second, a moment after its end: a query without an answer by then is taken for lost. The
    summary knows better: it has waited longer."""
    MOMENT = 0.25

    def __init__(self, clients, zero):
        super().__init__(0.02)
        self.clients = clients
        self.zero = zero
        self.second = 0

    def look(self):
        since = self.zero + self.second
        if time.monotonic() < since + 1 + self.MOMENT:
            return
        columns = [who(client.counts(since, since + 1)) for client in self.clients]
        say(f"{self.second:4d} s  " + "  ".join(columns))
        self.second += 1


class LogTail(Background):
    """The agent's log as it is written."""

    def __init__(self, path):
        super().__init__(0.02)
        self.path = path
        self.shown = 0

    def look(self):
        text = self.path.read_text(errors="replace") if self.path.exists() else ""
        whole = text[:text.rfind("\n") + 1]
        for line in whole[self.shown:].splitlines():
            if " [" in line and not QUIET.search(line):  # with a time and a level: the agent's or the server's
                message = re.sub(r"^\S+Z \[\w+\] ", "", line)
                say(paint("        | " + (message if len(message) < LINE else message[:LINE - 1] + "…"), "dim"))
        self.shown = len(whole)


def summary(marks, clients, names):
    """One line a step: who answered, and the longest time that a client waited for anybody's answer."""
    say()
    say(paint("what was done", "bold", TITLE) + "  ".join(
        paint(f"{name}: who answered", "bold", COLUMN) + paint("silence", "bold", TIME) for name in names))
    for (title, since), (_, until) in zip(marks, marks[1:]):
        columns = [who(client.counts(since, until)) + f"{client.silence(since, until) * 1000:4.0f} ms".ljust(TIME)
                   for client in clients]
        say(title.ljust(TITLE) + "  ".join(columns))
    first, last = marks[0][1], marks[-1][1]
    say("all".ljust(TITLE) + "  ".join(who(client.counts(first, last)) + " " * TIME for client in clients))
