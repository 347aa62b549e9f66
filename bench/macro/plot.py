# Draws the figures of a run as SVG: a panel a scenario, a bar a server. Run: plot.py RESULT.json OUT.svg [ru]
import json
import pathlib
import sys
from xml.sax.saxutils import escape

import report

STYLE = """
  .page { fill: #ffffff; }
  text { font-family: system-ui, "DejaVu Sans", Arial, sans-serif; font-size: 12px; fill: #1b2430; }
  .title { font-weight: bold; }
  .faint { fill: #5b6676; }
  .bar { fill: #b4bcc8; }
  .ours { fill: #1d5bb8; }
  .limit { fill: none; stroke: #5b6676; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #12161c; }
    text { fill: #e8edf3; }
    .faint { fill: #a7b1bf; }
    .bar { fill: #4a5463; }
    .ours { fill: #7fb0ff; }
    .limit { stroke: #a7b1bf; }
  }
"""

# Scenario: its title in English and in Russian.
PANELS = {
    "udp": ("cached, UDP", "из кэша, UDP"),
    "nxdomain": ("cached NXDOMAIN, UDP", "NXDOMAIN из кэша, UDP"),
    "udp_100k": ("cached, UDP, 100,000 names", "из кэша, UDP, 100 000 имён"),
    "tcp": ("cached, TCP", "из кэша, TCP"),
    "miss_udp": ("miss, upstream over UDP", "мимо кэша, апстрим по UDP"),
    "miss_tcp": ("miss, upstream over TCP", "мимо кэша, апстрим по TCP"),
    "start": ("start to first answer", "от запуска до первого ответа"),
    "memory_100k": ("memory, 100,000 names", "память, 100 000 имён"),
}
UNITS = {
    "us/query": ("CPU, µs per query", "CPU, мкс на запрос"),
    "ms": ("ms", "мс"),
    "MB": ("MB", "МБ"),
}
LIMIT_NAME = ("limit of sockets", "предел сокетов")
LEFT, BAR, VALUE = 116, 190, 60  # widths: names, the longest bar, its figure
PANEL = LEFT + BAR + VALUE
LINE, HEAD, GAP = 17, 34, 18
COLUMNS = 2


def value_text(value, language):
    text = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return text.replace(".", ",") if language else text


def bars(figures):
    """What has a bar: figures that a problem makes worthless have none."""
    return {name: one["value"] for name, one in figures.get("servers", {}).items() if not one["problems"]}


def panel(scenario, figures, left, top, language):
    """The lines of one panel: bars from the least to the most."""
    servers = bars(figures)
    longest = max(servers.values())
    title, unit = PANELS[scenario][language], UNITS[figures["unit"]][language]
    yield f'<text class="title" x="{left}" y="{top + 12}">{escape(title)}</text>'
    yield f'<text class="faint" x="{left}" y="{top + 27}">{escape(unit)}</text>'
    for number, (name, value) in enumerate(sorted(servers.items(), key=lambda item: item[1])):
        y = top + HEAD + number * LINE
        kind = {report.OURS: "ours", report.LIMIT: "limit"}.get(name, "bar")
        shown = LIMIT_NAME[language] if name == report.LIMIT else name
        width = max(value / longest * BAR, 1)
        bold = ' class="title"' if name == report.OURS else ""
        yield f'<text{bold} x="{left + LEFT - 6}" y="{y + 12}" text-anchor="end">{escape(shown)}</text>'
        yield f'<rect class="{kind}" x="{left + LEFT}" y="{y + 2}" width="{width:.1f}" height="{LINE - 5}"/>'
        yield f'<text x="{left + LEFT + width + 5:.1f}" y="{y + 12}">{value_text(value, language)}</text>'


def draw(summary, language=0):
    shown = [name for name in PANELS if bars(summary.get(name, {}))]
    lines, top = [], GAP
    for at in range(0, len(shown), COLUMNS):
        row = shown[at:at + COLUMNS]
        for column, name in enumerate(row):
            lines += panel(name, summary[name], GAP + column * (PANEL + GAP), top, language)
        most = max(len(bars(summary[name])) for name in row)
        top += HEAD + most * LINE + GAP
    width = GAP + COLUMNS * (PANEL + GAP)
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}">\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="page" width="{width}" height="{top}"/>\n{body}\n</svg>\n'
    )


def main(arguments):
    if len(arguments) not in (2, 3):
        sys.exit("usage: plot.py RESULT.json OUT.svg [ru]")
    summary = json.loads(pathlib.Path(arguments[0]).read_text())["scenarios"]
    pathlib.Path(arguments[1]).write_text(draw(summary, int(arguments[2:] == ["ru"])))


if __name__ == "__main__":
    main(sys.argv[1:])
