"""What is written into a pipe is what Windows PowerShell 5.1 reads there, in whatever code page its console has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.words.console import pipe_encoding, plain

#: What our sentences are made of: accents, no-break spaces, quotation marks, dashes, an ellipsis.
SENTENCE = "«\u00a0Dossier terminé\u00a0» — l’hôte n’a pas répondu… 3\u202f000 → cœur"
PLAIN = {
    # PowerShell's [Console]::OutputEncoding -> what it reads
    850: "«\u00a0Dossier terminé\u00a0» - l'hôte n'a pas répondu... 3 000 -> coeur",
    437: "«\u00a0Dossier terminé\u00a0» - l'hôte n'a pas répondu... 3 000 -> coeur",
    1252: "«\u00a0Dossier terminé\u00a0» — l’hôte n’a pas répondu… 3 000 -> cœur",
    65001: SENTENCE,
}


def test_every_sign_has_a_plain_form() -> None:
    assert plain("l’été — « œuf » 3\u202f€…") == """l'ete - " oeuf " 3 EUR..."""
    assert plain("漢") == "?"


@pytest.mark.parametrize(
    ("environ", "platform", "page", "encoding"),
    [
        ({}, "win32", 850, "cp850"),
        ({}, "win32", 65001, "utf-8"),
        ({}, "win32", 1, None),
        ({"PYTHONIOENCODING": "utf-8"}, "win32", 850, None),
        ({"PYTHONUTF8": "1"}, "win32", 850, None),
        ({}, "linux", 850, None),
    ],
)
def test_which_encoding(environ: dict[str, str], platform: str, page: int, encoding: str | None) -> None:
    assert pipe_encoding(environ, platform, lambda: page) == encoding


@pytest.mark.parametrize("page", PLAIN)
def test_the_bytes_of_a_pipe(page: int) -> None:
    code = "import sys; from runbook.words import console; console.console_code_page = lambda: int(sys.argv[1])\n"
    code += "console.pipe_encoding.__defaults__ = (None, 'win32', None)\n"
    code += "console.open_streams(); print(sys.argv[2]); print(sys.argv[2], file=sys.stderr)"
    environ = {key: value for key, value in os.environ.items() if key not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(page), SENTENCE], capture_output=True, env=environ, check=True
    )
    reader = "utf-8" if page == 65001 else f"cp{page}"
    assert [done.stdout.decode(reader).rstrip(), done.stderr.decode(reader).rstrip()] == [PLAIN[page]] * 2


def test_a_reader_who_leaves_changes_nothing_of_how_a_command_ends() -> None:
    """``| head``: no broken pipe, no other exit code; the work goes on to its end."""
    code = "import sys; from runbook.words import console; console.open_streams()\n"
    code += "sys.stdin.read(1)\nfor n in range(50_000): print(n)\nprint('done', file=sys.stderr); sys.exit(75)"
    command = [sys.executable, "-c", code]
    reader, writer = os.pipe()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        os.close(reader)  # gone before the first word
        _, said = process.communicate(b"x")
    assert process.returncode == 75 and said.split() == [b"done"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Windows closes no stream")
@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_are_nowhere_for_the_programs_that_are_started_too(closed: str, tmp_path: Path) -> None:
    """A Jupyter kernel ends with a traceback where it has no stdout."""
    child = "import sys; said = str(None in (sys.stdin, sys.stdout, sys.stderr))\n"
    child += "open('child', 'w', encoding='utf-8').write(said)"
    code = "import subprocess, sys; from runbook.words import console; console.open_streams()\n"
    code += "print('x'); print('y', file=sys.stderr); sys.stdin.isatty()\n"
    code += f"subprocess.run([sys.executable, '-c', {child!r}])"
    subprocess.run(["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, code], cwd=tmp_path, check=True)
    assert (tmp_path / "child").read_text(encoding="utf-8") == "False"


@pytest.mark.skipif(sys.platform != "win32", reason="consoles with code pages are Windows'")
@pytest.mark.parametrize("page", PLAIN)
def test_in_a_console_of_that_code_page(page: int, tmp_path: Path) -> None:
    """A program in a console of its own, as powershell.exe is, reads what our command writes into its pipe."""
    reader = (
        "import ctypes, os, subprocess, sys\n"
        f"assert ctypes.windll.kernel32.SetConsoleOutputCP({page})\n"
        "done = subprocess.run([sys.executable, '-m', 'runbook.cli', '--lang', 'fr', '--help'],"
        " capture_output=True)\n"
        f"open(r'{tmp_path / 'read.bin'}', 'wb').write(done.stdout + done.stderr)\n"
    )
    environ = {key: value for key, value in os.environ.items() if key not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    subprocess.run(
        [sys.executable, "-c", reader],
        creationflags=subprocess.CREATE_NO_WINDOW,
        env=environ,
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    read = (tmp_path / "read.bin").read_bytes().decode("utf-8" if page == 65001 else f"cp{page}")
    assert "Vérifier" in read, read


def test_without_any_stream_a_sentence_ends_nothing(tmp_path: Path) -> None:
    """As a service or pythonw.exe starts us: no standard input, output or error at all."""
    code = (
        "import sys; sys.stdin = sys.stdout = sys.stderr = None\n"
        "from runbook.cli import main\n"
        "try: main(['--lang', 'fr', 'status', 'no-such-case'])\n"
        f"except SystemExit as end: open({str(tmp_path / 'code')!r}, 'w', encoding='utf-8').write(str(end.code))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "code").read_text(encoding="utf-8") == "2"
