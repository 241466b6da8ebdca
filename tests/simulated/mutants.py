"""Which changes of a script the simulated runs notice: ``python -m tests.simulated.mutants [--count N] [-k SCRIPT]``.

Each mutant is one script with one small thing changed, on the real syntax tree (machine/Mutants.ps1): a condition
flipped, a guard, a throw or a ``finally`` dropped, a comparison swapped, a catch that swallows, a value lost, an array
unwrapped. It is noticed when some scenario of its script is no longer judged right, or a recording of it no longer what
it says.

unnoticed.yml holds those that nothing notices, and why.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import product, pwsh
from .recordings import Recorded, recorded
from .runner import Ran, Worker, share
from .scenario import Scenario, judge, scenarios

Question = Scenario | Recorded
#: Seconds after which a mutant does not end; a scenario takes two at most.
LIMIT = 120


@dataclass(frozen=True)
class Mutant:
    """One change of ``script``: characters ``start`` to ``end`` become ``text``."""

    script: str
    kind: str
    line: int
    start: int
    end: int
    was: str
    text: str

    def written(self, folder: Path) -> Path:
        """The changed script in ``folder``, which is made; its name is the script's own."""
        source = (product.SCRIPTS / f"{self.script}.ps1").read_text(encoding="utf-8-sig")
        folder.mkdir(parents=True)
        changed = source[: self.start] + self.text + source[self.end :]
        (folder / f"{self.script}.ps1").write_text(changed, encoding="utf-8", newline="")
        return folder

    @property
    def name(self) -> str:
        """What it changes, wherever the line stands: the key in unnoticed.yml."""

        def short(text: str) -> str:
            flat = " ".join(text.split())
            return flat if len(flat) <= 60 else flat[:59] + "…"

        return f"{self.kind}: {short(self.was)} -> {short(self.text)}"

    def __str__(self) -> str:
        return f"{self.script}.ps1:{self.line}: {self.name}"


#: The scripts all of whose mutants were asked.
WHOLE = ("key-packs", "roles", "service")
#: Script -> what no scenario and no recording notices -> why that is right, or what would be needed.
KNOWN: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).with_name("unnoticed.yml")).read_text(encoding="utf-8")
)


@cache
def _all(program: Path) -> dict[str, list[dict[str, Any]]]:
    argv = [str(program), "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(pwsh.MACHINE / "Mutants.ps1")]
    done = subprocess.run([*argv, str(product.SCRIPTS)], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def every(script: str, program: Path) -> list[Mutant]:
    """All mutants of ``script``, in the order of its syntax tree."""
    rows = _all(program)[script]
    return [Mutant(script, m["Kind"], m["Line"], m["Start"], m["End"], m["Was"], m["Text"]) for m in rows]


def drawn(scripts: Iterable[str], count: int, seed: int, program: Path) -> list[Mutant]:
    """``count`` mutants of ``scripts``, drawn by ``seed``; all where there are fewer."""
    found = [mutant for script in scripts for mutant in every(script, program)]
    return random.Random(seed).sample(found, min(count, len(found)))


def unnoticed(mutants: list[Mutant], program: Path, folder: Path) -> list[Mutant]:
    """Those of ``mutants`` that no scenario and no recording of their script notices; they run in ``folder``.

    What noticed most of the mutants before is asked first. One that does not end is noticed.
    """
    # A recording holds the whole answer: the longest first, the others among the scenarios.
    order: dict[str, list[Question]] = {}
    for script in sorted({mutant.script for mutant in mutants}):
        first, *others = sorted(
            (one for one in recorded() if one.script == script), key=lambda one: -one.path.stat().st_size
        )
        rest: list[Question] = [*scenarios(script), *others]
        random.Random(7).shuffle(rest)
        order[script] = [first, *rest]
    noticed: Counter[int] = Counter()
    left: list[Mutant] = []

    def ask(worker: Worker, mutant: Mutant) -> None:
        place = Path(tempfile.mkdtemp(dir=folder))
        changed = mutant.written(place / "script")
        for question in sorted(order[mutant.script], key=lambda one: -noticed[id(one)]):
            home = place / "home"
            ran = worker.ask(question.prepare(home, changed), limit=LIMIT)
            if ran is None or _notices(question, home, ran):
                noticed[id(question)] += 1
                break
            shutil.rmtree(home)
        else:
            left.append(mutant)
        shutil.rmtree(place)

    share(mutants, ask, program, folder)
    return left


def _notices(question: Question, home: Path, ran: Ran) -> bool:
    return bool(question.judge(home) if isinstance(question, Recorded) else judge(question, home, ran))


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="how many of all scripts' mutants are drawn; 0: all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=1000, help="no further script is begun after so many")
    parser.add_argument("-k", dest="scripts", choices=product.NAMES, action="append", help="only those of this script")
    given = parser.parse_args(words)
    program = pwsh.find()
    if program is None:
        raise SystemExit("no pwsh: tests/simulated/README.md says where it is looked for")
    started = time.monotonic()
    by_script: dict[str, list[Mutant]] = {}
    for mutant in drawn(product.NAMES, given.count or 10**6, given.seed, program):
        if mutant.script in (given.scripts or product.NAMES):
            by_script.setdefault(mutant.script, []).append(mutant)
    total = missed = explained = 0
    # Script by script, the one with the fewest scenarios first: a run that is broken off has said what it knows.
    for script in sorted(by_script, key=lambda name: len(scenarios(name))):
        if time.monotonic() - started > 60 * given.minutes:
            sys.stdout.write(f"{script:20} not asked: {len(by_script[script])} mutants\n")
            continue
        with tempfile.TemporaryDirectory(prefix="simulated-mutants-") as folder:
            left = unnoticed(by_script[script], program, Path(folder))
        for mutant in sorted(left, key=lambda m: m.line):
            why = KNOWN.get(script, {}).get(mutant.name)
            explained += why is not None
            sys.stdout.write(f"unnoticed  {mutant}{'' if why is None else f'  ({why})'}\n")
        total, missed = total + len(by_script[script]), missed + len(left)
        sys.stdout.write(f"{script:20} {len(by_script[script]) - len(left):4} of {len(by_script[script]):4}\n")
        sys.stdout.flush()
    share = 100 * (1 - missed / max(total, 1))
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"seed {given.seed}: {total} mutants, {share:.1f} % noticed, {missed} not, {explained} of them explained, "
        f"{seconds:.0f} s\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
