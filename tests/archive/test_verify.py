"""Tampering: every change of a sealed case is caught and named, or, where only the paper can tell, caught by it."""

from __future__ import annotations

import json
import re
import shutil
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
from bag_mutations import chained, draw
from made_case import clock, digest, make_case

from runbook.archive.seal import Sealed, seal
from runbook.archive.verify import verify, verify_zip
from runbook.cli import main
from runbook.errors import BadInput
from runbook.files import write_zip
from runbook.journal.story import read_entries
from runbook.record.report import write as write_record

MUTATIONS = 270


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    root = tmp_path_factory.mktemp("verify")
    return seal(make_case(root / "cases"), root / "archive", clock=clock())


def test_every_mutation_is_caught_and_named(sealed: Sealed, capsys: pytest.CaptureFixture[str]) -> None:
    """A short draw; ``python tests/benchmarks/bench_bag.py`` draws 2,000."""
    tried, faults = draw(sealed.bag, sealed.seal, MUTATIONS, 6)
    with capsys.disabled():
        sys.stdout.write(f"\n{tried.total()} mutations of {len(tried)} kinds, {len(faults)} not caught or not named\n")
    assert not faults


@pytest.mark.parametrize("turn", range(4))
def test_a_whole_new_seal_is_caught_by_the_paper_alone(turn: int, tmp_path: Path) -> None:
    """Whoever holds the software can change a case and seal it anew: consistent, and only the paper objects."""
    case = make_case(tmp_path / "cases")
    honest = seal(case, tmp_path / "archive", clock=clock())
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
        (case / ".journal.head").unlink(missing_ok=True)  # by somebody who knows of the second place too
    forged = seal(case, tmp_path / "archive", clock=clock())
    without_paper = verify(forged.bag)
    assert without_paper.ok and without_paper.origin == "not checked"
    assert "ORIGIN NOT CHECKED" in without_paper.text("en")
    for lang, limit in (
        ("fr", "listes à rien\u00a0: qui les refait toutes"),
        ("en", "whoever makes them all anew gets"),
    ):
        assert limit in without_paper.text(lang), "what was compared with nothing is said"
        assert limit not in verify(honest.bag, honest.seal).text(lang)
    with_paper = verify(forged.bag, honest.seal)
    assert not with_paper.ok and with_paper.origin == "differs"
    assert [fault.word for fault in with_paper.faults] == ["seal_differs"]
    assert "SEAL DIFFERS" in with_paper.text("en") and "TAMPERED" not in with_paper.text("en")


def test_the_seal_is_read_as_people_type_it(sealed: Sealed) -> None:
    groups = " ".join(sealed.seal[i : i + 4] for i in range(0, 64, 4))
    for typed in (sealed.seal.upper(), groups, groups.replace(" ", "-"), groups[:39] + "\n  " + groups[40:] + "\n"):
        assert verify(sealed.bag, typed).origin == "proven", typed
    assert verify(sealed.bag, "f" * 64).exit_code == 1 and "SEAL DIFFERS" in verify(sealed.bag, "f" * 64).text("en")


def test_a_mistyped_seal_is_no_tampering_and_says_where(sealed: Sealed, tmp_path: Path) -> None:
    seal = sealed.seal
    wrong = "".join("0" if digit != "0" else "1" for digit in seal[60:])
    for typed, place in (
        (seal[:63], f"Group 16: typed {seal[60:63]}, computed {seal[60:]}"),
        ("5fd3" if seal[:4] != "5fd3" else "5fd4", "Group 1: typed 5fd"),
        (seal[:60] + wrong, f"Group 16: typed {wrong}, computed {seal[60:]}"),
        (seal[:8] + seal[12:16] + seal[8:12] + seal[16:], "Group 3: typed"),
    ):
        report = verify(sealed.bag, typed)
        told = report.text("en")
        assert report.exit_code == 2 and report.faults == () and report.origin == "mistyped"
        assert "SEAL MISTYPED" in told and place in told and "TAMPERED" not in told and "PROVEN" not in told
        assert "ALTÉRÉE" not in report.text("fr") and "SCEAU MAL RECOPIÉ" in report.text("fr")
    bag = tmp_path / "case-2024-01"
    shutil.copytree(sealed.bag, bag)
    (bag / "data" / "case.yml").unlink()
    both = verify(bag, seal[:60] + wrong)
    assert both.exit_code == 1 and "TAMPERED WITH" in both.text("en") and "Group 16" in both.text("en")


