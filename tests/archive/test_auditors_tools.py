"""The auditor's own tools and ours give one verdict on the same bag: real PowerShell, a shell, ``runbook verify``;
bagit and sha256sum are the judges. No name of a file reaches the terminal as it is."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bagit
import pytest

from runbook.archive.bag import AGENT
from runbook.archive.seal import Contents, write_bag
from runbook.archive.seal_sheet import seal_of
from runbook.archive.verify import verify
from runbook.journal.lines import check_chain, encode
from runbook.papers.verifier import verifier_commands
from tests.simulated.pwsh import find

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the bags hold names that Windows cannot have")

ROOM = Path(__file__).parents[2] / "runbook"
#: Runs the same pasted text many times in one process: a PowerShell takes a second to start.
DRIVER = """
foreach ($job in (Get-Content -LiteralPath $env:JOBS -Raw | ConvertFrom-Json)) {
    if ($job.Folder) { Set-Location -LiteralPath $job.Folder }
    $told = try { & ([scriptblock]::Create($job.Text)) | Out-String -Width 4096 } catch { 'NO VERDICT: ' + $_ }
    [System.IO.File]::WriteAllText($job.Answer, [string] $told)
}
"""
Cheat = Callable[[Path], object]


@pytest.fixture(scope="session")
def pwsh(need: Callable[..., str]) -> str:
    """PowerShell 7, on PATH or where .ci/run unpacks it."""
    return str(find() or need("pwsh"))


def in_powershell(pwsh: str, texts: list[tuple[str, Path | None]], work: Path) -> list[str]:
    """What each pasted text prints, all in one process; each in its folder."""
    work.mkdir(exist_ok=True)
    jobs = [
        {"Text": text, "Folder": str(folder or ""), "Answer": str(work / f"{n}.txt")}
        for n, (text, folder) in enumerate(texts)
    ]
    (work / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    environ = {**os.environ, "JOBS": str(work / "jobs.json"), "POWERSHELL_TELEMETRY_OPTOUT": "1"}
    call = [pwsh, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", DRIVER]
    subprocess.run(call, env=environ, check=True, timeout=800, capture_output=True)
    return [Path(str(job["Answer"])).read_text(encoding="utf-8") for job in jobs]


def in_shell(text: str) -> str:
    """What a pasted text prints in bash, with the line ends that it has in VERIFIER.txt."""
    done = subprocess.run(["bash"], input=text.replace("\n", "\r\n").encode(), capture_output=True, timeout=20)
    assert not done.stderr, done.stderr
    return done.stdout.decode("latin-1")


def powershell_way(name: str, *values: tuple[str, str]) -> str:
    """A script of a room with its inputs set."""
    text = (ROOM / name).read_text(encoding="utf-8")
    for variable, value in values:
        quoted = value.replace("'", "''")
        text, done = re.subn(rf"\${variable} = '.*'", lambda _, v=variable, q=quoted: f"${v} = '{q}'", text)
        assert done == 1, variable
    return text


def shell_way(name: str, folder: Path, paper: str = "") -> str:
    text = (ROOM / "papers" / name).read_text(encoding="utf-8")
    quoted = str(folder).replace("'", "'\\''")
    return re.sub(r"cd '.*?'", lambda _: f"cd '{quoted}'", text, count=1).replace(
        "seal_on_paper=''", f"seal_on_paper='{paper}'"
    )


# -- the bags


def put(name: str | bytes, content: bytes = b"x") -> Cheat:
    def cheat(bag: Path) -> None:
        path = bag / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)

    return cheat


def edit(name: str, change: Callable[[bytes], bytes]) -> Cheat:
    def cheat(bag: Path) -> None:
        old = (bag / name).read_bytes()
        new = change(old)
        assert old != new
        (bag / name).write_bytes(new)

    return cheat


def instead(name: str, make: Callable[[Path], object]) -> Cheat:
    def cheat(bag: Path) -> None:
        if (bag / name).exists():
            (bag / name).unlink()
        make(bag / name)

    return cheat


def relist(bag: Path) -> None:
    """Both lists made anew, as somebody can who has no paper to match."""

    def lines(paths: Iterator[Path]) -> bytes:
        found = sorted((p.relative_to(bag).as_posix(), hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths)
        return "".join(f"{digest}  {path}\n" for path, digest in found).encode()

    (bag / "manifest-sha256.txt").write_bytes(lines(p for p in (bag / "data").rglob("*") if p.is_file()))
    tags = (p for p in bag.iterdir() if p.is_file() and p.name != "tagmanifest-sha256.txt")
    (bag / "tagmanifest-sha256.txt").write_bytes(lines(tags))


def anew(name: str, change: Callable[[bytes], bytes]) -> Cheat:
    """A list damaged and all that hangs on it made to fit again: only its form is wrong."""

    def cheat(bag: Path) -> None:
        edit(name, change)(bag)
        if name == "manifest-sha256.txt":
            digest = hashlib.sha256((bag / name).read_bytes()).hexdigest().encode()
            edit("tagmanifest-sha256.txt", lambda raw: re.sub(rb"\w{64}(?=  manifest)", digest, raw))(bag)

    return cheat


def small_bag(target: Path) -> Path:
    """A bag as sealing writes it, of few files: hundreds of copies are made of it and each is read six times."""
    source = target.parent.with_name("source")
    source.mkdir()
    target.parent.mkdir()
    texts = {"case.yml": b"case: x\n", "proofs/stdout.bin": b"\0\xff", "papers/notes de l\u2019appel.txt": b"n\n"}
    texts["journal.jsonl"] = chain({"event": "note"}, {"event": "note"})
    files = {}
    for number, (name, raw) in enumerate(texts.items()):
        files[name] = source / str(number)
        files[name].write_bytes(raw)
    write_bag(Contents(files, lambda _: [("Bag-Software-Agent", AGENT)]), target, lambda *_: None)
    return target


#: Names of files that nobody listed, and what of each every tool must still say.
NAMES: list[str | bytes] = [
    "data/CASE.yml", "data/Journal.jsonl", "DATA/case.yml", "TagManifest-sha256.txt", "tagmanifest-SHA256.txt",
    "Manifest-sha256.txt", "data/jour\u00adnal.jsonl", "tagmanifest\u00ad-sha256.txt", "data/case\u200b.yml",
    "data/case.yml ", "data/ case.yml", "data/case.yml.", "data/.case.yml", ".hidden", "data/.git/config",
    "tagmanifest-md5.txt", "manifest-md5.txt", "tagmanifest-sha512.txt", "fetch.txt", "bag-info.txt.bak",
    "tagmanifest-sha256.txt\ntagmanifest-sha256.txt", "data/case.yml\n./data/journal.jsonl", "data/a\nTOUT EST BIEN",
    "data/x\nORIGINE PROUVEE / ORIGIN PROVEN", "data/\x1b[2J\x1b[H TOUT EST BIEN / ALL IS WELL\x1b[8m",
    "\x1b[2K\x1b[1G COHERENTE", "data/\x9b2J", "data/\u202egpj.exe", "data/a\rb", "data/a\tb", "data/\x7f",
    b"data/preuves re\xe7ues/forged.pdf", b"data/\xff\xfe", b"\xe9", "data/e\u0301.txt", "data/\u00e9.txt",
    "data\\case.yml", "data/proofs\\x", "data/[1].txt", "data/*", "data/?", "data/$(id)", "data/`id`", "data/'; id; '",
    'data/"x"', "data/%0Acase.yml", "data/%25", "data/-rf", "-n", "--help", "data/" + "n" * 200,
    "data/" + "/".join(["deep" * 10] * 12) + "/x", "data/\U0001f600", "data/\u0130", "data/\u212aelvin", "#", "data/#",
    "data/case.yml:stream", "data/papers/more",
    "VERIFIER.TXT", "verifier.txt", "BAGIT.TXT",
]  # fmt: skip
LISTS = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "blank": lambda raw: raw + b"\n",
    "blank first": lambda raw: b"\n" + raw,
    "blank inside": lambda raw: raw.replace(b"\n", b"\n\n", 1),
    "comment": lambda raw: b"# list\n" + raw,
    "crlf": lambda raw: raw.replace(b"\n", b"\r\n"),
    "mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "utf16": lambda raw: raw.decode().encode("utf-16"),
    "capitals": lambda raw: raw[:64].upper() + raw[64:],
    "star": lambda raw: raw.replace(b"  ", b" *", 1),
    "one blank": lambda raw: raw.replace(b"  ", b" ", 1),
    "tab": lambda raw: raw.replace(b"  ", b"\t", 1),
    "no end": lambda raw: raw[:-1],
    "cut": lambda raw: raw[:-90],
    "in the digest": lambda raw: raw + b"0123",
    "nul": lambda raw: raw.replace(b"\n", b"\0\n", 1),
    "nul end": lambda raw: raw + b"\0",
    "twice": lambda raw: raw + raw[: raw.index(b"\n") + 1],
    "order": lambda raw: b"".join(reversed(raw.splitlines(keepends=True))),
    "emptied": lambda raw: b"",
    "outside": lambda raw: raw + hashlib.sha256(b"out").hexdigest().encode() + b"  data/../../outside.txt\n",
    "absolute": lambda raw: raw + hashlib.sha256(b"out").hexdigest().encode() + b"  /etc/hostname\n",
    "dot": lambda raw: raw.replace(b"  ", b"  ./", 1),
    "backslash": lambda raw: raw[:66] + raw[66:].replace(b"/", b"\\").replace(b"-", b"\\"),
    "random": lambda raw: random.Random(3).randbytes(4000),
    "a nul file": lambda raw: b"\0" * len(raw),
    "long line": lambda raw: raw + b"a" * 1_000_000 + b"\n",
    "flood": lambda raw: raw + b"".join(b"%064x  data/f%d\n" % (n, n) for n in range(2000)),
    "escape": lambda raw: raw + b"0" * 64 + b"  data/\x1b[2JALL IS WELL\n",
}  # fmt: skip


def cheats() -> Iterator[tuple[str, Cheat, str]]:
    """Name of the attack, what it does, what must be named (nothing in particular: "")."""
    for name in NAMES:
        yield f"added {name!r}", put(name), ""
    for where in ("link", "twin"):
        yield f"{where} in", instead("data/more", lambda p: p.symlink_to("case.yml")), "data/more"
    yield "link out", instead("data/more", lambda p: p.symlink_to("/etc/passwd")), "data/more"
    yield "broken link", instead("data/more", lambda p: p.symlink_to("nowhere")), "data/more"
    yield "loop", instead("data/more", lambda p: p.symlink_to("..", target_is_directory=True)), "data/more"
    yield "device link", instead("data/case.yml", lambda p: p.symlink_to("/dev/zero")), "data/case.yml"
    for name in ("data/case.yml", "data/journal.jsonl", "bag-info.txt", "bagit.txt", "VERIFIER.txt", *LISTS):
        yield f"pipe {name}", instead(name, os.mkfifo), name
        yield f"link {name}", instead(name, lambda p: p.symlink_to("/dev/null")), name
        yield f"folder {name}", instead(name, lambda p: p.mkdir()), name
        yield f"removed {name}", instead(name, lambda p: None), name
        if name != "tagmanifest-sha256.txt":
            yield f"emptied {name}", edit(name, lambda raw: b""), name
    yield "empty folder", lambda bag: (bag / "data" / "empty").mkdir(), "data/empty"
    yield "empty odd folder", lambda bag: (bag / "data" / "\x1b[2J").mkdir(), "[2J"
    yield (
        "emptied folder",
        lambda bag: shutil.rmtree(bag / "data" / "proofs") or (bag / "data" / "proofs").mkdir(),
        "data/proofs",
    )
    yield "no data", lambda bag: shutil.rmtree(bag / "data"), "data/case.yml"
    yield "renamed", lambda bag: (bag / "data/case.yml").rename(bag / "data/Case.yml"), "data/Case.yml"
    yield "nothing left", lambda bag: [shutil.rmtree(p) if p.is_dir() else p.unlink() for p in bag.iterdir()], ""
    yield "no lists", lambda bag: [(bag / name).unlink() for name in LISTS], "manifest-sha256.txt"
    for list_ in LISTS:
        for word, change in DAMAGE.items():
            yield f"{word} {list_}", edit(list_, change), ""
            if word not in ("random", "cut", "emptied"):
                yield f"anew {word} {list_}", anew(list_, change), ""
    dice = random.Random(17)
    for number in range(24):
        yield f"bit {number}", lambda bag, d=dice: flip(bag, d), ""


def flip(bag: Path, dice: random.Random) -> None:
    """One bit of one file turned."""
    file = dice.choice(sorted(p for p in bag.rglob("*") if p.is_file() and p.stat().st_size))
    raw = bytearray(file.read_bytes())
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    file.write_bytes(raw)


#: Where a bag may lie: none of it is a fault.
PLACES = ["plain", "two  blanks", "it's", "[1] case", "$(id)", "a#b", "préfecture", "&;|", "%TEMP%", "-n"]


#: What ``runbook verify``, both ways of VERIFIER.txt, its text and the pages call the five answers.
WORDS = {
    "fault": "TAMPERED WITH",
    "proven": "INTACT, ORIGIN PROVEN",
    "coherent": "CONSISTENT, ORIGIN NOT CHECKED",
    "mistyped": "SEAL MISTYPED",
    "other": "SEAL DIFFERS",
}


def verdict(told: str) -> str:
    """The word that every tool uses, by the line in which it gives its answer; none where it gives none."""
    found = re.match(rf"(?:\s*Result +: )?[A-Z, ]+ / ({'|'.join(WORDS.values())})$", told, re.MULTILINE)
    return next(key for key, word in WORDS.items() if word == found[1]) if found else f"none: {told[:300]}"


def ours(bag: Path, paper: str) -> tuple[str, str]:
    told = verify(bag, paper or None).text("en")
    # "CHANGED: …" before it and "Seal computed: …" after it are not the answer
    said = [key for line in told.splitlines() for key, word in WORDS.items() if line.startswith(f"{word}:")]
    return said[0] if len(said) == 1 else f"not one answer: {told[:300]}", told


@pytest.mark.timeout(900)  # hundreds of bags, each read by three programs
def test_every_tool_gives_the_same_verdict(tmp_path: Path, pwsh: str, need: Callable[..., str]) -> None:
    need("bash")
    need("sha256sum")
    made = small_bag(tmp_path / "archive" / "case-2024-01")
    (tmp_path / "outside.txt").write_bytes(b"out")
    bags: list[tuple[str, Path, str, str, str]] = []  # what, where, seal typed, verdict wanted, to be named
    for number, (what, cheat, named) in enumerate(cheats()):
        bag = Path(shutil.copytree(made, tmp_path / "bags" / str(number) / "bag"))
        try:
            cheat(bag)
        except FileExistsError:
            pytest.fail(f"{what}: this disk cannot hold the bag")
        lists = what.startswith("anew")
        bags.append((what, bag, "" if lists else seal_of(made), "fault", named))
    for place in PLACES:
        bag = Path(shutil.copytree(made, tmp_path / "well" / place / "bag"))
        paper, wanted = (seal_of(made), "proven") if len(place) % 2 else ("", "coherent")
        bags.append((f"well in {place}", bag, paper, wanted, ""))
    typed = {" ".join(re.findall("....", seal_of(made).upper())): "proven", f"({seal_of(made)})": "proven"}
    seal = seal_of(made)
    slip = seal[:60] + ("1030" if seal[60:] == "1031" else "1031")
    typed |= dict.fromkeys((seal[:63], seal + "0", slip, seal[4:8] + seal[:4] + seal[8:], "oubli"), "mistyped")
    typed |= {"   ": "coherent", "0" * 64: "other"}
    bags += [("well, typed", made, paper, wanted, "") for paper, wanted in typed.items()]
    again = Path(shutil.copytree(made, tmp_path / "again"))
    edit("data/case.yml", lambda raw: raw + b"# more\n")(again)
    info = (again / "bag-info.txt").read_text(encoding="utf-8")
    size = sum(p.stat().st_size for p in (again / "data").rglob("*") if p.is_file())
    (again / "bag-info.txt").write_text(re.sub(r"Oxum: \d+", f"Oxum: {size}", info), encoding="utf-8", newline="\n")
    relist(again)
    bags += [("made anew, the paper's seal", again, seal_of(made), "other", "")]
    assert len(bags) >= 200

    texts = [
        (powershell_way("papers/verifier.ps1", ("Bag", f".\\{bag.name}"), ("SealOnPaper", paper)), bag.parent)
        for _, bag, paper, _, _ in bags
    ]
    windows = in_powershell(pwsh, texts, tmp_path / "answers")
    wrong: list[str] = []
    for (what, bag, paper, wanted, named), told_ps in zip(bags, windows, strict=True):
        told_sh = in_shell(shell_way("verifier.sh", bag, paper))
        own, told_own = ours(bag, paper)
        found = {"ps1": verdict(told_ps), "sh": verdict(told_sh), "verify": own}
        if set(found.values()) != {wanted}:
            wrong.append(f"{what}: {found}, wanted {wanted}")
        for tool, told in (("ps1", told_ps), ("sh", told_sh), ("verify", told_own)):
            if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e]", told.replace("\r\n", "\n")):
                wrong.append(f"{what}: {tool} writes what repaints the screen")
            if named not in told:
                wrong.append(f"{what}: {tool} does not name {named}: {told[:500]}")
        if wanted == "coherent" and not all("them all anew" in told for told in (told_ps, told_sh, told_own)):
            wrong.append(f"{what}: not every tool says that its lists were compared with nothing")
        counts = {re.findall(r"Files +: (\d+) dans / in data, (\d+) a cote", told)[0] for told in (told_ps, told_sh)}
        counted = re.search(r", (\d+) files? in data .*? and (\d+) beside", told_own)
        if counted and counts != {counted.groups()}:
            wrong.append(f"{what}: {counts} files, and {counted.groups()}")
        if judged_bad(bag) and own != "fault":
            wrong.append(f"{what}: bagit or sha256sum finds what we do not")
    assert not wrong, "\n".join(wrong)


def judged_bad(bag: Path) -> bool:
    """What bagit says of a bag, and sha256sum of its payload. A pipe would hang either."""
    if any(p.is_symlink() or not (p.is_file() or p.is_dir()) for p in bag.rglob("*")):
        return True
    try:
        bagit.Bag(str(bag)).validate()
    except (bagit.BagError, OSError, ValueError):
        return True
    call = ["sha256sum", "--check", "--quiet", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
    return subprocess.run(call, cwd=bag, capture_output=True).returncode != 0


# -- the chain


def chain(*entries: dict[str, object]) -> bytes:
    prev, raw = "0" * 64, b""
    for number, entry in enumerate(entries, 1):
        line = encode({**entry, "n": number, "prev": prev, "t": f"2026-01-31T08:00:{number:02d}.000Z", "run": "r01"})
        prev, raw = hashlib.sha256(line).hexdigest(), raw + line + b"\n"
    return raw


def journals() -> Iterator[tuple[str, bytes]]:
    """Journals: the first ones whole, each of the others broken somewhere."""
    good = chain(*({"event": "note", "text": f'ligne {n} é "cité" \\ {{}}'} for n in range(7)))
    lines = good.splitlines(keepends=True)
    yield "whole", good
    yield "whole, one line", lines[0]
    for n in range(7):
        yield f"without line {n}", b"".join(lines[:n] + lines[n + 1 :]) + (b"" if n < 6 else b"{}\n")
        yield (
            f"edited {n}",
            b"".join([*lines[:n], lines[n].replace(b"ligne", b"LIGNE"), *lines[n + 1 :]]) + b'{"n":8}\n',
        )
        yield f"blank after {n}", b"".join([*lines[: n + 1], b"\n", *lines[n + 1 :]])
        yield f"nul in {n}", b"".join([*lines[:n], lines[n].replace(b"ligne", b"li\0gne"), *lines[n + 1 :]])
    yield "empty", b""
    yield "mark", b"\xef\xbb\xbf" + good
    yield "crlf", good.replace(b"\n", b"\r\n")
    yield "cut", good[:-1]
    yield "cut inside", good[:-40]
    yield "zeros", good + b"\0" * 40
    head = hashlib.sha256(lines[-1][:-1]).hexdigest().encode()
    yield "nested", good + b'{"inner":{"prev":"' + head + b'"},"n":8,"prev":"0"}\n'
    yield "twice", good + b'{"n":8,"prev":"' + head + b'","prev":"0"}\n'
    yield "no JSON", good + b'"n":8,"prev":"' + head + b'"\n'
    yield "number", good + b'{"n":9,"prev":"' + head + b'"}\n'


@pytest.mark.timeout(900)  # hundreds of bags, each read by three programs
def test_the_chain_is_read_alike(tmp_path: Path, pwsh: str, need: Callable[..., str]) -> None:
    need("bash")
    cases = list(journals())
    texts = []
    for number, (_, raw) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "journal.jsonl").write_bytes(raw)
        texts.append((powershell_way("papers/chain.ps1", ("Journal", "journal.jsonl")), folder))
    texts.append((powershell_way("papers/chain.ps1", ("Journal", "gone.jsonl")), tmp_path))
    told = in_powershell(pwsh, texts, tmp_path / "answers")
    assert "NOTHING WAS CHECKED" in told.pop()
    for number, ((what, raw), answer) in enumerate(zip(cases, told, strict=True)):
        whole = bool(raw) and not check_chain(raw)
        assert whole is what.startswith("whole"), what
        shell = in_shell(shell_way("chain.sh", tmp_path / str(number)))
        assert ("breaks : 0" in answer) is whole and ("breaks : 0" in shell) is whole, (what, answer, shell)
        if whole:
            last = hashlib.sha256(raw.splitlines()[-1]).hexdigest()
            assert last in answer and last in shell
    assert "NOTHING WAS CHECKED" in in_shell(shell_way("chain.sh", tmp_path))


# -- the proof of a paper that stayed inside


def test_the_proof_is_that_of_the_file_where_one_stands(tmp_path: Path, pwsh: str) -> None:
    salt, inner = "0f" * 32, tmp_path / "inner"
    inner.mkdir()
    for folder in (tmp_path, inner):
        (folder / "paper.pdf").write_bytes(str(folder).encode())
    spelled = " ".join(re.findall("....", salt.upper())) + " "
    given = [(salt, "paper.pdf"), (spelled, "./paper.pdf"), (salt[:-1], "paper.pdf"), ("", "paper.pdf"), (salt, "gone")]
    texts = [(powershell_way("redaction/prove.ps1", ("Salt", s), ("File", f)), inner) for s, f in given]
    first, second, short, empty, gone = in_powershell(pwsh, texts, tmp_path / "answers")
    mark = hmac.new(bytes.fromhex(salt), (inner / "paper.pdf").read_bytes(), "sha256").hexdigest()
    assert first.strip() == second.strip() == mark
    assert "SALT MISTYPED" in short and short.strip().endswith(": 63") and empty.strip().endswith(": 0")
    assert "THERE IS NO SUCH FILE" in gone


def test_the_ways_are_the_scripts(tmp_path: Path) -> None:
    for name in ("verifier.ps1", "verifier.sh", "chain.ps1", "chain.sh"):
        assert (ROOM / "papers" / name).read_text(encoding="utf-8").strip() in verifier_commands()
