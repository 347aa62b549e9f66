# Puts the figures of a run into docs/performance.md, its Russian twin and their pictures.
#
# Run: page.py build/bench/result.json build/bench/micro/*.json (after `./dev bench`, `./dev bench micro`).
#
# A page keeps its text; what stands between "<!-- figures: NAME -->" and "<!-- end -->" is written here.
import json
import pathlib
import re
import sys

import plot
import report

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGES = ((DOCS / "performance.md", DOCS / "images/performance.svg"),
         (DOCS / "ru/performance.md", DOCS / "images/performance.ru.svg"))
SERVERS = ("limit", "node-local-dns", "unbound", "dnsdist", "knot-resolver", "dnsmasq")
LIMIT_NAMES = ("limit of sockets", "предел сокетов")

# The rows of each table, with their titles in Russian; in English they have the run's own.
CPU = {
    "udp": "из кэша по UDP, 1 000 имён поровну",
    "udp_zipf": "из кэша по UDP, 1 000 имён по Ципфу",
    "udp_100k": "из кэша по UDP, 100 000 имён поровну",
    "udp_100k_zipf": "из кэша по UDP, 100 000 имён по Ципфу",
    "udp_paced": "из кэша по UDP, 5 000 запросов в секунду",
    "nxdomain": "NXDOMAIN из кэша по UDP",
    "tcp": "из кэша по TCP, 20 соединений",
    "miss_udp": "мимо кэша, upstream по UDP",
    "miss_tcp": "мимо кэша, upstream по TCP",
}
OTHER = {
    "start": "от запуска до первого ответа, мс",
    "memory": "память (PSS) без дела, МБ",
    "memory_agent": "память (PSS) без дела вместе с агентом, МБ",
    "memory_100k": "память (PSS), 100 000 имён, МБ",
    "budget": "память полного кэша : его предел",
    "hits_p99": "p99 попаданий, 5 000 в секунду, мкс",
    "mixed_p99": "p99 попаданий, и 500 медленных промахов в секунду, мкс",
    "syscalls": "системных вызовов на запрос из кэша по UDP",
    "syscalls_batch": "системных вызовов на пакет запросов",
}
# Rows of one or more micro benchmarks each.
MICRO = (
    ("parse a query; with EDNS", "разбор запроса; с EDNS", ("parse_query_plain", "parse_query_edns")),
    ("cache key: the name in lower case and its hash", "ключ кэша: имя в нижнем регистре и его хэш", ("make_key",)),
    ("key and look-up among 1,000 names; among 100,000", "ключ и поиск среди 1 000 имён; среди 100 000",
     tuple(f"find_fresh_hit/names:{count}/zipf:0/real_time/threads:1" for count in (1000, 100000))),
    ("render an answer with 1 address; with 8; with 64", "сборка ответа с 1 адресом; с 8; с 64",
     tuple(f"render/addresses:{count}/edns:1/patch_ttls:0" for count in (1, 8, 64))),
    ("the same with TTLs counted down", "то же с пересчётом TTL",
     tuple(f"render/addresses:{count}/edns:1/patch_ttls:1" for count in (1, 8, 64))),
    ("a cached answer: parse, plugins, render", "ответ из кэша: разбор, плагины, сборка", ("cached_answer/0/0/0",)),
    ("beside 10,000 `rewrite` rules that do not fit: `exact`; `regex`",
     "рядом с 10 000 правил `rewrite`, которые не подходят: `exact`; `regex`",
     ("cached_answer/10000/0/0", "cached_answer/10000/3/0")),
    ("rewritten by one of 10,000: `exact`; `regex`", "переписанный одним из 10 000: `exact`; `regex`",
     ("cached_answer/10000/0/1", "cached_answer/10000/3/1")),
    ("`hosts` with 100,000 names: answers; passes by", "`hosts` со 100 000 имён: отвечает; пропускает",
     ("ask_hosts/hit", "ask_hosts/passes_by")),
    ("`template`: NXDOMAIN; passes by; an address made of the name",
     "`template`: NXDOMAIN; пропускает; адрес, сделанный из имени",
     ("ask_template/denies", "ask_template/passes_by", "ask_template/makes_an_address")),
    ("`dns64`, cached: AAAA there is; made of 1 A record; of 8",
     "`dns64`, из кэша: AAAA есть; сделан из 1 записи A; из 8",
     ("ask_dns64/records:1/native:1", "ask_dns64/records:1/native:0", "ask_dns64/records:8/native:0")),
)
NAMES = {"udp": "1,000", "udp_100k": "100,000", "udp_1m": "1,000,000"}
ZIPF = {"udp": "udp_zipf", "udp_100k": "udp_100k_zipf", "udp_1m": "udp_1m_zipf"}
MEMORY = {"udp": "memory", "udp_100k": "memory_100k", "udp_1m": "memory_1m"}