def test_a_zip_is_verified_as_the_bag_it_holds(sealed: Sealed, tmp_path: Path) -> None:
    bag = Path(shutil.copytree(sealed.bag, tmp_path / sealed.bag.name))
    packed = write_zip(bag, bag.with_name(f"{bag.name}.zip"))
    shutil.rmtree(bag)
    assert verify_zip(packed, sealed.seal).origin == "proven" and str(packed) in verify_zip(packed).text("en")
    with zipfile.ZipFile(packed, "a") as more:
        more.writestr(f"{sealed.bag.name}/data/more.txt", "x")
    assert [(f.path, f.word) for f in verify_zip(packed).faults if f.word == "added"] == [("data/more.txt", "added")]


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "C:/out.txt", "other/file", "case-2024-01/data/case.yml"])
def test_a_zip_that_is_no_single_bag_is_not_unpacked(name: str, sealed: Sealed, tmp_path: Path) -> None:
    bag = Path(shutil.copytree(sealed.bag, tmp_path / "inner" / "case-2024-01"))
    packed = write_zip(bag, bag.with_name(f"{bag.name}.zip"))
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "a") as more:
        warnings.simplefilter("ignore")  # the name that stands there twice
        more.writestr(name, "x")
    with pytest.raises(BadInput, match=re.escape(str(packed))):
        verify_zip(packed)
    packed.write_bytes(packed.read_bytes()[:1000])
    with pytest.raises(BadInput, match="nothing was checked"):
        verify_zip(packed)
    assert not (tmp_path / "out.txt").exists()


def test_a_sheet_that_says_otherwise_is_told(sealed: Sealed) -> None:
    sheet = sealed.sheets[0]
    before = sheet.read_bytes()
    try:
        sheet.write_bytes(before.replace(sealed.seal[:4].encode(), b"0000"))
        report = verify(sealed.bag)
    finally:
        sheet.write_bytes(before)
    assert [fault.word for fault in report.faults] == ["sheet"]


def test_links_and_empty_folders_are_told(sealed: Sealed, tmp_path: Path) -> None:
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
    if not victim.is_symlink():
        pytest.skip("Wine 8 says that it made a link, and made none")
    words = {(fault.path, fault.word) for fault in verify(bag).faults}
    assert {("data/nothing/", "empty_folder"), ("data/case.yml", "link")} <= words


def test_every_sentence_exists_in_both_languages(sealed: Sealed, tmp_path: Path) -> None:
    for lang, word in (("fr", "ALTÉRÉE"), ("en", "TAMPERED")):
        bag = tmp_path / lang / "case-2024-01"
        shutil.copytree(sealed.bag, bag)
        (bag / "data" / "case.yml").unlink()
        assert word in verify(bag).text(lang)
    assert not verify(tmp_path / "nowhere").ok


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
        sealed = seal(case, tmp_path / "archive", workers=2)
        assert verify(sealed.bag, workers=2).ok
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20, f"{peak >> 20} MiB"


def test_what_was_sealed_before_the_report_still_verifies_and_its_report_opens(tmp_path: Path) -> None:
    """``fixtures/sealed-before-the-report.zip``: the case of ``made_case`` as the software sealed it before 5ff3920."""
    seal_then = "557d95b2f9e9eaca35b5b239a00a55440a85d360ecfa8099fedbc0c599b371f6"
    packed = Path(__file__).parent / "fixtures" / "sealed-before-the-report.zip"
    report = verify_zip(packed, seal_then)
    assert report.exit_code == 0 and report.origin == "proven" and not report.faults, report.text("en")
    with zipfile.ZipFile(packed) as bag:
        bag.extractall(tmp_path)
    data = tmp_path / "case-2024-01" / "data"
    for lang, heading in (("fr", "La réponse en cinq lignes"), ("en", "The answer in five lines")):
        old = (data / f"record.{lang}.html").read_text(encoding="utf-8")
        assert "case-2024-01" in old and heading not in old, "the page of then, as it was sealed"
        (new,) = write_record(data, lang, out=tmp_path)
        page = new.read_text(encoding="utf-8")
        assert heading in page and "Revendeur Imaginaire" in page and 'class="banner bad"' not in page
    assert verify(tmp_path / "case-2024-01", seal_then).ok, "the report made anew lies outside what was sealed"


def code_of(*words: str) -> object:
    """The exit code of the command ``runbook``."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


@pytest.mark.parametrize("given", ["case-2024-01", "archive/case-2024-01", "archive/case-2024-01.zip", None])
def test_verify_takes_a_case_a_folder_a_zip_or_nothing(
    given: str | None,
    sealed: Sealed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "cases").mkdir()
    bag = Path(shutil.copytree(sealed.bag, tmp_path / "archive" / sealed.bag.name))
    write_zip(bag, bag.with_name(f"{bag.name}.zip"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    asked = ["--lang", "en", "verify", *([given] if given else [])]
    assert code_of(*asked, "--seal", sealed.seal) == 0 and "INTACT, ORIGIN PROVEN" in capsys.readouterr().out
    slip = sealed.seal[:-1] + ("0" if sealed.seal[-1] != "0" else "1")
    assert code_of(*asked, "--seal", slip) == 2
    told = capsys.readouterr().out
    assert "SEAL MISTYPED" in told and "Group 16" in told and "TAMPERED" not in told


def test_verify_names_what_there_is(
    tmp_path: Path, sealed: Sealed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    (tmp_path / "archive").mkdir()
    assert code_of("--lang", "en", "verify") == 2 and str(tmp_path / "archive") in capsys.readouterr().err
    for name in ("case-a", "case-b"):
        shutil.copytree(sealed.bag, tmp_path / "archive" / name)
    assert code_of("--lang", "en", "verify") == 2
    assert "case-a, case-b" in capsys.readouterr().err
