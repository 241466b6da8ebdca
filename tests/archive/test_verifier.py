"""VERIFIER.txt and the seal sheet: what an auditor without Python pastes, really run where there is a bash."""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from made_case import clock, make_case

from runbook.archive.seal import Sealed, seal
from runbook.archive.verify import verify
from runbook.papers.browser import print_pdf
from runbook.words.sentences import LANGS, data_root, read_yaml, typeset

BASH = shutil.which("bash")
needs_bash = pytest.mark.usefixtures("bash")


@pytest.fixture
def bash(need: Callable[..., str]) -> None:
    """bash and sha256sum, as an auditor on Linux has them."""
    need("bash")
    need("sha256sum")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    root = tmp_path_factory.mktemp("verifier")
    return seal(make_case(root / "cases"), root / "archive", clock=clock())


@pytest.fixture
def bag(sealed: Sealed, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed.bag, tmp_path / sealed.bag.name))


def text_of(bag: Path) -> str:
    return (bag / "VERIFIER.txt").read_bytes().decode("utf-8-sig")


def way(letter: str, bag: Path) -> str:
    """A way of the bag's own VERIFIER.txt as an auditor pastes it, with its Windows line ends."""
    block = re.search(rf"(?ms)^{letter}\. .*?\r\n\r\n(.*?)(?:(?:\r\n){{3,}}|\r\n\Z)", text_of(bag))
    assert block is not None
    return block[1]


def script_b(bag: Path, seal: str = "") -> bytes:
    """Way B with the paper's seal in."""
    script = way("B", bag).replace("seal_on_paper=''", f"seal_on_paper='{seal}'")
    assert "\r\n" in script and f"seal_on_paper='{seal}'" in script
    return script.encode() + b"\r\n"


def way_b(bag: Path, seal: str = "") -> str:
    """What way B prints."""
    given = {"input": script_b(bag, seal), "cwd": bag.parent}
    done = subprocess.run([str(BASH)], **given, capture_output=True, timeout=60, check=False)
    assert b"command not found" not in done.stderr, done.stderr
    return done.stdout.decode()


@needs_bash
def test_a_good_bag_is_well_and_the_seal_from_paper_is_compared(bag: Path, sealed: Sealed) -> None:
    for nothing in ("", "  "):
        plain = way_b(bag, nothing)
        assert plain.startswith("COHERENTE, ORIGINE NON VERIFIEE / CONSISTENT, ORIGIN NOT CHECKED\n")
        assert "PROVEN" not in plain and sealed.seal in plain
        assert "lists with nothing: whoever makes them all anew gets this answer\n" in plain
    spelled = " ".join(re.findall(".{4}", sealed.seal.upper()))
    assert way_b(bag, spelled).startswith("INTACTE, ORIGINE PROUVEE / INTACT, ORIGIN PROVEN\n")
    assert f"Dossier / Folder : {bag.resolve()}\n" in plain, "which folder was checked"
    wrong = way_b(bag, "0" * 64)
    assert wrong.startswith("SCEAU DIFFERENT / SEAL DIFFERS\n") and "ORIGIN PROVEN" not in wrong


@needs_bash
@pytest.mark.parametrize(("typed", "digits"), [("{63}", 63), ("{64} 0", 65), ("xyz", 0), ("oubli", 1)])
def test_a_seal_that_is_none_is_mistyped_and_no_fault_of_the_archive(
    bag: Path, sealed: Sealed, typed: str, digits: int
) -> None:
    given = typed.replace("{63}", sealed.seal[:63]).replace("{64}", sealed.seal)
    told = way_b(bag, given)
    assert (
        told.startswith("SCEAU MAL RECOPIE / SEAL MISTYPED\n") and f", {digits} CHIFFRES SUR / DIGITS OF 64\n" in told
    )
    assert "TAMPERED" not in told and "CONSISTENT" not in told and "ORIGIN PROVEN" not in told


@needs_bash
def test_one_wrong_group_of_a_seal_is_named(bag: Path, sealed: Sealed) -> None:
    wrong = "1031" if sealed.seal[60:] != "1031" else "1030"
    told = way_b(bag, sealed.seal[:60] + wrong)
    assert told.startswith("SCEAU MAL RECOPIE / SEAL MISTYPED\n")
    slip = f"GROUPE / GROUP 16 : saisi / typed {wrong}, calcule / computed {sealed.seal[60:]}\n"
    assert slip in told and "GROUP 15" not in told


