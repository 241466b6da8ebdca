"""Windows' own traps, one by one: names, drives, shares, long paths, files that others hold, consoles, odd settings.

The commands run in this process where nothing but the file system matters, and as a person starts them elsewhere.
What Wine cannot show is skipped by name there (the page Contributing lists it).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from interrupted import OWN_CONSOLE, press_ctrl_c
from made_case import files_of, make_case
from wine import on_wine

from runbook import cli, files
from runbook.archive.seal import seal
from runbook.case import case_file
from runbook.commands import schedule
from runbook.host.lock import RunLock
from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.run import selftest
from runbook.steps import call_sheet
from tests.commands.test_schedule import PLAN
from tests.notebooks.conftest import Workspace
from tests.notebooks.test_kills import slow_recording

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="traps of Windows' own")
NAME = "case-2024-01"
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of cases with one that is done, for the commands of this process and those that it starts."""
    make_case(folder / "cases", NAME)
    monkeypatch.setenv("RUNBOOK_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def worked_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of cases whose record, redacted copy and register are made: what is refused leaves it as it is."""
    home = tmp_path_factory.mktemp("worked-on")
    with pytest.MonkeyPatch.context() as patch:
        at_home(home, patch)
        for words in (("record", NAME), ("redact", NAME), ("register",)):
            with pytest.raises(SystemExit) as ended:
                cli.main(list(words))
            assert not ended.value.code, words
    return home


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """``command("status", NAME)``: exit code and all that was written."""

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["--lang", "en", *words])
        told = "".join(capsys.readouterr())
        assert "Traceback" not in told
        return int(ended.value.code or 0), told

    return run


def all_of_it(command: Command, home: Path, but: str = "", sealed: tuple[str, ...] = ()) -> None:
    """Every command of the evidence, from the record to the register, ``but`` for one; ``sealed``: how else."""
    every = (("status", NAME), ("record", NAME), ("seal", NAME, "--zip", *sealed), ("redact", NAME), ("register",))
    for words in (words for words in every if words[0] != but):
        code, told = command(*words)
        assert code == 0, (words, told)
    bag = home / "archive" / NAME
    code, told = command("verify", str(bag))
    assert code == 0, told
    assert (home / "archive" / f"{NAME}.zip").is_file()


# -- names and places


@pytest.mark.parametrize("name", ["Éloïse", "O'Brien & co", "[x] 100 % ^!", "a;b,c=d {1}"])
def test_folders_as_people_name_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    all_of_it(command, at_home(tmp_path / name, monkeypatch))


def test_the_cases_lie_on_another_drive_than_the_program(home: Path, command: Command) -> None:
    if home.drive == Path(cli.__file__).drive:
        pytest.skip("the temporary folder is on the drive of the program")
    shutil.copytree(home / "cases" / NAME, home / "elsewhere")
    assert command("diff", str(home / "cases" / NAME), str(home / "elsewhere"))[0] in (0, 1)


def test_a_share_as_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    share = Path(f"\\\\localhost\\{tmp_path.drive[0]}$", *tmp_path.parts[1:])
    if not share.exists():
        pytest.skip("this machine shares no drive with itself (Wine 8; accounts without that right)")
    all_of_it(command, at_home(share / "home", monkeypatch))


def test_paths_of_more_than_260_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """All that lies in the folder of cases is beyond; the folder itself is not. Wine 8 resolves no longer name, which
    the redaction needs."""
    deep = tmp_path / ("d" * (250 - len(str(tmp_path))))
    deep.mkdir()
    try:
        (deep / ("f" * 40)).touch()
    except OSError:
        pytest.skip("long paths are off on this machine (LongPathsEnabled)")
    all_of_it(command, at_home(deep, monkeypatch), but="redact" if on_wine() else "")


@pytest.mark.parametrize("name", ["CON", "nul.txt", "COM1", "a.", "a ", "x:y", "a\\b"])
def test_a_name_that_windows_takes_for_something_else_is_refused(name: str, home: Path, command: Command) -> None:
    before = sorted(path.name for path in (home / "cases").iterdir())
    code, _ = command("status", name)
    assert code == 2
    assert sorted(path.name for path in (home / "cases").iterdir()) == before


