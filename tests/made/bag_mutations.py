"""Mutations of a sealed bag, drawn by a seed: what a hand, a disk or a careful forger does to it, and who sees it."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bagit
from made_case import digest, files_of

from runbook.archive.verify import verify
from runbook.journal.lines import GENESIS, encode
from runbook.journal.story import read_entries


class Bag:
    """A sealed bag that can be changed and put back as it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept = {file.relative_to(path).as_posix(): file.read_bytes() for file in files_of(path)}

    def restore(self) -> None:
        now = {file.relative_to(self.path).as_posix() for file in files_of(self.path)}
        for name in now - set(self.kept):
            (self.path / name).unlink()
        for name, raw in self.kept.items():
            file = self.path / name
            if name not in now or file.read_bytes() != raw:
                file.write_bytes(raw)

    @contextmanager
    def changed(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.restore()


def chained(entries: list[dict[str, object]]) -> bytes:
    prev, lines = GENESIS, []
    for number, entry in enumerate(entries, 1):
        raw = encode({**entry, "n": number, "prev": prev})
        prev = hashlib.sha256(raw).hexdigest()
        lines.append(raw + b"\n")
    return b"".join(lines)


def rehash(bag: Path, dice: random.Random) -> None:
    """What a careful forger does by hand: the manifests made to fit again, all or some of them."""
    manifest = bag / "manifest-sha256.txt"
    lines = [line.split("  ", 1)[1] for line in manifest.read_text(encoding="utf-8").splitlines()]
    fresh = "".join(f"{digest(bag / name)}  {name}\n" for name in lines if (bag / name).is_file())
    manifest.write_text(fresh, encoding="utf-8", newline="\n")
    if dice.random() < 0.5:
        tags = bag / "tagmanifest-sha256.txt"
        names = [line.split("  ", 1)[1] for line in tags.read_text(encoding="utf-8").splitlines()]
        text = "".join(f"{digest(bag / name)}  {name}\n" for name in names)
        tags.write_text(text, encoding="utf-8", newline="\n")


Names = set[str]


def flip_bit(bag: Bag, dice: random.Random) -> Names:
    name = dice.choice([name for name, raw in bag.kept.items() if raw])
    raw = bytearray(bag.kept[name])
    place = dice.randrange(len(raw))
    raw[place] ^= 1 << dice.randrange(8)
    (bag.path / name).write_bytes(raw)
    return {name} | listed_at(bag, name, place)


def listed_at(bag: Bag, name: str, place: int) -> Names:
    """A changed line of the tag manifest (which nothing but the paper covers) is told by the file it lists."""
    if name != "tagmanifest-sha256.txt":
        return set()
    start = bag.kept[name].rfind(b"\n", 0, place) + 1
    lines = bag.kept[name][start:].split(b"\n")[:2]
    return {line[66:].decode() for line in lines if len(line) > 66}


def journal_line(bag: Bag, dice: random.Random) -> Names:
    """Change, drop, swap or add a line, or move a time; the chain recomputed in two of three."""
    journal = bag.path / "data" / "journal.jsonl"
    entries = read_entries(journal)
    at = dice.randrange(len(entries) - 1)
    match dice.randrange(5):
        case 0:
            entries[at]["operator"] = "other@MACHINE"
        case 1:
            del entries[at]
        case 2:
            entries[at], entries[at + 1] = entries[at + 1], entries[at]
        case 3:
            entries.insert(at, {**entries[at], "step": "invented"})
        case _:
            entries[at]["t"] = "2023-12-31T23:59:59.000Z"
    lines = chained(entries) if dice.random() < 0.67 else b"".join(encode(entry) + b"\n" for entry in entries)
    journal.write_bytes(lines)
    return {"data/journal.jsonl"}


def add_file(bag: Bag, dice: random.Random) -> Names:
    folder = dice.choice(sorted({Path(name).parent.as_posix() for name in bag.kept}))
    name = f"{folder}/added-{dice.randrange(10**6)}.txt".removeprefix("./")
    (bag.path / name).write_bytes(dice.randbytes(dice.randrange(30)))
    return {name}


def remove_file(bag: Bag, dice: random.Random) -> Names:
    name = dice.choice(sorted(bag.kept))
    (bag.path / name).unlink()
    return {name}


def rename_file(bag: Bag, dice: random.Random) -> Names:
    name = dice.choice(sorted(bag.kept))
    (bag.path / name).rename((bag.path / name).with_name("renamed.bin"))
    return {name}


def empty_file(bag: Bag, dice: random.Random) -> Names:
    name = dice.choice([name for name, raw in bag.kept.items() if raw])
    (bag.path / name).write_bytes(b"")
    return {name}


def manifest_line(bag: Bag, dice: random.Random) -> Names:
    name = dice.choice(["manifest-sha256.txt", "tagmanifest-sha256.txt"])
    lines = bag.kept[name].splitlines(keepends=True)
    at = dice.randrange(len(lines))
    touched = {lines[at][66:].rstrip(b"\n").decode()}
    match dice.randrange(4):
        case 0:
            lines[at] = hashlib.sha256(dice.randbytes(8)).hexdigest().encode() + lines[at][64:]
        case 1:
            del lines[at]
        case 2:
            lines[at] = lines[at][:66] + b"data/nowhere\n"
        case _:
            lines.insert(at, lines[at][:64].upper() + lines[at][64:])
    (bag.path / name).write_bytes(b"".join(lines))
    return {name, *touched}


def swap_contents(bag: Bag, dice: random.Random) -> Names:
    pair = dice.sample([name for name, raw in bag.kept.items() if raw], 2)
    if bag.kept[pair[0]] == bag.kept[pair[1]]:
        return flip_bit(bag, dice)
    (bag.path / pair[0]).write_bytes(bag.kept[pair[1]])
    (bag.path / pair[1]).write_bytes(bag.kept[pair[0]])
    return set(pair)


def forge_evidence(bag: Bag, dice: random.Random) -> Names:
    """Change a file that the journal vouches for and make the manifests fit again."""
    vouched = sorted(
        f"data/{item['path']}"
        for entry in read_entries(bag.path / "data" / "journal.jsonl")
        for item in entry.get("evidence") or []
    )
    name = dice.choice(vouched)
    (bag.path / name).write_bytes(bag.kept[name] + b" ")
    rehash(bag.path, dice)
    return {name}


WAYS: tuple[Callable[[Bag, random.Random], Names], ...] = (
    flip_bit, journal_line, add_file, remove_file, rename_file, empty_file, manifest_line, swap_contents,
    forge_evidence,
)  # fmt: skip


def draw(sealed: Path, seal: str, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Mutate the bag ``count`` times and put it back each time: how often each way was tried, and what did not hold.

    Held: ``verify`` sees it without the paper's seal and names a file that was touched, with the seal it sees it too,
    and bagit finds nothing in a bag that ``verify`` calls well.
    """
    bag, dice = Bag(sealed), random.Random(seed)
    tried: Counter[str] = Counter()
    faults = []
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    for turn in range(count):
        way = WAYS[turn % len(WAYS)]
        with bag.changed():
            names = way(bag, dice)
            report, on_paper = verify(sealed, workers=1), verify(sealed, seal, workers=1)
            told = {fault.path for fault in report.faults} | {str(fault.fields.get("now")) for fault in report.faults}
            tried[way.__name__] += 1
            what = f"turn {turn}: {way.__name__} of {sorted(names)}"
            if report.ok or on_paper.ok:
                faults.append(f"{what} went unseen")
            if not names & told:
                faults.append(f"{what} is not named among {sorted(told)}")
            if report.ok and not _well_for_bagit(sealed):
                faults.append(f"{what} is seen by bagit alone")
    if verify(sealed, seal).origin != "proven":
        faults.append("the bag was not put back as it was")
    return tried, faults


def _well_for_bagit(folder: Path) -> bool:
    with contextlib.suppress(bagit.BagError, OSError):
        return bool(bagit.Bag(str(folder)).is_valid())
    return False
