#!/usr/bin/python3
"""Writes the diagrams of docs/how-it-works.md, in English and in Russian, from one drawing each.

Run: docs/images/draw.py writes the files beside it; --check says whether they are as it would write them."""

import pathlib
import sys
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = ("en", "ru")

STYLE = """
  .page { fill: #ffffff; }
  .node { fill: #f4f6f9; stroke: #8a94a3; }
  .box { fill: #ffffff; stroke: #3c4858; }
  .good { fill: #e3f4e8; stroke: #1f7a3d; }
  .bad { fill: #fdeaea; stroke: #b3261e; stroke-dasharray: 6 4; }
  .rules { fill: #e6effc; stroke: #1d5bb8; }
  .idle { fill: #f4f6f9; stroke: #b4bcc8; }
  text { font-family: system-ui, "DejaVu Sans", Arial, sans-serif; font-size: 13px; fill: #1b2430; }
  .title { font-size: 17px; font-weight: bold; }
  .name { font-weight: bold; }
  .faint { fill: #5b6676; }
  .idletext { fill: #8a94a3; }
  .mark { font-size: 12px; font-weight: bold; fill: #ffffff; }
  .badge { fill: #1d5bb8; }
  .way { fill: none; stroke: #1d5bb8; stroke-width: 2; }
  .head { fill: #1d5bb8; }
  .seldom { fill: none; stroke: #5b6676; stroke-width: 1.5; stroke-dasharray: 6 4; }
  .seldomhead { fill: #5b6676; }
  .keeps { fill: none; stroke: #1f7a3d; stroke-width: 1.5; stroke-dasharray: 2 4; }
  .keepshead { fill: #1f7a3d; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #12161c; }
    .node { fill: #1a2029; stroke: #6d7889; }
    .box { fill: #222a35; stroke: #aab4c2; }
    .good { fill: #173524; stroke: #58c27d; }
    .bad { fill: #3d1b1b; stroke: #f2867e; }
    .rules { fill: #182a45; stroke: #7fb0ff; }
    .idle { fill: #1a2029; stroke: #4a5463; }
    text { fill: #e8edf3; }
    .faint { fill: #a7b1bf; }
    .idletext { fill: #7d8797; }
    .mark { fill: #12161c; }
    .badge, .head { fill: #7fb0ff; }
    .way { stroke: #7fb0ff; }
    .seldom { stroke: #a7b1bf; }
    .seldomhead { fill: #a7b1bf; }
    .keeps { stroke: #58c27d; }
    .keepshead { fill: #58c27d; }
  }
"""

WORDS = {
    "alive": ("The DNS server on the node lives", "DNS-сервер на узле работает"),
    "gone": ("The DNS server on the node is gone", "DNS-сервера на узле нет"),
    "node": ("node", "узел"),
    "pod": ("pod", "под"),
    "rules": ("rules (nftables)", "правила (nftables)"),
    "before": ("before conntrack,", "до conntrack,"),
    "each": ("for each packet:", "для каждого пакета:"),
    "socket": ("is there a socket at", "есть ли сокет на"),
    "yes": ("yes: deliver, untracked", "есть: доставить, notrack"),
    "no": ("no: write 10.96.0.10", "нет: подставить 10.96.0.10"),
    "server": ("DNS server", "DNS-сервер"),
    "cache": ("the cache", "кэш"),
    "dead": ("the kernel has closed", "ядро закрыло"),
    "closed": ("its sockets", "его сокеты"),
    "agent": ("agent", "агент"),
    "keeps": ("keeps rules, interface", "правила, интерфейс"),
    "asks": ("asks 4 times a second", "опрос 4 раза в секунду"),
    "restarts": ("starts it anew", "запускает заново"),
    "nat": ("conntrack, kube-proxy", "conntrack, kube-proxy"),
    "nat_idle": ("not on the way", "не на пути"),
    "nat_busy": ("choose a pod of the Service", "выбирают под сервиса"),
    "cluster": ("cluster DNS", "DNS кластера"),
    "service": ("Service 10.96.0.10", "сервис 10.96.0.10"),
    "resolvers": ("the node's resolvers", "резолверы узла"),
    "miss": ("on a miss", "при промахе"),
    "a1": ("The pod asks the address in its resolv.conf.", "Под спрашивает адрес из своего resolv.conf."),
    "a2": ("A socket is there: the query is delivered to it. No conntrack entry, no NAT.",
           "Сокет есть: запрос доставлен ему. Ни записи в conntrack, ни NAT."),
    "a3": ("The answer comes from the cache, the same way back.", "Ответ приходит из кэша тем же путём."),
    "a4": ("Only what is not in the cache goes further: the cluster's names to the cluster DNS, others to the node's "
           "resolvers.",
           "Дальше идёт лишь то, чего нет в кэше: имена кластера — в DNS кластера, прочие — резолверам узла."),
    "g1": ("The pod asks the same address, over the same socket.", "Под спрашивает тот же адрес из того же сокета."),
    "g2": ("No socket: the rules write the Service's address over the destination, and remember the client.",
           "Сокета нет: правила подставляют адрес сервиса и запоминают клиента."),
    "g3": ("From here on it is an ordinary query to the cluster DNS, in any mode of kube-proxy.",
           "Дальше это обычный запрос к DNS кластера, в любом режиме kube-proxy."),
    "g4": ("At the very end the answer gets 169.254.20.10 as its source: it comes from where the pod asked.",
           "В самом конце источником ответа снова становится 169.254.20.10: под получает его оттуда, куда спрашивал."),
}


