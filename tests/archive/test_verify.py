"""Tampering: every change of a sealed case is caught and named, or, where only the paper can tell, caught by it."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from made_case import clock, digest, files_of, make_case

from runbook import archive
from runbook.journal import GENESIS, encode
from runbook.record.story import read_entries

MUTATIONS = 1080


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> archive.Sealed:
    root = tmp_path_factory.mktemp("verify")
    return archive.seal(make_case(root / "cases"), root / "archive", clock=clock())


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
    folder = dice.choice(sorted({str(Path(name).parent) for name in bag.kept}))
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


def test_every_mutation_is_caught_and_named(sealed: archive.Sealed, capsys: pytest.CaptureFixture[str]) -> None:
    bag = Bag(sealed.bag)
    dice = random.Random(6)
    caught: dict[str, int] = {}
    tried: dict[str, int] = {}
    for turn in range(MUTATIONS):
        way = WAYS[turn % len(WAYS)]
        with bag.changed():
            names = way(bag, dice)
            report = archive.verify(bag.path, workers=1)
        told = {fault.path for fault in report.faults} | {str(fault.fields.get("now")) for fault in report.faults}
        tried[way.__name__] = tried.get(way.__name__, 0) + 1
        assert not report.ok, f"turn {turn}: {way.__name__} of {names} went unseen"
        assert names & told, f"turn {turn}: {way.__name__} of {names} not named among {told}"
        caught[way.__name__] = caught.get(way.__name__, 0) + 1
    with capsys.disabled():
        named, all_of_them = sum(caught.values()), sum(tried.values())
        share = 100 * named / all_of_them
        sys.stdout.write(f"\n{named} of {all_of_them} mutations caught and named ({share:.1f} %)\n")
    assert archive.verify(sealed.bag, sealed.seal).origin == "proven", "the bag was put back"


@pytest.mark.parametrize("turn", range(4))
def test_a_whole_new_seal_is_caught_by_the_paper_alone(turn: int, tmp_path: Path) -> None:
    """Whoever holds the software can change a case and seal it anew: consistent, and only the paper objects."""
    case = make_case(tmp_path / "cases")
    honest = archive.seal(case, tmp_path / "archive", clock=clock())
    shutil.rmtree(honest.bag)
    if turn == 0:  # a licence code replaced in a private file, which no journal line vouches for
        (case / "private" / "call-sheet.txt").write_text("ID : X\n", encoding="utf-8", newline="\n")
    else:
        entries = read_entries(case / "journal.jsonl")
        if turn == 1:  # earlier by a month
            for entry in entries:
                entry["t"] = entry["t"].replace("2024-02", "2024-01")
        elif turn == 2:  # done by somebody else
            for entry in entries:
                if entry["event"] == "open":
                    entry["operator"] = "other@RDLS-NEUF"
        else:  # evidence exchanged, its hash entered
            target = case / "r02" / "key-packs" / "out.json"
            target.write_text(json.dumps([{"Total": 4000}]), encoding="utf-8", newline="\n")
            for entry in entries:
                for item in entry.get("evidence") or []:
                    if item["path"] == "r02/key-packs/out.json":
                        item.update(sha256=digest(target), size=target.stat().st_size)
        (case / "journal.jsonl").write_bytes(chained(entries))
    forged = archive.seal(case, tmp_path / "archive", clock=clock())
    without_paper = archive.verify(forged.bag)
    assert without_paper.ok and without_paper.origin == "not checked"
    assert "ORIGIN NOT CHECKED" in without_paper.text("en")
    with_paper = archive.verify(forged.bag, honest.seal)
    assert not with_paper.ok and with_paper.origin == "differs"
    assert [fault.word for fault in with_paper.faults] == ["seal_differs"]


def test_the_seal_is_read_as_people_type_it(sealed: archive.Sealed) -> None:
    groups = " ".join(sealed.seal[i : i + 4] for i in range(0, 64, 4))
    for typed in (sealed.seal.upper(), groups, groups.replace(" ", "-"), groups[:39] + "\n  " + groups[40:] + "\n"):
        assert archive.verify(sealed.bag, typed).origin == "proven", typed
    short = archive.verify(sealed.bag, groups[:-1])
    assert not short.ok and "63" in short.text("en")
    assert not archive.verify(sealed.bag, "f" * 64).ok


def test_a_sheet_that_says_otherwise_is_told(sealed: archive.Sealed) -> None:
    sheet = sealed.sheets[0]
    before = sheet.read_bytes()
    try:
        sheet.write_bytes(before.replace(sealed.seal[:4].encode(), b"0000"))
        report = archive.verify(sealed.bag)
    finally:
        sheet.write_bytes(before)
    assert [fault.word for fault in report.faults] == ["sheet"]


def test_links_and_empty_folders_are_told(sealed: archive.Sealed, tmp_path: Path) -> None:
    bag = tmp_path / "copy"
    shutil.copytree(sealed.bag, bag)
    (bag / "data" / "nothing").mkdir()
    victim = bag / "data" / "case.yml"
    shutil.copyfile(victim, tmp_path / "outside.yml")
    victim.unlink()
    try:
        victim.symlink_to(tmp_path / "outside.yml")
    except OSError:
        if sys.platform != "win32":
            raise
        pytest.skip("no right to make links here: Windows gives it to administrators")
    words = {(fault.path, fault.word) for fault in archive.verify(bag).faults}
    assert {("data/nothing/", "empty_folder"), ("data/case.yml", "link")} <= words


def test_every_sentence_exists_in_both_languages(sealed: archive.Sealed, tmp_path: Path) -> None:
    for lang, word in (("fr", "ALTÉRÉE"), ("en", "TAMPERED")):
        bag = tmp_path / lang / "case-2024-01"
        shutil.copytree(sealed.bag, bag)
        (bag / "data" / "case.yml").unlink()
        assert word in archive.verify(bag).text(lang)
    assert not archive.verify(tmp_path / "nowhere").ok


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    """A file of 64 MB is hashed in blocks: what Python allocates stays far below its size."""
    import tracemalloc

    def with_big_file(step: Path) -> list[Path]:
        big = step / "big.bin"
        with big.open("wb") as file:
            for _ in range(64):
                file.write(b"\x5a" * (1 << 20))
        return [big]

    case = make_case(tmp_path / "cases", extra=with_big_file)
    tracemalloc.start()
    try:
        sealed = archive.seal(case, tmp_path / "archive", workers=2)
        assert archive.verify(sealed.bag, workers=2).ok
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20, f"{peak >> 20} MiB"
