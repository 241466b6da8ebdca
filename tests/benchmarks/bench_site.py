"""How long the site takes to build, against a plain MkDocs build of the same pages, in one run.

``python tests/benchmarks/bench_site.py [ROUNDS]``. Plain: the pages of both languages after macros (the same HTML to
make), Material and its search, no hooks, no macros, one language after the other as a person would. Rounds are
interleaved and medians compared. The ratio is taken of seconds on the clock, which is what a person waits for, and of
the processor's seconds (Linux and macOS), which other work on the machine does not lengthen. Limits: 30 s on the
clock, and 1.5 times the plain build by both clocks; the exit code says whether they hold.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS, LIMIT_RATIO = 30.0, 1.5
LANGS = ("fr", "en")

EXPAND = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from mkdocs.config import load_config
from mkdocs.commands import build
out = Path({out!r})
def keep(markdown, page, config, files):
    target = out / page.file.src_uri
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(markdown, encoding="utf-8")
    return markdown
config = load_config({config!r}, site_dir={site!r})
config.plugins.events["page_markdown"].append(keep)
build.build(config)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of the processor (its children's included)."""

    clock: float
    processor: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.clock + other.clock, self.processor + other.processor)


def processor() -> float:
    """Processor seconds of all ended children; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def expand(lang: str, folder: Path) -> None:
    """Write the pages of ``lang`` with their macros expanded into ``folder``/docs."""
    code = EXPAND.format(
        root=str(ROOT), out=str(folder / "docs"), config=str(ROOT / "mkdocs.yml"), site=str(folder / "thrown-away")
    )
    run(["-c", code], ROOT, lang, SITE_PART="1")


def run(arguments: list[str], folder: Path, lang: str | None = None, **settings: str) -> Cost:
    """Run Python with ``arguments``; returns what it took."""
    env = dict(os.environ, NO_MKDOCS_2_WARNING="1", **settings)
    if lang:
        env["DOC_LANG"] = lang
    start, used = time.perf_counter(), processor()
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode("utf-8", errors="replace")[-3000:])
    return Cost(time.perf_counter() - start, processor() - used)


def plain_config(lang: str, folder: Path) -> None:
    """The same theme and Markdown extensions without hooks and macros."""
    text = re.sub(r"!ENV \[DOC_LANG, fr\]", lang, (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load(text)
    for key in ("hooks", "nav", "validation", "extra", "extra_css", "extra_javascript", "site_dir"):
        config.pop(key, None)
    config |= {"docs_dir": "docs", "plugins": ["search"]}
    config["theme"].pop("custom_dir")
    for palette in config["theme"]["palette"]:
        palette["toggle"]["name"] = "theme"
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def main(rounds: int) -> int:
    """Measure and print; returns the exit code."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for lang in LANGS:
            (base / lang).mkdir()
            expand(lang, base / lang)
            plain_config(lang, base / lang)
        ours, plain = [], []
        for turn in range(rounds):
            build = ["-m", "mkdocs", "build", "-d"]
            ours.append(run([*build, str(base / f"ours{turn}"), "--strict", "-f", str(ROOT / "mkdocs.yml")], ROOT))
            first, second = (run([*build, str(base / f"plain-{lang}{turn}")], base / lang) for lang in LANGS)
            plain.append(first + second)
        pages = len(list((base / "fr/docs").rglob("*.md")))
    print(f"{pages} pages in each of 2 languages, {rounds} rounds, {os.cpu_count()} cores")
    medians = []
    for title, costs in (
        ("ours: strict, checks, print page, both at once", ours),
        ("plain, one after the other", plain),
    ):
        clock, used = (statistics.median(getattr(cost, kind) for cost in costs) for kind in ("clock", "processor"))
        medians.append((clock, used))
        print(f"{title:48} {clock:6.2f} s on the clock {used:6.2f} s of the processor")
    (clock, used), (plain_clock, plain_used) = medians
    ratios = {"clock": clock / plain_clock}
    if plain_used:
        ratios["processor"] = used / plain_used
    shown = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    print(f"ratios to plain: {shown} (limit {LIMIT_RATIO} for each); limit on the clock {LIMIT_SECONDS:.0f} s")
    return 0 if clock < LIMIT_SECONDS and max(ratios.values()) < LIMIT_RATIO else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