def test_a_case_by_its_name_in_other_letters_is_no_second_case(home: Path, command: Command) -> None:
    """Windows opens the same folder under both names; an archive of each would be two seals of one case."""
    assert command("seal", NAME)[0] == 0
    command("seal", NAME.upper())
    assert [path.name for path in (home / "archive").iterdir() if path.is_dir()] == [NAME]


def test_a_case_typed_in_other_letters_is_called_as_it_was_made(home: Path, command: Command) -> None:
    """Its case file and its journal carry the one name: no folder is told to have been renamed."""
    code, told = command("status", NAME.upper())
    assert code == 0 and f"{NAME}:" in told and NAME.upper() not in told
    answers = ("way=gpo", "gpo=RDS", "edited_by=A", "pilot=RDSH01")
    sets = [word for each in answers for word in ("--set", each)]
    code, told = command("confirm", NAME.upper(), "hosts-configure", *sets)
    assert code == 0 and f"runbook run {NAME}" in told


def test_papers_with_reserved_and_twin_names_are_sealed_under_names_that_hold(home: Path) -> None:
    case = home / "cases" / NAME
    (case / "papers").mkdir(exist_ok=True)
    for name in ("Facture.pdf", "facture.txt", "été n° 1.pdf"):
        (case / "papers" / name).write_bytes(b"x")
    bag = seal(case, home / "archive").bag
    names = [path.relative_to(bag).as_posix().lower() for path in files_of(bag)]
    assert len(names) == len(set(names))
    assert all(name.isascii() for name in names)


# -- files that another program holds, or that are write-protected


