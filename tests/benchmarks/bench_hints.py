"""How often ``runbook hint`` leads from a pasted message to its row, and how long it takes.

    python tests/benchmarks/bench_hints.py [FILE.tsv ...] [--no-times]

A set is a table with tabs: ``lang``, ``text`` ("\\n" stands for a line break), ``expected`` (ids of errors.yml or
events.yml, any of which is right; NONE: nothing may be answered; AUTH, QUOTA: a remoting fault other than "stopped
or filtered"). Without FILE the field's reports are read (../shared/hints/reports.tsv) and the project's own sets: what
was heard (knowledge/heard/), each set with its own messages left out of the table, and sets that the table does not
have (tests/hints/).

- first, three: a right row stands first, or among the first three
- wrong: something is answered, and none of the first three is right
- silent: nothing is answered although a row is known; still: nothing is answered, rightly

Times are seconds of the processor, so that a busy machine does not count, of an installation as pip leaves it: with
its modules compiled (a first run, not counted, compiles into a folder of its own).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import IO

from runbook.hints import likeness
from runbook.hints.matching import hints_for_text
from runbook.knowledge import reference

ROOT = Path(__file__).resolve().parents[2]
FIELD = ROOT.parent / "shared" / "hints" / "reports.tsv"
HEARD, FRESH = ROOT / "knowledge" / "heard", ROOT / "tests" / "hints"
SHOWN, KINDS = 3, ("first", "three", "wrong", "silent", "still")
#: Rows that were written after a set: what says the same as the row that the set names.
YOUNGER = {"E40": {"E43"}, "E04": {"E44"}}


def accepted(expected: str) -> set[str]:
    """The ids that count as right; empty where nothing may be answered."""
    words = set(expected.split())
    if words & {"AUTH", "QUOTA"}:
        # every row of the remoting family but the one that opens a port
        return {row.id for row in reference.errors() if "#no-winrm" in row.act} - {"E41", "E27"}
    return words.union(*(YOUNGER.get(word, set()) for word in words)) - {"NONE"}


def judge(text: str, expected: str) -> tuple[str, list[str]]:
    """One of KINDS, and what was answered."""
    shown = [hint.id for hint in hints_for_text(text)[:SHOWN]]
    right = accepted(expected)
    if not shown:
        return ("still" if "NONE" in expected.split() else "silent"), shown
    if shown[0] in right:
        return "first", shown
    return ("three" if right & set(shown) else "wrong"), shown


def set_aside(path: Path) -> None:
    """Have the table forget the messages of the set ``path``, and know those of all others."""
    others = [other for other in sorted(HEARD.glob("*.tsv")) if other.resolve() != path.resolve()]
    rest = tuple(one for other in others for one in reference.heard_in(other))
    reference.heard = lambda: rest
    likeness.forget()


def measure(path: Path, verbose: bool) -> Counter[str]:
    set_aside(path)
    rows = reference.heard_in(path)
    counts: Counter[str] = Counter()
    told = 0
    for text, rows_of_it in rows:
        expected = " ".join(rows_of_it)
        kind, shown = judge(text, expected)
        counts[kind] += 1
        told += kind in ("first", "three") and "NONE" not in rows_of_it
        if verbose and kind in ("wrong", "silent", "three"):
            print(f"  {kind:6} {expected:12} {','.join(shown):16} {' '.join(text.split())[:110]}")
    right = counts["first"] + counts["three"]
    known = sum(1 for row in rows if "NONE" not in row.rows)
    print(f"{path.name}: {len(rows)} messages; " + ", ".join(f"{kind} {counts[kind]}" for kind in KINDS))
    print(f"  right {right + counts['still']}/{len(rows)}; with a row {told}/{known} in the first {SHOWN}")
    return counts


ASKED = (
    "E05",
    "4105 Licensing",
    "The grace period has expired",
    "0x80041010",
    "Accès refusé",
    "our RDS users are refused since the license server died",
)


def times() -> None:
    command = [sys.executable, "-m", "runbook", "hint"]
    with tempfile.TemporaryDirectory() as compiled:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        first = _seconds([*command, ASKED[2]])[0]
        took = [_seconds([*command, text])[0] for text in ASKED for _ in range(3)]
        print(f"one hint: median {statistics.median(took):.2f} s, longest {max(took):.2f} s (aim 0.4 s)")
        print(f"the first of all, which compiles: {first:.2f} s")
        _stream(command)


def _stream(command: list[str]) -> None:
    with tempfile.TemporaryFile() as file:
        for number in range(10_000):
            when = f"2026-03-{number % 28 + 1:02d} 10:{number % 60:02d}"
            how = "ended" if number % 3 else "was denied"
            file.write(f"{when} srv{number % 7} worker {number}: request of user u{number % 900} {how}\n".encode())
        file.write(b"The grace period for the Remote Desktop Session Host server has expired\n")
        file.seek(0)
        seconds, code = _seconds([*command, "-"], file)
        print(f"10,000 lines through stdin: {seconds:.2f} s (aim 5 s), exit {code}")


def _seconds(command: list[str], stdin: IO[bytes] | None = None) -> tuple[float, int]:
    """Seconds of the processor that a command takes, and its exit code: a busy machine does not count."""
    before = os.times()
    code = subprocess.run(command, stdin=stdin, capture_output=True, check=False).returncode
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system, code


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sets", nargs="*", type=Path)
    asked.add_argument("--no-times", action="store_true")
    given = asked.parse_args()
    own = (*sorted(HEARD.glob("*.tsv")), *sorted(FRESH.glob("*.tsv")))
    sets = given.sets or [path for path in (FIELD, *own) if path.is_file()]
    for path in sets:
        measure(path, verbose=True)
    if not given.no_times:
        times()
    return 0


if __name__ == "__main__":
    sys.exit(main())
