"""Attacks on the journal of a case and on what lies around it, drawn by a seed; what a run and a seal say to them."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from runbook.archive.seal import seal
from runbook.errors import RunbookError
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.run.invocation import Invocation
from runbook.run.opening import open_run

Attack = Callable[[Path, random.Random], None]


def _lines(case: Path) -> list[bytes]:
    return (case / "journal.jsonl").read_bytes().split(b"\n")[:-1]


def _put(case: Path, lines: list[bytes]) -> None:
    (case / "journal.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def _gone(case: Path, dice: random.Random) -> None:
    (case / "journal.jsonl").unlink()
    if dice.random() < 0.5:
        (case / ".journal.head").unlink(missing_ok=True)


def _emptied(case: Path, dice: random.Random) -> None:
    _put(case, [])


def _cut_lines(case: Path, dice: random.Random) -> None:
    lines = _lines(case)
    _put(case, lines[: dice.randrange(1, len(lines))])


def _cut_bytes(case: Path, dice: random.Random) -> None:
    raw = (case / "journal.jsonl").read_bytes()
    (case / "journal.jsonl").write_bytes(raw[: dice.randrange(1, len(raw) - 1)])


def _flipped(case: Path, dice: random.Random) -> None:
    raw = bytearray((case / "journal.jsonl").read_bytes())
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    (case / "journal.jsonl").write_bytes(bytes(raw))


def _edited(case: Path, dice: random.Random) -> None:
    """The end of a change turned into a failure, the chain as it was."""
    lines = _lines(case)
    ends = [i for i, line in enumerate(lines) if b'"succeeded"' in line]
    chosen = dice.choice(ends)
    _put(case, [line.replace(b'"succeeded"', b'"failed"') if i == chosen else line for i, line in enumerate(lines)])


def _shuffled(case: Path, dice: random.Random) -> None:
    lines = _lines(case)
    i = dice.randrange(len(lines) - 1)
    way = dice.randrange(3)
    other = [lines[i + 1], lines[i]] if way == 0 else [lines[i], lines[i], lines[i + 1]] if way == 1 else [lines[i]]
    _put(case, [*lines[:i], *other, *lines[i + 2 :]])


def _odd_line(case: Path, dice: random.Random) -> None:
    """JSON that is no line, at any place."""
    odd = [b"[]", b"{}", b"null", b"123", b'"x"', b"NaN", b"[" * 100_000, b'{"n":1e999}', b'{"n":"1"}', b"\xff\xfe",
           b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b'"\\ud800"', b"", b"\0" * 80]  # fmt: skip
    lines = _lines(case)
    lines.insert(dice.randrange(len(lines) + 1), dice.choice(odd))
    _put(case, lines)


def _odd_field(case: Path, dice: random.Random) -> None:
    """A field of a line turned into another kind of thing."""
    lines = _lines(case)
    i = dice.randrange(len(lines))
    entry = json.loads(lines[i])
    entry[dice.choice(sorted(entry))] = dice.choice([None, [], {}, 7, "x", True, 1.5])
    lines[i] = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    _put(case, lines)


def _other_bytes(case: Path, dice: random.Random) -> None:
    raw = (case / "journal.jsonl").read_bytes()
    changed = [b"\xef\xbb\xbf" + raw, raw.replace(b"\n", b"\r\n"), raw.decode().encode("utf-16"), raw + b"\n\n"]
    (case / "journal.jsonl").write_bytes(dice.choice(changed))


def _backwards(case: Path, dice: random.Random) -> None:
    """A line dated long ago, well chained, the second place made to fit."""
    import datetime as dt

    past = dt.datetime(1999, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=dice.randrange(5000))
    Journal(case / "journal.jsonl", lambda: past).append("note")


def _renamed(case: Path, dice: random.Random) -> None:
    """Another case's journal: this one's name in case.yml and folder changed (the caller looks at its new place)."""
    (case / "case.yml").write_text(
        (case / "case.yml").read_text(encoding="utf-8").replace(case.name, "another"), encoding="utf-8"
    )
    case.rename(case.with_name("another"))


def _head_gone(case: Path, dice: random.Random) -> None:
    if dice.random() < 0.5:
        (case / ".journal.head").unlink()
    else:
        (case / ".journal.head").write_bytes(dice.choice([b"", b"{}", b"[" * 5000, b'{"n":99999,"sha256":"0"}']))


def _planted(case: Path, dice: random.Random) -> None:
    number = dice.randrange(7, 90)
    places = [
        f"r{number:02d}/x.txt", "r02/newstep/out.json", f"r02/backup/extra-{number}.txt", f"r02/note-{number}.txt",
        f"private/clearinghouse-{number}.json", f"private/license-server-r{number}.json",
        f"attachments/attestation/{number}-x.txt", f"r{number:02d}/backup/guard.json",
    ]  # fmt: skip
    place = case / dice.choice(places)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("{}", encoding="utf-8")


def _odd_file(case: Path, dice: random.Random) -> None:
    place = case / dice.choice(["r02/backup", "r02", "proofs", "."]) / f"odd-{dice.randrange(99)}"
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(os.environ["SYSTEMROOT"], str(place))  # the link for which nobody needs a right
    elif dice.random() < 0.5:
        os.mkfifo(place)
    else:
        place.symlink_to(dice.choice(["/etc/passwd", "/nowhere", "/etc", "/dev/zero"]))


def _answer(case: Path, dice: random.Random) -> None:
    answers = sorted((case / "private").glob("*-0*.json"))
    chosen = dice.choice(answers)
    if dice.random() < 0.5:
        chosen.unlink()
    else:
        chosen.write_bytes(chosen.read_bytes().replace(b"A", b"B", 1) + b" ")


ON_RUN: dict[str, Attack] = {
    "gone": _gone, "emptied": _emptied, "lines cut": _cut_lines, "bytes cut": _cut_bytes, "bit flipped": _flipped,
    "edited": _edited, "shuffled": _shuffled, "odd line": _odd_line, "odd field": _odd_field,
    "other bytes": _other_bytes, "backwards": _backwards, "renamed": _renamed, "head gone": _head_gone,
    "planted": _planted, "odd file": _odd_file, "answer": _answer,
}  # fmt: skip


def _case_file(case: Path, dice: random.Random) -> None:
    path = case / "case.yml"
    path.write_bytes(path.read_bytes() + f"# {dice.random()}\n".encode())


def _proof(case: Path, dice: random.Random) -> None:
    chosen = dice.choice(sorted((case / "proofs").iterdir()))
    chosen.unlink() if dice.random() < 0.5 else chosen.write_bytes(b"another paper")


def _evidence(case: Path, dice: random.Random) -> None:
    chosen = dice.choice(sorted(p for p in case.glob("r0*/*/*") if p.is_file()))
    chosen.unlink() if dice.random() < 0.5 else chosen.write_bytes(chosen.read_bytes() + b" ")


#: What a run may meet (it reads the case file anew), and a seal may not.
ON_SEAL: dict[str, Attack] = {"case file": _case_file, "proof": _proof, "evidence": _evidence}


def attack(original: Path, workspace: Path, name: str, seed: int) -> list[str]:
    """Attack a copy of the case and look what a run and a seal make of it; what did not hold, in words."""
    dice = random.Random(seed)
    case = workspace / "cases" / original.name
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(original, case)
    before = (case / "journal.jsonl").read_bytes()
    {**ON_RUN, **ON_SEAL}[name](case, dice)
    if not case.exists():
        case = case.with_name("another")
    faults = []
    try:
        sealed = seal(case, workspace / "archive")
        faults.append(f"sealed: {sealed.bag.name}")
    except RunbookError:
        pass
    except Exception as error:
        faults.append(f"seal: {type(error).__name__}: {error}")
    if name in ON_SEAL:
        return faults
    try:
        run = open_run("migrate", {"case": case.name}, Invocation("unverified", folder=workspace))
    except RunbookError:
        if name not in ("gone", "renamed") and not (case / "journal.jsonl").exists():
            faults.append("the journal is gone")
        return faults
    except Exception as error:
        return [*faults, f"run: {type(error).__name__}: {error}"]
    run.lock.release()
    history = History(Journal(case / "journal.jsonl").entries())
    unknown = history.open_begin("backup") is None and history.made("backup") is None
    if unknown:
        faults.append("the run would make the backup a second time")
    if not (case / "journal.jsonl").read_bytes().startswith(before[:-1]):
        faults.append("the run went on with another journal")
    else:
        faults.append("the run went on")
    return faults
