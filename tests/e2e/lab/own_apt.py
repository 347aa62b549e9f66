"""apt with a source, lists and a cache of its own, signatures checked: the machine's sources stay as they are."""

import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class OwnApt:
    """One line of sources, `deb` or `deb-src`, of one suite. What is downloaded arrives in `folder`."""

    def __init__(self, folder, kind, suite):
        self.folder = folder
        for part in ("lists/partial", "archives/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "sources.list").write_text(f"{kind} [signed-by={KEYRING}] {mirror()} {suite} main\n")
        # Sandbox::User: as root apt would download as a user who cannot write here.
        self.options = [
            "-q", "-o", f"Dir::Etc::sourcelist={folder}/sources.list", "-o", "Dir::Etc::sourceparts=-",
            "-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}",
            "-o", "Dir::State::status=/dev/null", "-o", "APT::Sandbox::User=root",
            "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3"]
        self.get("update")

    def get(self, *words):
        """`apt-get` with these words."""
        run("apt-get", *self.options, *words, cwd=self.folder)


def mirror():
    """Where the machine gets Debian 12 from; other suites are there as well."""
    lines = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages")
    for line in lines.splitlines():
        uri, codename, component = line.split()
        if (codename, component) == ("bookworm", "main"):
            return uri
    return "http://deb.debian.org/debian/"


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))[:200]}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout
