"""Processes: limits end the whole tree; the guard outlives its starter; one run at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from runbook.errors import BadInput
from runbook.host import evidence, guard, process, windows
from runbook.host.lock import Process, RunLock
from runbook.journal.lines import Journal

#: Starts a child of its own, tells both numbers, and waits for ever.
TREE = """
import subprocess, sys, os, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def until(condition: object, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_exit_code_and_bytes_are_kept(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(b'\\xe9\\x00'); sys.stderr.write('bad'); sys.exit(7)"
    ended = process.run(python(code), tmp_path, 30)
    assert (ended.exit_code, ended.timed_out) == (7, False)
    assert (tmp_path / "stdout.bin").read_bytes() == b"\xe9\x00"
    assert (tmp_path / "stderr.bin").read_bytes() == b"bad"


def test_the_limit_ends_everything_that_was_started(tmp_path: Path) -> None:
    ended = process.run(python(TREE), tmp_path, 1.5)
    assert ended.timed_out
    assert 1.4 < ended.seconds < 8
    pids = [int(word) for word in (tmp_path / "stdout.bin").read_text(encoding="utf-8").split()]
    assert len(pids) == 2
    assert until(lambda: all(gone(pid) for pid in pids))


def test_powershell_7_module_folders_are_not_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """powershell.exe 5.1 below a PowerShell 7 would look for its own modules there and find others."""
    for name in ("PSModulePath", "PSMODULEPATH"):
        monkeypatch.setenv(name, "C:\\Program Files\\PowerShell\\7\\Modules")
    monkeypatch.setenv("KEPT", "yes")
    told = "import os; print([n for n in os.environ if n.upper() == 'PSMODULEPATH'], os.environ['KEPT'])"
    process.run(python(told), tmp_path, 30)
    assert (tmp_path / "stdout.bin").read_text(encoding="utf-8").split() == ["[]", "yes"]


def test_no_wait_is_longer_than_a_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a wait hears no Ctrl+C: it is asked again and again, and never waits past the limit."""
    asked: list[float] = []
    wait = subprocess.Popen.wait

    def watched(self: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        assert timeout is not None
        asked.append(timeout)
        return wait(self, timeout=timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", watched)
    assert process.run(python("import time; time.sleep(600)"), tmp_path, 0.7).timed_out
    assert len(asked) >= 4 and max(asked) <= process.SLICE


def test_what_is_put_away_is_a_file_made_in_the_private_folder(tmp_path: Path) -> None:
    """One that is moved on Windows keeps the rights of the folder it comes from: whoever reads that could read it."""
    folder, private = tmp_path / "r01" / "license-server", tmp_path / "private"
    folder.mkdir(parents=True)
    private.mkdir()
    (folder / "private.json").write_bytes(b'{"LicenseServerId": "x"}')
    born = (folder / "private.json").stat().st_ino
    (tmp_path / "held").hardlink_to(folder / "private.json")  # so that its number is not given again
    evidence.put_secrets_away(folder, private, "license-server-r01")
    kept = private / "license-server-r01.json"
    assert kept.read_bytes() == b'{"LicenseServerId": "x"}' and kept.stat().st_ino != born
    assert not (folder / "private.json").exists()
    if os.name == "posix":
        assert kept.stat().st_mode & 0o777 == 0o600


def test_nothing_is_asked_at_a_prompt(tmp_path: Path) -> None:
    ended = process.run(python("import sys; sys.exit(len(sys.stdin.read()))"), tmp_path, 30)
    assert ended.exit_code == 0


def spec(case: Path, argv: list[str], limit: float = 30) -> dict[str, object]:
    folder = case / "r01" / "backup"
    folder.mkdir(parents=True)
    private = case / "private"
    private.mkdir()
    return {
        "case": str(case), "run": "r01", "step": "backup", "attempt": 1, "argv": argv, "limit": limit,
        "folder": str(folder), "private": str(private),
    }  # fmt: skip


def test_the_guard_writes_how_a_change_ended(tmp_path: Path) -> None:
    given = spec(tmp_path, python("import sys; sys.exit(5)"))
    assert guard.start(given, Path(str(given["folder"]))).wait(30) == guard.DONE
    started, ran = Journal(tmp_path / "journal.jsonl").entries()
    assert (started["event"], started["attempt"]) == ("started", 1)
    assert (ran["event"], ran["exit_code"], ran["by"]) == ("ran", 5, "guard")


def test_a_change_that_was_never_started_is_told_so_and_leaves_no_secret(tmp_path: Path) -> None:
    given = spec(tmp_path, [str(tmp_path / "no-such-program.exe")])
    secret = "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK1"
    (Path(str(given["folder"])) / "in.json").write_text(f'{{"Id": "{secret}"}}', encoding="utf-8")
    assert guard.start(given, Path(str(given["folder"]))).wait(30) == guard.DONE
    (ran,) = Journal(tmp_path / "journal.jsonl").entries()
    assert (ran["event"], ran["exit_code"], ran["timed_out"]) == ("ran", None, False)
    assert ran["not_started"]
    assert secret not in (Path(str(given["folder"])) / "in.json").read_text(encoding="utf-8")


def test_the_guard_ends_a_change_at_its_limit(tmp_path: Path) -> None:
    given = spec(tmp_path, python(TREE), limit=1)
    guard.start(given, Path(str(given["folder"]))).wait(30)
    started, ran = Journal(tmp_path / "journal.jsonl").entries()
    assert (started["event"], started["attempt"]) == ("started", 1)
    assert (ran["timed_out"], ran["exit_code"]) == (True, None)


def test_the_guard_is_the_process_that_was_started(tmp_path: Path) -> None:
    """And no launcher above it: what takes its number for the guard's would wait for, and kill, something else."""
    given = spec(tmp_path, python("import time; time.sleep(1)"))
    started = guard.start(given, Path(str(given["folder"])))
    journal = Journal(tmp_path / "journal.jsonl")
    assert until(lambda: journal.path.exists() and [e["event"] for e in journal.entries()] == ["started"])
    assert psutil.Process(journal.entries()[0]["pid"]).ppid() == started.pid
    assert started.wait(30) == guard.DONE


def test_the_guard_outlives_whoever_started_it_and_refuses_a_second_run(tmp_path: Path) -> None:
    given = spec(tmp_path, python("import time; time.sleep(2)"))
    starter = subprocess.Popen(
        python(
            f"from pathlib import Path; from runbook.host import guard; "
            f"guard.start({given!r}, Path({given['folder']!r})); import time; time.sleep(600)"
        ),
        start_new_session=True,
    )
    assert until(lambda: (Path(str(given["folder"])) / "stdout.bin").exists())
    if sys.platform == "win32":
        starter.kill()
    else:
        os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()

    with pytest.raises(BadInput, match="still going on"):
        RunLock(tmp_path).acquire(None, "en")

    journal = Journal(tmp_path / "journal.jsonl")
    assert until(lambda: [e["event"] for e in journal.entries()] == ["started", "ran"])
    assert journal.entries()[-1]["exit_code"] == 0

    def free() -> bool:
        lock = RunLock(tmp_path)
        try:
            lock.acquire(None, "en")
        except BadInput:
            return False
        lock.release()
        return True

    assert until(free)


def test_a_second_guard_does_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "done"
    given = spec(tmp_path, python(f"open({str(marker)!r}, 'w', encoding='utf-8').close()"))
    with guard.guard_lock(tmp_path):
        assert guard.start(given, Path(str(given["folder"]))).wait(30) == guard.REFUSED
    assert not marker.exists()


def test_one_run_at_a_time_and_the_sentence_tells_an_orphan(tmp_path: Path) -> None:
    holder = "import sys, time; from pathlib import Path; from runbook.host.lock import Process, RunLock; "
    holder += f"lock = RunLock(Path({str(tmp_path)!r})); lock.acquire(Process(int(sys.argv[1]), 1.0), 'en'); "
    holder += "print('held', flush=True); time.sleep(600)"
    held = subprocess.Popen([*python(holder), "999999"], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        assert held.stdout is not None
        assert held.stdout.readline().strip() == "held"
        with pytest.raises(BadInput, match="papermill has died"):
            RunLock(tmp_path).acquire(None, "en")
    finally:
        held.kill()
        held.communicate()
    lock = RunLock(tmp_path)
    lock.acquire(None, "en")  # a crash releases it
    lock.release()


def test_a_lock_that_is_let_go_within_a_second_is_no_change_going_on(tmp_path: Path) -> None:
    held = FileLock(guard.guard_lock(tmp_path).lock_file, thread_local=False)
    held.acquire()
    threading.Timer(0.3, held.release).start()
    lock = RunLock(tmp_path)
    lock.acquire(None, "en")
    lock.release()


@pytest.mark.parametrize(
    ("value", "none_runs"), [((), False), (("1",), False), (("0", "1"), True), (("1", "0"), False)]
)
def test_the_machines_policy_says_whether_any_script_runs(value: tuple[str, ...], none_runs: bool) -> None:
    assert windows.no_script_runs(lambda: value) == none_runs


@pytest.mark.parametrize("policy", ["AllSigned", "RemoteSigned"])
def test_only_the_scripts_without_a_signature_are_named(policy: str, tmp_path: Path) -> None:
    bare, signed = tmp_path / "bare.ps1", tmp_path / "signed.ps1"
    bare.write_text("$result\n", encoding="utf-8")
    signed.write_text("$result\n# SIG # Begin signature block\n# SIG # End signature block\n", encoding="utf-8")
    named = windows.must_be_signed([bare, signed], lambda: ["Undefined", policy])
    assert named == ([bare] if policy == "AllSigned" else [])


def test_a_process_is_not_mistaken_for_a_later_one_with_its_number() -> None:
    own = Process.of(os.getpid())
    assert own.alive()
    assert not Process(own.pid, own.created - 100).alive()