@contextlib.contextmanager
def held(path: Path, share: int = 0) -> Iterator[None]:
    """Open as Excel opens a file: nobody else may read, write or replace it; ``share`` 1: they may read it
    (CreateFileW, FILE_SHARE_READ)."""
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateFileW.restype = ctypes.c_void_p
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    handle = kernel.CreateFileW(str(path), 0x80000000, share, None, 3, 0x80, None)
    assert handle not in (None, ctypes.c_void_p(-1).value), ctypes.get_last_error()
    try:
        yield
    finally:
        kernel.CloseHandle(handle)


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("record", NAME), f"cases/{NAME}/record.fr.html"),
        (("record", NAME), f"cases/{NAME}/journal.jsonl"),
        (("status", NAME), f"cases/{NAME}/journal.jsonl"),
        (("seal", NAME), f"cases/{NAME}/r02/key-packs/out.json"),
        (("seal", NAME), f"cases/{NAME}/case.yml"),
        (("redact", NAME), f"archive/{NAME}-redacted/bagit.txt"),
        (("redact", NAME), f"cases/{NAME}/private/redaction.json"),
        (("register",), "archive/register.csv"),
        (("register",), "archive/register.fr.html"),
        (("accept", NAME, "journal", "--reason", "x"), f"cases/{NAME}/journal.jsonl"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_another_program_holds_is_named_and_nothing_is_lost(
    words: tuple[str, ...], path: str, worked_on: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(worked_on))
    monkeypatch.setattr(files.patiently, "__defaults__", (0.2,))
    home = worked_on
    before = {each: each.read_bytes() for each in files_of(home / "cases") if each.name != ".journal.head"}
    with held(home / path):
        code, told = command(*words)
    assert code not in (0, None), told
    assert Path(path).name in told, told
    after = {each: each.read_bytes() for each in files_of(home / "cases") if each.name != ".journal.head"}
    changed = [each for each in before if after.get(each) != before[each] and each.suffix == ".jsonl"]
    assert changed == []
    if words[0] != "accept":
        code, told = command(*words)
        assert code == 0, told


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("record", NAME), f"cases/{NAME}/record.fr.html"),
        (("seal", NAME), f"cases/{NAME}/journal.jsonl"),
        (("seal", NAME, "--zip"), f"archive/{NAME}.zip"),
        (("redact", NAME), f"archive/{NAME}-redacted/bagit.txt"),
        (("register",), "archive/register.csv"),
        (("diff", f"{NAME}/r01", f"{NAME}/r02", "--html", "x.html"), "x.html"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_is_let_go_in_time_is_written(
    words: tuple[str, ...], path: str, worked_on: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An antivirus that looks at a file for half a second costs half a second, in whichever way the file is opened."""
    monkeypatch.setenv("RUNBOOK_HOME", str(worked_on))
    monkeypatch.chdir(worked_on)
    (worked_on / path).touch()
    holding = contextlib.ExitStack()
    holding.enter_context(held(worked_on / path, share=1))
    waited = threading.Timer(1, holding.close)
    waited.start()
    code, told = command(*words)
    waited.join()
    assert code == (1 if words[0] == "diff" else 0), told


def _self_test(folder: Path) -> Path:
    report = selftest.Report(
        host="substitute", at="2026-11-29", runbook="0", python="3.11", os_version="-", encoding="-", tried=()
    )
    return selftest.write(report, folder, "fr")[1]


def _bundle(folder: Path) -> Path:
    (folder / "packed").mkdir(exist_ok=True)
    (folder / "packed" / "a.txt").write_bytes(b"a")
    return files.write_zip(folder / "packed", folder / "bundle.zip")


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: folder / Path(schedule.write(PLAN, folder, "fr")[0]).name,
        lambda folder: folder / call_sheet._write(folder, "call-sheet.html", "<p>"),
        _self_test,
        _bundle,
    ],
    ids=["schedule", "call sheet", "self-test", "bundle"],
)
def test_what_is_written_beside_cases_waits_and_is_named(
    write: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The papers and packets that a person opens and that are then made again: held for a moment, and held on."""
    target = write(tmp_path)
    before = target.read_bytes()
    holding = contextlib.ExitStack()
    holding.enter_context(held(target, share=1))
    waited = threading.Timer(1, holding.close)
    waited.start()
    assert write(tmp_path) == target
    waited.join()
    monkeypatch.setattr(files.patiently, "__defaults__", (0.2,))
    with held(target, share=1), pytest.raises(OSError, match=re.escape(target.name)):
        write(tmp_path)
    assert target.read_bytes() == before, "the one before is whole"


def test_a_notebook_that_is_open_elsewhere(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    output = tmp_path / "case-open.ipynb"
    output.write_text("{}", encoding="utf-8")
    with held(output):
        played = workspace.papermill("case-open", "-p", "rehearsal", "not-elevated")
    assert played.exit_code == 1
    assert "case-open.ipynb" in played.stderr and "Traceback" not in played.stderr


def test_write_protected_files(home: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.patiently, "__defaults__", (0.2,))
    case = home / "cases" / NAME
    assert command("record", NAME)[0] == 0
    page = case / "record.fr.html"
    page.chmod(stat.S_IREAD)
    code, told = command("record", NAME)
    page.chmod(stat.S_IWRITE)
    if not on_wine():  # which replaces a write-protected file without a word
        assert code == 1 and page.name in told and "read-only" in told
    for path in files_of(case):
        if path.name not in ("journal.jsonl", ".journal.head"):
            path.chmod(stat.S_IREAD)
    code, told = command("seal", NAME)  # write-protected evidence is read, not written
    assert code == 0, told
    for path in files_of(case):
        path.chmod(stat.S_IWRITE)


# -- texts as Windows' programs write them


@pytest.mark.parametrize(
    ("encoding", "word"), [("utf-8", None), ("utf-8-sig", None), ("utf-16", "not_utf8"), ("cp1252", "not_utf8")]
)
def test_a_case_file_as_editors_and_powershell_write_it(encoding: str, word: str | None, home: Path) -> None:
    """CR LF; the mark of Notepad; UTF-16 from ``>`` of PowerShell 5.1 and ANSI are told with what to do."""
    path = home / "cases" / NAME / "case.yml"
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding, newline="\r\n")
    assert [fault.key for fault in case_file.read(path).faults] == ([f"case.{word}"] if word else [])


# -- ends from outside


def test_a_power_cut_in_a_change_is_unknown_and_it_is_not_made_again_untold(tmp_path: Path) -> None:
    """A recording that kills its guard, without papermill and kernel: the environment's python.exe, which starts the
    real one, was once killed in its place, and the change made twice without a decision."""
    workspace = Workspace(tmp_path)
    recording = slow_recording(tmp_path / "cut", 0, "backup-nominal", "backup-folder")
    (recording / "steps" / "backup-folder" / "answer.yml").write_text("dies: true\n", encoding="utf-8")
    for run in ("r01", "r02"):
        done = subprocess.run(
            [sys.executable, str(PLAY), "case-cut", str(recording)], cwd=tmp_path, env=workspace.environ(),
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False, timeout=200,
        )  # fmt: skip
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        case = tmp_path / "cases" / "case-cut"
        end = History(Journal(case / "journal.jsonl").entries()).end_in("backup-folder", run)
        assert end is not None and end["status"] == "unknown"
        assert (case / "rehearsal-effects.txt").read_text(encoding="utf-8").split().count("backup-folder") == 1


# -- consoles and settings


PLAY = Path(__file__).resolve().parents[1] / "made" / "play_case.py"
DRIVER = Path(__file__).resolve().parents[1] / "made" / "at_a_moment.py"
EVERY = [1, 3, 16, 64]
#: Each command with the moments of its life at which Ctrl+C is pressed; those that take minutes or another system's
#: programs end at an early one.
PRESSED = [
    (("status",), EVERY), (("status", NAME), EVERY), (("list",), EVERY), (("hint", "0x800706BA"), EVERY),
    (("confirm", NAME, "clearinghouse"), EVERY), (("accept", NAME, "journal", "--reason", "x"), EVERY),
    (("record", NAME), EVERY),
    (("seal", NAME, "--zip"), [*EVERY, 500]), (("verify", f"archive/{NAME}"), EVERY), (("redact", NAME), EVERY),
    (("register",), EVERY), (("diff", f"{NAME}/r01", f"{NAME}/r02", "--html", "x.html"), EVERY), (("rehearse",), EVERY),
    (("init", "new"), [1, 8]), (("record-host", "recording", "--of", NAME), EVERY), (("selftest",), [1, 4]),
    (("schedule", "backup", "--of", NAME, "--account", "SYSTEM"), EVERY), (("bundle",), [1]),
    (("completion", "powershell"), EVERY), (("run", "case-new", "--rehearsal", "not-elevated"), [1, 16]),
    # the last one: from then on the case is sealed as it is only
    (("withdraw", NAME, "clearinghouse", "--entry", "1", "--why", "x"), EVERY),
]  # fmt: skip


def beside(home: Path, *words: str, **more: int) -> subprocess.CompletedProcess[str]:
    """The driver in a console of its own, in the folder of cases."""
    return subprocess.run(
        [sys.executable, str(DRIVER), *words], cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", check=False, timeout=300, **{"creationflags": OWN_CONSOLE, **more},
    )  # fmt: skip


def test_ctrl_c_in_each_command_is_one_sentence_and_leaves_no_lock(home: Path, command: Command) -> None:
    (home / "asked.json").write_text(json.dumps(PRESSED), encoding="utf-8")
    done = beside(home, "press", "asked.json")
    ends = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stdout
    for end in ends:
        assert "Traceback" not in end["told"] and not isinstance(end["code"], str), end
        if end["came"]:
            assert end["code"] == 1 and end["told"].strip().endswith("the same command can be run again."), end
    assert {end["words"][0] for end in ends if end["came"]} == {words[0] for words, _ in PRESSED}
    assert [path.name for path in home.rglob("*.part")] == []
    assert Journal(home / "cases" / NAME / "journal.jsonl").check() == []
    RunLock(home / "cases" / NAME).refuse_if_held("en")
    all_of_it(command, home, sealed=("--as-is", "an entry was withdrawn"))


def test_ctrl_c_while_a_command_loads_is_one_sentence(home: Path) -> None:
    for moment in (0.3, 0.6, 0.9):
        running = subprocess.Popen(
            [sys.executable, "-m", "runbook", "--lang", "en", "record", NAME],
            cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            creationflags=OWN_CONSOLE,
        )  # fmt: skip
        time.sleep(moment)
        with contextlib.suppress(subprocess.CalledProcessError):  # ended by then: its console is gone
            press_ctrl_c(running.pid)
        told = running.communicate(timeout=120)[0].decode("utf-8", "replace")
        # Before our first line runs, the sentence is Python's own.
        assert "Traceback" not in told or "<frozen" in told, told
        assert running.returncode in (0, 1, 0xC000013A), (running.returncode, told)


#: The moment at which a command's console is closed: for those that write, inside what they write.
CLOSED = {
    ("status", NAME): 4,
    ("record", NAME): 30,
    ("seal", NAME, "--zip"): 60,
    ("verify", f"archive/{NAME}"): 3,
    ("redact", NAME): 60,
    ("register",): 12,
    ("record-host", "recording", "--of", NAME): 40,
    ("diff", f"{NAME}/r01", f"{NAME}/r02"): 2,
    ("hint", "0x800706BA"): 1,
    ("confirm", NAME, "clearinghouse"): 4,
    ("withdraw", NAME, "clearinghouse", "--entry", "1", "--why", "x"): 16,
}


@pytest.mark.parametrize("words", CLOSED, ids=lambda words: words[0])
def test_a_closed_console_loses_nothing_and_leaves_no_lock(
    words: tuple[str, ...], worked_on: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(worked_on))
    monkeypatch.chdir(worked_on)
    case = worked_on / "cases" / NAME
    if not (worked_on / "archive" / NAME).exists():
        assert command("seal", NAME)[0] == 0
    hidden = subprocess.STARTUPINFO(dwFlags=subprocess.STARTF_USESHOWWINDOW, wShowWindow=0)
    own = {} if on_wine() else {"creationflags": subprocess.CREATE_NEW_CONSOLE, "startupinfo": hidden}
    done = beside(worked_on, "close", str(CLOSED[words]), *words, **own)
    assert done.stdout.strip().endswith("closing"), done.stdout
    assert Journal(case / "journal.jsonl").check() == []
    RunLock(case).refuse_if_held("en")
    if words[0] not in ("confirm", "withdraw", "record-host", "diff", "hint"):
        code, told = command(*words)
        assert code == 0, told


def test_without_a_profile_and_with_an_odd_temporary_folder(tmp_path: Path) -> None:
    """A service account has no profile; TEMP names a folder that is gone."""
    workspace = Workspace(tmp_path)
    gone = ("HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA")
    environ = {key: value for key, value in workspace.environ().items() if key.upper() not in gone}
    environ |= {"TEMP": str(tmp_path / "no folder"), "TMP": str(tmp_path / "no folder")}
    source = Path(cli.__file__).parents[1] / "notebooks" / "migrate.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "papermill", str(source), "case-bare.ipynb", "-p", "rehearsal", "not-elevated"],
        cwd=tmp_path, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=240,
    )  # fmt: skip
    told = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in told
    assert (tmp_path / "cases" / "case-bare" / "journal.jsonl").is_file(), told


def test_the_clock_is_told_in_utc_whatever_windows_calls_its_zone(home: Path, command: Command) -> None:
    assert command("record", NAME)[0] == 0
    page = (home / "cases" / NAME / "record.fr.html").read_text(encoding="utf-8")
    assert not [name for name in time.tzname if len(name) > 3 and name in page]
    assert all(entry["t"].endswith("Z") for entry in Journal(home / "cases" / NAME / "journal.jsonl").entries())


def test_a_full_environment_names_no_other_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An alias of the Store, a file of no bytes that comes first on PATH, is never what starts a kernel or a guard."""
    from runbook.host import process

    alias = tmp_path / "WindowsApps" / "python.exe"
    alias.parent.mkdir()
    alias.touch()
    monkeypatch.setenv("PATH", f"{alias.parent}{os.pathsep}{os.environ['PATH']}")
    assert Path(process.interpreter()).stat().st_size > 0
    done = subprocess.run([process.interpreter(), "-c", "print(1)"], capture_output=True, check=True)
    assert done.stdout.strip() == b"1"


@pytest.mark.skipif(
    on_wine(), reason="Wine 8 hands a detached process its parent's handles, which refuse what is written"
)
def test_without_console_and_streams(home: Path) -> None:
    """As a service starts us: no console, and nothing behind standard input, output and error."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom runbook.cli import main\n"
        f"try: main(['record', {NAME!r}])\n"
        "except SystemExit as end: Path('ended').write_text(str(end.code), encoding='utf-8')\n"
    )
    alone = subprocess.Popen([sys.executable, "-c", code], cwd=home, creationflags=subprocess.DETACHED_PROCESS)
    alone.wait(120)
    assert (home / "ended").read_text(encoding="utf-8") == "0"
    assert (home / "cases" / NAME / "record.fr.html").is_file()