def way_e(bag: Path) -> str:
    """What way E prints."""
    script = way("E", bag).encode() + b"\r\n"
    done = subprocess.run([str(BASH)], input=script, cwd=bag.parent, capture_output=True, timeout=60, check=True)
    assert not done.stderr
    return done.stdout.decode()


@needs_bash
def test_the_chain_is_read_again_and_a_line_that_does_not_follow_is_named(bag: Path) -> None:
    journal = bag / "data" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    last = hashlib.sha256(lines[-1].rstrip(b"\n")).hexdigest()
    told = way_e(bag)
    assert told == f"Lignes / Lines : {len(lines)} ; ruptures / breaks : 0\nDerniere / Last : {last}\n"
    for lang in ("fr", "en"):
        assert last in (bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8"), "at the record's foot"
    journal.write_bytes(b"".join([*lines[:4], lines[4].replace(b'"event":', b'"event": ', 1), *lines[5:]]))
    told = way_e(bag)
    assert "RUPTURE / BREAK : 6\n" in told and "breaks : 1\n" in told
    journal.write_bytes(b"".join(lines[1:]))
    assert way_e(bag).startswith("RUPTURE / BREAK : 1\n")


@needs_bash
def test_what_is_wrong_with_the_seal_stands_on_a_line_of_its_own(bag: Path) -> None:
    _add(bag)
    lines = way_b(bag, "0" * 64).splitlines()
    assert "SCEAU DIFFERENT / SEAL DIFFERS" in lines and "AJOUTE / ADDED : data/.hidden" in lines


@needs_bash
def test_without_the_folder_nothing_is_checked_and_the_shell_stays(bag: Path, sealed: Sealed) -> None:
    """Pasted into an interactive shell that stands in an archive: that one must not be taken for what was asked of."""
    script = script_b(bag, sealed.seal) + b"echo still $((40 + 2)) #\r\n"
    for call in ([str(BASH)], [str(BASH), "--norc", "--noprofile", "-i"]):
        done = subprocess.run(call, input=script, cwd=bag, capture_output=True, timeout=60, check=False)
        told = done.stdout.decode()
        assert "NOTHING WAS CHECKED" in told and "still 42" in told, told
        for word in ("CONSISTENT", "TAMPERED", "PROVEN", sealed.seal):
            assert word not in told


@needs_bash
def test_the_ways_are_pasted_as_they_are_under_any_folder_and_twice(bag: Path, sealed: Sealed) -> None:
    """Nothing names the way to the archive, so nothing in it can break a command: "L'été 2024" stands in no quotes.
    The shell stays where it is, and the next command pasted finds the archive too."""
    odd = bag.parent / 'L\'été d’"août" $(id) `id` 2024'
    odd.mkdir()
    moved = Path(shutil.move(bag, odd / bag.name))
    pasted = (script_b(moved, sealed.seal) + way("E", moved).encode() + b"\r\n") * 2
    done = subprocess.run([str(BASH)], input=pasted, cwd=odd, capture_output=True, timeout=60, check=True)
    told = done.stdout.decode()
    assert not done.stderr and told.count("INTACT, ORIGIN PROVEN\n") == 2 and told.count("breaks : 0\n") == 2, told
    for letter in "ABCDEFG":
        assert not re.search(r"['\"][A-Z]:\\|(?<![\w.])/archive", way(letter, moved)), f"way {letter} names a way to it"


def _change(bag: Path) -> None:
    (bag / "data" / "case.yml").write_bytes(b"case: other\n")


def _remove(bag: Path) -> None:
    (bag / "data" / "r01" / "migrate.ipynb").unlink()


def _add(bag: Path) -> None:
    (bag / "data" / ".hidden").write_bytes(b"x")


def _add_link(bag: Path) -> None:
    (bag / "data" / "more").symlink_to("/etc/hostname")


def _add_linked_folder(bag: Path) -> None:
    (bag / "data" / "folder").symlink_to("/tmp", target_is_directory=True)


def _swap_for_link(bag: Path) -> None:
    """The same bytes today, another file tomorrow."""
    file = bag / "data" / "case.yml"
    shutil.copy(file, bag.parent / "elsewhere.yml")
    file.unlink()
    file.symlink_to(bag.parent / "elsewhere.yml")


def _add_folder(bag: Path) -> None:
    (bag / "data" / "empty").mkdir()


def _edit_manifest(bag: Path) -> None:
    manifest = bag / "manifest-sha256.txt"
    manifest.write_bytes(manifest.read_bytes().replace(b"data/r02", b"data/r03", 1))


CHEATS: dict[Callable[[Path], None], str] = {
    _change: "data/case.yml",
    _remove: "data/r01/migrate.ipynb",
    _add: "data/.hidden",
    _add_link: "data/more",
    _add_linked_folder: "data/folder",
    _swap_for_link: "LINK : ./data/case.yml",
    _add_folder: "data/empty",
    _edit_manifest: "manifest-sha256.txt",
}


@needs_bash
@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_every_cheat_is_named(bag: Path, sealed: Sealed, cheat: Callable[[Path], None]) -> None:
    cheat(bag)
    for typed in ("", sealed.seal):
        told = way_b(bag, typed)
        assert told.startswith("ALTEREE / TAMPERED WITH\n") and CHEATS[cheat] in told, told
        assert "CONSISTENT" not in told and "ORIGIN PROVEN" not in told


def test_the_text_names_its_own_bag_and_says_how_to_begin(bag: Path) -> None:
    text = text_of(bag)
    assert f"$Bag = '.\\{bag.name}'" in text and f"cd './{bag.name}'" in text and "case-2024-07" not in text
    for words in ("où se trouve " + bag.name, "that holds " + bag.name, "-TimestampServer", "REDACTED.txt"):
        assert words in text
    for answer in (
        "INTACT, ORIGIN PROVEN",
        "CONSISTENT, ORIGIN NOT CHECKED",
        "SEAL MISTYPED",
        "SEAL DIFFERS",
        "TAMPERED WITH",
    ):
        assert text.count(answer) >= 3, "in the words, and as ways A and B answer it"
    assert text.index("\r\nB. ") < text.index("PLUS / MORE") < text.index("\r\nC. "), "two ways first"
    assert "cd /d" not in text, "cmd’s alone: in PowerShell the next line would hash another folder’s file"
    assert "\n" not in text.replace("\r\n", "")


def test_the_sheet_opens_in_notepad_and_gives_three_lines_that_stand_alone(sealed: Sealed) -> None:
    raw = sealed.sheets[0].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\r\n" in raw and b"\n" not in raw.replace(b"\r\n", b"")
    page = sealed.sheets[1].read_text(encoding="utf-8")
    name = sealed.bag.name
    for text in (raw.decode("utf-8-sig"), html.unescape(page)):
        assert f'certutil -hashfile "{name}\\tagmanifest-sha256.txt" SHA256' in text
        line = f"(Get-FileHash -LiteralPath '.\\{name}\\tagmanifest-sha256.txt').Hash.ToLower()"
        assert line in text, "in small letters, as the other two print it and the sheet has it"
        assert f"sha256sum '{name}/tagmanifest-sha256.txt'" in text
    assert verify(sealed.bag).ok, "the sheet beside the bag is still read"


@needs_bash
def test_who_counts_with_any_way_finds_the_number_of_the_sheet(bag: Path, sealed: Sealed) -> None:
    files = [path for path in bag.rglob("*") if path.is_file()]
    data = sum("data" in path.relative_to(bag).parts[:1] for path in files)
    beside = len(files) - data
    assert beside >= 5
    said = {"fr": f"{data} fichiers dans data (", "en": f"{data} files in data ("}
    end = {"fr": f") et {beside} à côté", "en": f") and {beside} beside it"}
    sheet = sealed.sheets[0].read_text(encoding="utf-8-sig").replace("\u00a0", " ")
    for lang in LANGS:
        told = verify(bag).text(lang).replace("\u00a0", " ")
        assert said[lang] in told and end[lang] in told and said[lang] in sheet and end[lang] in sheet
    assert f"Fichiers / Files : {data} dans / in data, {beside} a cote / beside\n" in way_b(bag)


def test_the_printed_sheet_is_one_page_signed_once(
    tmp_path: Path, need: Callable[..., str], need_browser: Callable[[], Path]
) -> None:
    """Signatures and seal on one side of paper, in both languages: on a second side they could be joined to another."""
    browser = need_browser()
    need("pdftotext")
    case = make_case(tmp_path / "cases", rehearsal="nominal")
    made = seal(case, tmp_path / "archive", as_is="une raison de plusieurs mots", clock=clock())
    pdf = print_pdf(made.sheets[1], tmp_path / "sheet.pdf", "fr", browser=browser)
    told = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    assert told.count("\f") == 1 and len(re.findall(r"(?<!\S)Signature(?!\S)", told)) == 2, told
    for sheet in (told, made.sheets[0].read_text(encoding="utf-8-sig")):
        assert "Seconde personne" in sheet and "Second person" in sheet and sheet.count(made.seal[:4]) >= 1


@needs_bash
def test_the_line_on_the_sheet_gives_the_seal(sealed: Sealed) -> None:
    line = next(
        line.strip()
        for line in sealed.sheets[0].read_text(encoding="utf-8-sig").splitlines()
        if line.strip().startswith("sha256sum")
    )
    done = subprocess.run([str(BASH), "-c", line], cwd=sealed.bag.parent, capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().split()[0] == sealed.seal


def test_a_sealed_record_does_not_tell_to_seal(sealed: Sealed) -> None:
    for lang in ("fr", "en"):
        page = (sealed.bag / "data" / f"record.{lang}.html").read_text(encoding="utf-8")
        assert "runbook seal" not in page and "VERIFIER.txt" in page


def plain(text: str) -> str:
    """``text`` without accents, as the pasted commands write it."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


@pytest.mark.parametrize("tool", ["verifier.sh", "verifier.ps1"])
def test_what_is_wrong_with_a_file_or_a_seal_has_the_same_words_in_every_tool(tool: str) -> None:
    """Each pair of words of a pasted command begins a sentence of ``runbook verify`` or stands in one."""
    text = (data_root() / "runbook" / "papers" / tool).read_text(encoding="utf-8-sig")
    pairs = set(re.findall(r"\b([A-Z][A-Z ]+[A-Z]) / ([A-Z][A-Z ]+[A-Z])(?= :|')", text))
    pairs |= set(re.findall(r"\b([a-z]+) / ([a-z]+) ", text)) & {("saisi", "typed"), ("calcule", "computed")}
    said = [
        {lang: re.sub(r"\{(\w+)(:[^}]*)?\}", r"{\1}", plain(typeset(both[lang]))) for lang in LANGS}
        for key, both in read_yaml("words/archive").items()
        if key.startswith(("fault_", "verify_", "typed_"))
    ]
    unknown = {
        (fr, en)
        for fr, en in pairs
        if not any(re.match(rf"(?i){fr}\u00a0:", each["fr"]) and re.match(rf"(?i){en}:", each["en"]) for each in said)
        and not any(f"\u00a0: {fr} {{" in each["fr"] and f": {en} {{" in each["en"] for each in said)
        and not any(f", {fr} {{" in each["fr"] and f", {en} {{" in each["en"] for each in said)
    }
    # what ``runbook verify`` does not look at, what it asks for before, and what stands beside a number
    assert unknown <= {("FLUX CACHE", "HIDDEN STREAM"), ("CHIFFRES SUR", "DIGITS OF")}, unknown
    assert len(pairs) >= 13


#: The five answers, by the sentence of knowledge/words/archive.yml with which ``runbook verify`` gives each.
ANSWERS = ("verify_proven", "verify_consistent", "verify_mistyped", "verify_other", "verify_bad")


@pytest.mark.parametrize("lang", LANGS)
def test_the_five_answers_are_the_same_words_in_both_tools_the_sheet_and_the_page(lang: str) -> None:
    words = read_yaml("words/archive")
    answers = [plain(typeset(words[key][lang])).partition(":")[0].strip() for key in ANSWERS]
    assert all(answer.isupper() for answer in answers) and len(set(answers)) == 5
    page = (data_root() / "docs" / lang / "verify-archive.md").read_text(encoding="utf-8")
    papers = data_root() / "runbook" / "papers"
    for place, text, row in (
        ("VERIFIER.txt", plain(words["verifier"][lang]), r"^ *({}) {{2,}}\S"),
        ("the page", plain(page), r"^\| ({}) \|"),
        *(
            (tool, (papers / tool).read_text(encoding="utf-8-sig"), r"'(?:{0}) / |' ?/ ({0})'| / ({0})'")
            for tool in ("verifier.sh", "verifier.ps1")
        ),
    ):
        for answer in answers:
            assert re.search(row.format(re.escape(answer)), text, re.MULTILINE), f"{place} does not say {answer}"
    told = re.findall(r"^\| ([A-Z, ]+) \|.*\| \d \|$", plain(page), re.MULTILINE)
    assert told == answers, "and no sixth word"
    for tool in ("verifier.sh", "verifier.ps1"):
        (nothing,) = re.findall(r"'(RIEN [^:]*) : [^/]* / (NOTHING [^:]*):", (papers / tool).read_text("utf-8-sig"))
        assert " / ".join(nothing) in page, "what no check was made of is said too"
