"""The command line never shows a traceback for what a disk or a share does."""

from __future__ import annotations

import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from runbook import cli
from runbook.case.folder import case_folder
from runbook.journal.lines import Journal
from runbook.words.sentences import data_root, say
from tests.simulated import pwsh


def test_a_fault_of_the_disk_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(lang: str) -> click.Group:
        group = click.Group("runbook")

        @group.command("write")
        def write() -> None:
            raise OSError(errno.ENOSPC, "No space left on device", "D:\\cases\\x.html")

        return group

    monkeypatch.setattr(cli, "Runbook", build)
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", "write"])
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "x.html" in told.err and "no room left" in told.err and "Traceback" not in told.err


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_help_names_every_command_that_its_modules_add(lang: str) -> None:
    assert set(cli.build(lang).commands) == {name for rows in cli.COMMANDS.values() for name in rows}


def test_french_headings_have_their_space(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["seal", "--help"]):
        with pytest.raises(SystemExit):
            cli.main(["--lang", "fr", *words])
        headings = [line for line in capsys.readouterr().out.splitlines() if line.rstrip().endswith(":")]
        assert headings and all(heading.endswith("\N{NO-BREAK SPACE}:") for heading in headings), headings


def test_help_and_version_import_no_subcommand() -> None:
    code = "import sys; from runbook.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"
    for asked, said in (("--help", "Evidence:"), ("--version", "runbook, version")):
        done = subprocess.run(
            [sys.executable, "-c", code, "--lang", "en", asked], capture_output=True, encoding="utf-8", check=True
        )
        assert said in done.stdout
        assert not {"pydantic", "runbook.commands.case", "IPython", "nbformat"} & set(done.stdout.split())


def test_a_mistyped_command_is_told_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", "stattus"])
    assert ended.value.code == 2
    assert "Did you mean “status”?" in capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", *words])
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases" / "case-2024-07").mkdir(parents=True)
    (tmp_path / "cases" / "case-2024-07" / "journal.jsonl").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("confrm case-2024-07 clearinghouse", "confirm"),
        ("status case-2024-70", "case-2024-07"),
        ("confirm case-2024-07 clearinghose", "clearinghouse"),
        ("accept case-2024-07 bakup --done --reason x", "backup"),
        ("rehearse nominale", "nominal"),
        ("run case-x --rehearsal one-pack-of-4", "one-pack-of-40"),
        ("run case-x --apply bakup", "backup"),
        ("run case-x --notebok hosts", "--notebook"),
        ("run case-x --notebook host", "hosts"),
        ("diff case-2024-7 case-2024-07", "case-2024-07"),
        ("verify --sael x archive", "--seal"),
    ],
)
def test_the_near_name_is_told_and_nothing_is_left(
    line: str, meant: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(workspace.rglob("*"))
    assert f"Did you mean “{meant}”?" in refused(capsys, *line.split())
    assert sorted(workspace.rglob("*")) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("status a b c", "De trop sur la ligne : b c."),
        ("list x", "De trop sur la ligne : x."),
        ("run x --apply", "L’option --apply attend une valeur.\nAide : runbook run --help"),
        ("-C", "L’option -C attend une valeur.\nAide : runbook --help"),
        ("status --json=1", "L’option --json ne prend pas de valeur.\nAide : runbook status --help"),
        ("-C nowhere status", "Valeur refusée pour -C : « nowhere ». Il n’y a rien de ce nom."),
        ("-C file status", "Valeur refusée pour -C : « file ». Un dossier est attendu."),
        ("bundle --site nowhere", "Valeur refusée pour --site : « nowhere ». Il n’y a rien de ce nom."),
        ("bundle --out file", "Valeur refusée pour --out : « file ». Un dossier est attendu."),
        ("run x --notebook zzz", "Valeur refusée pour --notebook : « zzz ». Valeurs possibles : audit,"),
        ("confirm c s --replaces 0", "Valeur refusée pour --replaces : « 0 ». Un nombre entier à partir de 1"),
        ("withdraw c s --why x --entry un", "Valeur refusée pour --entry : « un ». Un nombre entier à partir de 1"),
        ("schedule bakup --of x --account y", "Valeur refusée pour {backup|audit|hosts} : « bakup ». Vouliez-vous"),
        ("status cases/case-2024-07/", "« cases/case-2024-07/ » ne convient pas comme nom de cas"),
        ("status cases/case-2024-07/", "Vouliez-vous dire « case-2024-07 » ?"),
        ("run CON --rehearsal nominal", "« CON » ne convient pas comme nom de cas"),
        ("rehearse nominal --case é", "« é » ne convient pas comme nom de cas"),
    ],
)
def test_each_mistake_is_told_in_the_readers_language_with_what_was_typed(
    line: str, said: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of click's own English, no code of the system; papermill is named only where it was called."""
    (workspace / "file").touch()
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "fr", *line.split()])
    told = capsys.readouterr().err.replace("\u00a0", " ").replace("\u202f", " ")
    assert ended.value.code == 2 and said in told, told
    assert not re.search(r"Errno|argument|-p case|\b(is|the|not)\b", told)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_command_that_a_sentence_names_exists(lang: str) -> None:
    """Between quotes or backquotes, behind a colon, or alone on its line; its options too."""
    group, named = cli.build(lang), 0
    words = (data_root() / "knowledge" / "words").glob("*.yml")
    for file in (each for each in words if each.stem != "find"):  # what people type into the site's search
        for key, told in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            text = str(told.get(lang, "") if isinstance(told, dict) else "")
            for command, rest in re.findall(
                r"(?:^|[:«“(`]\s?)\s*runbook ([a-z][a-z-]*)\b([^`»”\n]*)", text, re.MULTILINE
            ):
                assert command in group.commands, f"{file.stem}.{key}: runbook {command}"
                known = {option for param in group.commands[command].params for option in param.opts}
                line = re.split(r"[.;] |, ", rest)[0]
                options = set(re.findall(r"(?<!\S)--[a-z-]+", line))
                assert options <= known, f"{file.stem}.{key}: runbook {command}{line}"
                named += 1
    assert named > 20, "the sentences that are looked through"


