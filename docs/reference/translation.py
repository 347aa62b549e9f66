"""English to Russian by gettext: one .po file a domain; a text that changed has no translation any more."""

import gettext
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HEADER = {
    "Project-Id-Version": "node-local-dns",
    "Language": "ru",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def po_file(domain):
    return HERE / "ru" / f"{domain}.po"


class Russian:
    """Translates and remembers what was asked for, by domain."""

    def __init__(self):
        self.used = {}
        self._catalogues = {}

    def __call__(self, domain, text):
        if not text:
            return ""
        self.used.setdefault(domain, {})[text] = None
        return self._catalogue(domain).get(text) or text

    def _catalogue(self, domain):
        if domain not in self._catalogues:
            self._catalogues[domain] = read_catalogue(po_file(domain))
        return self._catalogues[domain]

    def problems(self):
        for domain, texts in sorted(self.used.items()):
            have = self._catalogue(domain)
            for text in texts:
                if not have.get(text):
                    yield f"{po_file(domain).name}: not translated, or its English has changed: {text}"
            for text in have:
                if text and text not in texts:
                    yield f"{po_file(domain).name}: nobody asks for it any more: {text}"
        for path in sorted((HERE / "ru").glob("*.po")):
            if path.stem not in self.used:
                yield f"{path.name}: nobody asks for anything in it"

    def update(self):
        """Brings every .po file to the texts asked for: new ones empty, changed ones marked fuzzy."""
        for domain, texts in self.used.items():
            with tempfile.TemporaryDirectory() as folder:
                template = pathlib.Path(folder, "texts.pot")
                template.write_text(to_template(texts), encoding="utf-8")
                path = po_file(domain)
                if not path.exists():
                    path.write_text(to_template({}), encoding="utf-8")
                _run("msgmerge", "--quiet", "--update", "--backup=off", "--previous", "--no-wrap",
                     path, template)
                # Texts that are gone are kept nowhere: the history has them.
                _run("msgattrib", "--no-obsolete", "--no-wrap", "--output-file", path, path)
        self._catalogues.clear()


def read_catalogue(path):
    """English to Russian; texts that are empty or fuzzy are not in it."""
    if not path.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        compiled = pathlib.Path(folder, "compiled.mo")
        _run("msgfmt", "--check-format", "--check-header", "--output-file", compiled, path)
        with compiled.open("rb") as file:
            return dict(gettext.GNUTranslations(file)._catalog)


def to_template(texts):
    lines = ['msgid ""', 'msgstr ""', *(quote(f"{key}: {value}\n") for key, value in HEADER.items()), ""]
    for text in texts:
        lines += [f"msgid {quote(text)}", 'msgstr ""', ""]
    return "\n".join(lines)


def quote(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _run(*command):
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=20)
    except FileNotFoundError as missing:
        raise SystemExit(f"{command[0]} is missing: apt-get install gettext") from missing
    except subprocess.CalledProcessError as failed:
        raise SystemExit(f"{' '.join(map(str, command))}: {failed.stderr}") from failed