class Figures:
    def __init__(self, result, nanoseconds, language):
        self.result = result
        self.nanoseconds = nanoseconds  # by micro benchmark
        self.scenarios = result["scenarios"]
        self.language = language

    def number(self, value, digits=None):
        if value is None:
            return "–"
        digits = (2 if value < 10 else 1 if value < 100 else 0) if digits is None else digits
        text = f"{value:,.{digits}f}"
        return text.translate({ord(","): "\N{NO-BREAK SPACE}", ord("."): ","}) if self.language else text

    def figure(self, scenario, server, key="value"):
        """Nothing where there is no figure; a figure that a problem makes worthless is none."""
        found = self.scenarios.get(scenario, {}).get("servers", {}).get(server)
        return None if found is None or (found["problems"] and key == "value") else found[key]

    def spoilt(self, scenario, server):
        return bool(self.scenarios.get(scenario, {}).get("servers", {}).get(server, {}).get("problems"))

    def title(self, scenario, russian):
        if self.language:
            return russian
        one = self.scenarios[scenario]
        return one["title"] + (f", {one['unit']}" if one["unit"] not in ("", "us/query") else "")

    def servers(self):
        """Those of the run, others (--peer) last."""
        present = {name for one in self.scenarios.values() for name in one["servers"]}
        return [name for name in SERVERS if name in present] + sorted(present - set(SERVERS))

    def comparison(self, rows):
        names = [name for name in self.servers()]
        shown = [LIMIT_NAMES[self.language] if name == report.LIMIT else name for name in names]
        to = ("ours : limit", "ours : unbound") if not self.language else ("к пределу", "к unbound")
        yield "| | " + " | ".join([*shown, *to]) + " |"
        yield "|---" * (len(names) + 3) + "|"
        for scenario, russian in rows.items():
            if scenario not in self.scenarios:
                continue
            cells = ["✗" if self.spoilt(scenario, name) else self.number(self.figure(scenario, name)) for name in names]
            for other in (report.LIMIT, report.REFERENCE):
                ratio = self.figure(scenario, report.OURS, f"ratio_to_{other}")
                cells.append(self.number(None if self.spoilt(scenario, other) else ratio, 2))
            yield f"| {self.title(scenario, russian)} | " + " | ".join(cells) + " |"

    def names(self):
        head = ("names", "uniform, µs", "Zipf, µs", "memory (PSS), MB")
        if self.language:
            head = ("имён", "поровну, мкс", "по Ципфу, мкс", "память (PSS), МБ")
        yield "| " + " | ".join(head) + " |"
        yield "|---|---|---|---|"
        for scenario, count in NAMES.items():
            count = count.replace(",", "\N{NO-BREAK SPACE}") if self.language else count
            values = [self.number(self.figure(name, report.OURS))
                      for name in (scenario, ZIPF[scenario], MEMORY[scenario])]
            # Idle memory is that of no names at all.
            values[-1] = values[-1] if scenario != "udp" else "–"
            yield f"| {count} | " + " | ".join(values) + " |"

    def workers(self):
        head = ("workers", "node-local-dns", "limit of sockets") if not self.language else (
            "потоков", "node-local-dns", "предел сокетов")
        yield "| " + " | ".join(head) + " |"
        yield "|---|---|---|"
        yield f"| 1 | {self.number(1, 2)} | {self.number(1, 2)} |"
        for scenario, count in (("workers", 2), ("workers_4", 4)):
            values = [self.number(self.figure(scenario, name), 2) for name in (report.OURS, report.LIMIT)]
            yield f"| {count} | " + " | ".join(values) + " |"

    def run(self):
        machine, versions = self.result["machine"], self.result["versions"]
        kernel = machine["kernel"].partition("-")[0]
        when = self.result["time"][:10]
        processor = machine.get("processor", "?")
        if self.language:
            yield (f"Запуск от {when}: {processor}, процессоров {machine['cpus']}, ядро {kernel}, "
                   f"раундов {self.result['rounds']}.")
        else:
            yield (f"The run of {when}: {processor}, {machine['cpus']} CPUs, kernel {kernel}, "
                   f"{self.result['rounds']} rounds.")
        yield ""
        known = (f"{name} {number[0]}" if (number := re.search(r"\d+(\.\d+)+", text)) else name
                 for name, text in versions.items())
        yield ("Версии: " if self.language else "Versions: ") + ", ".join(known) + "."

    def micro(self):
        yield "| | нс |" if self.language else "| | ns |"
        yield "|---|---|"
        for english, russian, names in MICRO:
            values = "; ".join(self.number(self.nanoseconds[name], 0) for name in names)
            yield f"| {russian if self.language else english} | {values} |"

    def all(self):
        return {"run": self.run(), "micro": self.micro(), "cpu": self.comparison(CPU), "other": self.comparison(OTHER),
                "names": self.names(), "workers": self.workers()}


def fill(text, blocks):
    """The page with what stands between its marks replaced."""
    for name, lines in blocks.items():
        mark = re.compile(rf"(<!-- figures: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        body = "\n".join(lines) + "\n"
        text, count = mark.subn(lambda found, body=body: found[1] + "\n" + body + "\n" + found[2], text)
        if count != 1:
            raise ValueError(f"the page has {count} places for the figures {name}")
    return text


def main(arguments):
    if len(arguments) < 2:
        sys.exit("usage: page.py RESULT.json MICRO.json...")
    nanoseconds = {}
    for path in arguments[1:]:
        for one in json.loads(pathlib.Path(path).read_text())["benchmarks"]:
            if one["time_unit"] == "ns":
                nanoseconds[one["name"]] = one["cpu_time"]
    result = json.loads(pathlib.Path(arguments[0]).read_text())
    for language, (page, image) in enumerate(PAGES):
        page.write_text(fill(page.read_text(), Figures(result, nanoseconds, language).all()))
        image.write_text(plot.draw(result["scenarios"], language))


if __name__ == "__main__":
    main(sys.argv[1:])