def test_help_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for words in (["help"], ["--help"], ["help", "status"], ["status", "--help"], ["-V"], ["--version"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(["--lang", "en", *words])
        assert not ended.value.code
        said[" ".join(words)] = capsys.readouterr().out
    assert said["help"] == said["--help"] and said["help status"] == said["status --help"]
    assert said["-V"] == said["--version"]


def test_a_home_that_is_not_there_and_a_folder_without_cases_are_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "mistyped"))
    for words in ("status", "list", "status case-1"):
        assert "RUNBOOK_HOME names" in refused(capsys, *words.split())
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    with pytest.raises(SystemExit):
        cli.main(["--lang", "en", "status"])
    assert "runbook -C FOLDER status" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_example_is_one_line_to_paste(lang: str) -> None:
    group = cli.build(lang)
    for name in cli._ALL:
        context = click.Context(group.commands[name], info_name=name, terminal_width=40)
        shown = group.commands[name].get_help(context)
        assert say(f"cli.example_{name.replace('-', '_')}", lang) in shown
        assert "Obligatoire" not in shown


def test_a_case_is_found_however_its_capitals_are_typed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--lang", "en", "status", "CASE-2024-07"])
    assert "case-2024-07: NEW" in capsys.readouterr().out
    assert case_folder("Case-2024-07").name == "case-2024-07"
    assert case_folder("Case-2024-08").name == "Case-2024-08"


