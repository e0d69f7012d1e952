"""``make install``: build ``.venv`` from the lock file with nothing but the standard library.

Does nothing when it is current. On a terminal one progress bar counts packages (each is fetched, then installed);
elsewhere one line at the start and one at the end. Any failure is one line, and the log it names.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
LOCK = ROOT / "requirements.lock"
QUIET = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
BAR = 32


class InstallError(Exception):
    """Why it cannot be installed, in one line."""


def fingerprint(lock: Path) -> str:
    """What ``.venv`` should have been built from: the lock, the project file, this interpreter, this place."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (lock, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def say(line: str) -> None:
    """One line for whoever is waiting."""
    sys.stderr.write(f"{line}\n")


class Bar:
    """One overall bar on a terminal; silent elsewhere, where the first and last line are enough."""

    def __init__(self, packages: int) -> None:
        self.packages, self.fetched, self.installed = packages, 0, 0
        self.drawn = sys.stderr.isatty()

    def draw(self) -> None:
        """Show how many packages are fetched and installed."""
        if not self.drawn:
            return
        share = (self.fetched + self.installed) / max(1, 2 * self.packages)
        filled = round(BAR * min(1.0, share))
        what = f"installed {self.installed}" if self.installed else f"fetched {self.fetched}"
        bar = "█" * filled + "░" * (BAR - filled)
        sys.stderr.write(f"\r  {bar} {min(1.0, share):4.0%}  {what} of {self.packages} packages ")
        sys.stderr.flush()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self.drawn:
            sys.stderr.write("\r\x1b[K")


def applicable(lock: Path) -> int:
    """How many packages of a lock apply to this interpreter and system, as near as a count needs it."""
    lines = [line for line in lock.read_text().splitlines() if re.match(r"^[A-Za-z0-9]", line)]
    foreign = re.compile(r"sys_platform == '(win32|darwin)'|platform_system == 'Windows'")
    return sum(1 for line in lines if not foreign.search(line))


def run(command: list[str], **environment: str) -> Iterator[str]:
    """Run a command, log all it says and yield its lines; raises ``InstallError`` when it fails."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n")
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": "", **environment},
        )
        last = ""
        for line in child.stdout or ():
            log.write(line)
            last = line.strip() if line.startswith("ERROR") or not last else last
            yield line
    if child.wait():
        raise InstallError(f"{last or command[0]} (see {LOG.relative_to(ROOT)})")


def works(command: list[str]) -> bool:
    """Whether a command exists and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextmanager
def pip_command() -> Iterator[list[str]]:
    """A pip that installs into ``.venv``: its own, this Python's, or one out of the distribution's archive.

    A Debian or Ubuntu python3 may come without ensurepip and pip; the distribution keeps a pip wheel that any
    user may download and run without installing it.
    """
    if works([str(PYTHON), "-m", "pip", "--version"]):
        yield [str(PYTHON), "-m", "pip"]
        return
    if works([str(PYTHON), "-m", "ensurepip", "--version"]):
        list(run([str(PYTHON), "-m", "ensurepip", "--upgrade"]))
        yield [str(PYTHON), "-m", "pip"]
        return
    if works([sys.executable, "-m", "pip", "--python", str(PYTHON), "--version"]):
        yield [sys.executable, "-m", "pip", "--python", str(PYTHON)]
        return
    with tempfile.TemporaryDirectory() as folder:
        yield [sys.executable, str(distribution_pip(Path(folder)) / "pip"), "--python", str(PYTHON)]