class Drawing:
    def __init__(self, language, title, height):
        self.at = LANGUAGES.index(language)
        self.height = height
        self.parts = [f'<rect class="page" width="920" height="{height}" rx="8"/>']
        self.title = self.word(title)
        self.text(20, 30, title, "title")

    def word(self, key):
        return WORDS[key][self.at] if key in WORDS else key

    def text(self, x, y, key, kind="", anchor="start"):
        attributes = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor != "start" else "")
        self.parts.append(f'<text x="{x}" y="{y}"{attributes}>{escape(self.word(key))}</text>')

    def box(self, x, y, width, height, kind, lines):
        """`lines`: (word, class) from the top; the first is the name."""
        self.parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        for index, (key, style) in enumerate(lines):
            self.text(x + width // 2, y + 22 + 19 * index, key, style, "middle")

    def way(self, points, kind="way", heads="head"):
        path = "M" + " L".join(f"{x} {y}" for x, y in points)
        self.parts.append(f'<path class="{kind}" d="{path}"/>')
        (x0, y0), (x, y) = points[-2:]
        dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
        if dx and dy:
            raise ValueError("the last leg of a way is horizontal or vertical")
        left, right = (x - 9 * dx - 4.5 * dy, y - 9 * dy - 4.5 * dx), (x - 9 * dx + 4.5 * dy, y - 9 * dy + 4.5 * dx)
        self.parts.append(f'<path class="{heads}" d="M{x} {y} L{left[0]} {left[1]} L{right[0]} {right[1]} Z"/>')

    def badge(self, x, y, number):
        self.parts.append(f'<circle class="badge" cx="{x}" cy="{y}" r="10"/>')
        self.text(x, y + 4, str(number), "mark", "middle")

    def steps(self, keys, top):
        for index, key in enumerate(keys):
            self.badge(32, top + 24 * index, index + 1)
            self.text(52, top + 4 + 24 * index, key)

    def svg(self):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 {self.height}" width="920" '
                f'height="{self.height}" role="img" lang="{LANGUAGES[self.at]}">')
        return "\n".join([head, f"<title>{escape(self.title)}</title>", f"<style>{STYLE}</style>",
                          *self.parts, "</svg>"]) + "\n"


def scene(language, title, alive):
    d = Drawing(language, title, 540)
    d.parts.append('<rect class="node" x="20" y="50" width="670" height="366" rx="10"/>')
    d.text(36, 72, "node", "faint")
    d.box(40, 92, 150, 78, "box", [("pod", "name"), ("resolv.conf:", "faint"), ("169.254.20.10", "faint")])
    d.box(238, 92, 220, 142, "rules",
          [("rules", "name"), ("before", ""), ("each", ""), ("socket", ""), ("169.254.20.10?", ""),
           ("yes" if alive else "no", "name")])
    if alive:
        d.box(510, 92, 164, 98, "good", [("server", "name"), ("cache", ""), ("169.254.20.10", "faint"),
                                         ("nodelocaldns", "faint")])
    else:
        d.box(510, 92, 164, 98, "bad", [("server", "name"), ("dead", ""), ("closed", "")])
    d.box(238, 328, 220, 70, "idle" if alive else "box",
          [("nat", "name" if not alive else "idletext"),
           ("nat_idle", "idletext") if alive else ("nat_busy", "")])
    d.box(740, 92, 160, 78, "idle" if not alive else "box",
          [("resolvers", "name" if alive else "idletext"), ("/etc/resolv.conf", "faint" if alive else "idletext")])
    d.box(740, 328, 160, 70, "good" if not alive else "box", [("cluster", "name"), ("service", "faint")])
    return d


def agent(d, below):
    d.box(472, 258, 204, 52, "box", [("agent", "name"), ("keeps", "faint")])
    d.way([(648, 258), (648, 190)], "keeps", "keepshead")
    d.text(640, 229, below, "faint", "end")


def alive(language):
    d = scene(language, "alive", True)
    d.way([(190, 116), (238, 116)])
    d.badge(212, 116, 1)
    d.way([(458, 116), (510, 116)])
    d.badge(482, 116, 2)
    d.way([(510, 152), (458, 152)])
    d.badge(482, 152, 3)
    d.way([(238, 152), (190, 152)])
    d.badge(212, 152, 3)
    d.way([(674, 130), (740, 130)], "seldom", "seldomhead")
    d.way([(674, 160), (712, 160), (712, 363), (740, 363)], "seldom", "seldomhead")
    d.badge(712, 238, 4)
    d.badge(707, 130, 4)
    d.text(726, 243, "miss", "faint")
    agent(d, "asks")
    d.steps(["a1", "a2", "a3", "a4"], 440)
    return d.svg()


def gone(language):
    d = scene(language, "gone", False)
    d.way([(190, 116), (238, 116)])
    d.badge(212, 116, 1)
    d.way([(312, 234), (312, 328)])
    d.badge(312, 280, 2)
    d.way([(458, 350), (740, 350)])
    d.badge(594, 350, 3)
    d.way([(740, 380), (458, 380)])
    d.badge(594, 380, 4)
    d.way([(384, 328), (384, 234)])
    d.badge(384, 280, 4)
    d.way([(238, 152), (190, 152)])
    d.badge(212, 152, 4)
    agent(d, "restarts")
    d.steps(["g1", "g2", "g3", "g4"], 440)
    return d.svg()


def pictures():
    for name, draw in (("packet-alive", alive), ("packet-gone", gone)):
        for language in LANGUAGES:
            suffix = "" if language == "en" else f".{language}"
            yield HERE / f"{name}{suffix}.svg", draw(language)


def main():
    if sys.argv[1:] == ["--check"]:
        stale = [path.name for path, text in pictures() if not path.exists() or path.read_text() != text]
        if stale:
            sys.exit(f"not as draw.py writes them: {' '.join(stale)}")
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    for path, text in pictures():
        path.write_text(text)


if __name__ == "__main__":
    main()