def test_nothing_near_nothing_meant(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("zzzz", "status zzzz", "run case-x --apply zzzz"):
        assert "Did you mean" not in refused(capsys, *line.split())


def test_what_is_missing_is_named_as_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    for command, named in (("schedule", "{backup|audit|hosts}"), ("hint", "TEXT"), ("seal", "CASE")):
        assert refused(capsys, command).startswith(f"Missing: {named}.")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_command_has_an_example_that_can_be_typed(lang: str) -> None:
    group = cli.build(lang)
    for name in cli._ALL:
        line = say(f"cli.example_{name.replace('-', '_')}", lang)
        program, command, *rest = shlex.split(line)
        assert (program, command) == ("runbook", name)
        group.commands[name].make_context(name, rest)  # click refuses what it does not know
        shown = group.commands[name].get_help(click.Context(group.commands[name], info_name=name))
        assert line in " ".join(shown.split())


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_helps_first_screen_names_exit_codes_and_the_folder(lang: str) -> None:
    shown = cli.build(lang).get_help(click.Context(cli.build(lang), info_name="runbook"))
    for word in ("75", "RUNBOOK_HOME", "NO_COLOR", "-C", "--lang"):
        assert word in shown
    assert "..." not in shown


def test_another_folder_is_worked_in(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("Données")
    (elsewhere / "cases" / "case-z").mkdir(parents=True)
    (elsewhere / "cases" / "case-z" / "case.yml").write_text("case: case-z\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "runbook.cli", "-C", str(elsewhere), "--lang", "en", "list"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    assert "case-z" in done.stdout and "case-2024-07" not in done.stdout
    missing = subprocess.run([sys.executable, "-m", "runbook.cli", "-C", "no-folder", "list"], check=False)
    assert missing.returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        ["status", "case-2024-07"],
        ["status", "case-2024-07", "--jsn"],
        ["confirm", "case-2024-07", "clearinghose"],
        ["accept", "case-2024-07", "backup", "--done", "--reason", "x"],
        ["withdraw", "--why", "x", "case-2024-07", "backup", "--entry", "3"],
        ["diff", "case-2024-07/r01", "case-2024-07/r09"],
        ["-C", ".", "status", "case-2024-07"],
    ],
)
def test_a_french_case_speaks_french_on_any_system(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """Its file says no language, as a rehearsal's does not; its run spoke French. ``--lang`` is still obeyed."""
    monkeypatch.setenv("LANG", "C.UTF-8")
    opening = {"run": "r01", "notebook": "migrate", "case": "case-2024-07", "host": "windows", "rehearsal": None}
    Journal(workspace / "cases" / "case-2024-07" / "journal.jsonl").append("open", lang="fr", **opening)
    said = []
    for line in (words, ["--lang", "en", *words]):
        with pytest.raises(SystemExit):
            cli.main(line)
        said.append("".join(capsys.readouterr()))
    assert said[0] != said[1] and re.search("exécut|étape|inconnue|n’", said[0]), said
    assert not re.search(r"\b(the|case|step|option)\b", said[0].replace("case-2024-07", "")), said[0]


def completed(words: str, begun: str, shell: str = "bash") -> list[str]:
    """What a shell is given for ``words`` with ``begun`` under the cursor."""
    line = f"{words} {begun}".rstrip() if begun else f"{words} "
    given = {"COMP_WORDS": line, "COMP_CWORD": str(len(words.split())), "COMP_LINE": line, "COMP_WORD": begun}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from runbook.cli import main; main([])"],
        env={**os.environ, **given, "_RUNBOOK_COMPLETE": f"{shell}_complete", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    between = "\t" if shell == "powershell" else ","
    found = [row.split(between, 1) for row in done.stdout.splitlines()]
    return [row[0] if shell == "powershell" else row[1] for row in found]


@pytest.mark.parametrize("shell", ["bash", "powershell"])
def test_commands_cases_steps_rehearsals_and_changes_are_completed(workspace: Path, shell: str) -> None:
    assert completed("runbook", "sta", shell) == ["status"]
    assert completed("runbook status", "case", shell) == ["case-2024-07"]
    assert completed("runbook confirm case-2024-07", "clea", shell) == ["clearinghouse"]
    assert "one-pack-of-40" in completed("runbook rehearse", "", shell)
    assert completed("runbook run case-2024-07 --apply", "backup,gp", shell) == ["backup,gpupdate"]


@pytest.mark.skipif(pwsh.missing(), reason="no pwsh")
def test_real_powershell_completes_with_the_lines_that_the_command_gives(workspace: Path) -> None:
    place = Path(sys.executable).parent
    script = (
        f"$env:PATH = '{place}' + [IO.Path]::PathSeparator + $env:PATH\n"
        "runbook completion powershell | Out-File -LiteralPath complete.ps1\n. ./complete.ps1\n"
        "foreach ($line in 'runbook status case', 'runbook confirm case-2024-07 clea') {\n"
        "  (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches.CompletionText }\n"
    )
    (workspace / "try.ps1").write_text(script, encoding="utf-8")
    command = [str(pwsh.find()), "-NoProfile", "-File", "try.ps1"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=workspace, check=False)
    assert done.stdout.split() == ["case-2024-07", "clearinghouse"], done.stderr


@pytest.mark.parametrize("words", [["--version"], ["nothing"]])
def test_ctrl_c_while_the_command_loads_is_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """Whatever is being imported at that moment."""
    from runbook.__main__ import main

    class Interrupted:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "runbook.cli":
                raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["runbook", *words])
    monkeypatch.delitem(sys.modules, "runbook.cli")
    monkeypatch.delattr("runbook.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "Interrompu. / Aborted.\n"