def distribution_pip(folder: Path) -> Path:
    """The distribution's pip wheel, from its place on disk or downloaded with apt-get into ``folder``."""
    pattern = "usr/share/python-wheels/pip-*.whl"
    found = sorted(Path("/").glob(pattern))
    if not found and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        lists, cache = folder / "lists", folder / "cache"
        for path in (lists / "partial", cache / "archives" / "partial"):
            path.mkdir(parents=True)
        private = ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
        asked = ["apt-get", "-q", *private, "-o", "APT::Sandbox::User=root"]
        try:
            list(run([*asked, "update"]))
            subprocess.run(
                [*asked, "download", "python3-pip-whl"], cwd=folder, check=True, capture_output=True
            )
            (package,) = folder.glob("python3-pip-whl*.deb")
            list(run(["dpkg-deb", "-x", str(package), str(folder)]))
        except (InstallError, ValueError, subprocess.CalledProcessError):
            pass  # told below: what to install is the same whatever went wrong
        found = sorted(folder.glob(pattern))
    if not found:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise InstallError(f"no pip for {sys.executable}: install python{version}-venv, or pip")
    return found[-1]


def create_venv() -> None:
    """An empty ``.venv`` of this interpreter; one of another version or of a vanished one is replaced."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    asked = [str(PYTHON), "-c", f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{here}')"]
    if not works(asked):
        shutil.rmtree(VENV, ignore_errors=True)
        if not works([sys.executable, "-m", "venv", "--without-pip", str(VENV)]):
            raise InstallError(f"{sys.executable} has no venv module: install python{here}-venv")
    LOG.write_text("")


def install_lock(pip: list[str], lock: Path, bar: Bar) -> None:
    """Install exactly what the lock pins, each file checked against its hash."""
    site = next((VENV / "lib").glob("python3.*/site-packages"))
    before = len(list(site.glob("*.dist-info")))
    flags = [*QUIET, "--require-hashes", "--no-deps", "--no-build-isolation"]
    builder = VENV / "builder.lock"
    builder.write_text(entry_of("setuptools"))
    list(run([*pip, "install", *flags, "--requirement", str(builder)]))
    child = run([*pip, "install", *flags, "--requirement", str(lock)])
    for line in child:
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            bar.fetched = min(bar.packages, bar.fetched + 1)
            bar.draw()
        elif line.startswith("Installing collected packages"):
            bar.fetched = bar.packages
            watch_installs(child, site, before, bar)


def entry_of(name: str) -> str:
    """One package's lines of the lock: what builds those without a wheel comes first, and pinned as well."""
    found = re.search(rf"^{name}==(?:.*\\\n)*.*\n", LOCK.read_text(), re.MULTILINE)
    if not found:
        raise InstallError(f"{LOCK.name} does not pin {name}: run make lock")
    return found[0]


def watch_installs(child: Iterator[str], site: Path, before: int, bar: Bar) -> None:
    """Move the bar while pip, which says nothing now, puts packages in place; then read it to its end."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            bar.installed = min(bar.packages, len(list(site.glob("*.dist-info"))) - before)
            bar.draw()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        for _ in child:
            pass
    finally:
        done.set()
        watcher.join()


def install(lock: Path) -> None:
    """Bring ``.venv`` to what a lock says, or leave it alone when it is that already."""
    want, stamp = fingerprint(lock), VENV / f"{lock.stem}.stamp"
    if stamp.exists() and stamp.read_text() == want and os.access(PYTHON, os.X_OK):
        return
    if not (3, 11) <= sys.version_info[:2] < (3, 13):
        raise InstallError(f"Floorcast needs Python 3.11 or 3.12, not {sys.version.split()[0]}")
    bar = Bar(applicable(lock))
    say(f"Installing {bar.packages} packages into .venv …")
    create_venv()
    stamp.unlink(missing_ok=True)
    try:
        with pip_command() as pip:
            install_lock(pip, lock, bar)
            if lock == LOCK:
                editable = [*QUIET, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
                list(run([*pip, "install", *editable]))
    finally:
        bar.close()
    stamp.write_text(want)
    say("Installed.")


if __name__ == "__main__":
    try:
        for name in ("requirements.lock", *sys.argv[1:]):
            install(ROOT / name)
    except (InstallError, OSError) as error:
        sys.exit(f"make install: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
