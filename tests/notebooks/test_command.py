"""The bare papermill command and ``runbook run``: names, bad input, exit codes, confirmations, no plugin."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from runbook.journal.history import History
from runbook.journal.lines import Journal
from runbook.words.sentences import data_root

NO_BREAK = "\u00a0"
REAL_CASE = """\
case: {name}
company: Exemple SA
lang: {lang}
license_server: {{name: RDLIC01.corp.example}}
packs:
  - {{count: 20, no_proof_reason: lost}}
"""


def real_case(workspace: Any, name: str, text: str = REAL_CASE, lang: str = "fr") -> Path:
    path: Path = workspace.path / "cases" / name / "case.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text.format(name=name, lang=lang), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like a checkout, its name with spaces and accents, that holds only the notebooks."""
    folder = tmp_path_factory.mktemp("atelier") / "Récupération CAL n° 1"
    shutil.copytree(data_root() / "notebooks", folder / "notebooks")
    return folder


@pytest.mark.parametrize(("start", "source"), [("", "notebooks/migrate.ipynb"), ("notebooks", "migrate.ipynb")])
def test_works_from_the_root_and_from_notebooks(checkout: Path, start: str, source: str) -> None:
    name = f"case-from-{start or 'root'}"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("RUNBOOK_")}
    done = subprocess.run(
        [sys.executable, "-m", "papermill", source, f"{name}.ipynb", "-p", "rehearsal", "not-elevated"],
        cwd=checkout / start,
        env={**environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    history = History(Journal(checkout / "cases" / name / "journal.jsonl").entries())
    assert history.closing("r01")["outcome"] == "failed", done.stderr  # type: ignore[index]
    assert done.returncode == 1
    assert (checkout / start / f"{name}.ipynb").is_file()
    # It says where it is: a line per step, where a bar of hundreds of signs would go into a file.
    assert "\n1/25 Check the machine and the session\n" in done.stderr and "cell/s" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_every_bad_parameter_is_told_at_once_and_nothing_runs(workspace: Any) -> None:
    played = workspace.papermill("case-bad", "-p", "case", "007", "-p", "foo", "x", "-p", "lang", "en")
    assert played.exit_code == 2
    assert "2 parameters to correct. No step was run." in played.stderr
    assert "-r case VALUE" in played.stderr
    assert "“foo”: unknown parameter" in played.stderr
    assert not played.folder.path.exists()


def test_a_value_and_a_name_that_are_wrong_are_told_together(workspace: Any) -> None:
    played = workspace.papermill("case-bad", "-p", "aply", "backup", "-p", "lang", "de", "-p", "apply", "bakup")
    assert played.exit_code == 2
    for told in ("« aply » : paramètre inconnu", "Langue inconnue « de »", "Vouliez-vous dire « backup » ?"):
        assert told in played.stderr
    assert not played.folder.path.exists()


def test_a_mistyped_notebook_of_ours_is_one_sentence_and_anyone_elses_is_papermills(workspace: Any) -> None:
    played = workspace.papermill("case-1", notebook="migrat")
    assert played.exit_code == 2 and "Traceback" not in played.stderr
    assert "Vouliez-vous dire « migrate.ipynb » ?" in played.stderr
    assert "Traceback" in workspace.papermill("case-1", notebook="quarterly-figures").stderr


def test_a_name_that_is_no_identifier_is_told(workspace: Any) -> None:
    played = workspace.papermill("case-bad", "-p", "a-b", "x")
    assert played.exit_code == 2
    assert "« a-b »" in played.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("-p", "lang", "de"), "Langue inconnue"),
        (("-p", "apply", "preflight"), "apply nomme une étape"),
        (("-p", "rehearsal", "nothing"), "Il n’y a pas de répétition"),
        (("-p", "case", "../x"), "ne convient pas comme nom"),
    ],
)
def test_each_bad_value_has_its_sentence(workspace: Any, options: tuple[str, ...], word: str) -> None:
    played = workspace.papermill("case-bad", *options)
    assert played.exit_code == 2
    assert word in played.stderr
    assert not (workspace.path / "cases" / "case-bad" / "journal.jsonl").exists()
    assert not played.output.exists() or "Traceback" not in played.output.read_text(encoding="utf-8")


def test_all_that_is_wrong_is_told_at_once(workspace: Any) -> None:
    real_case(workspace, "case-bad", REAL_CASE + "  - {{count: many}}\nextra: 1\n", lang="en")
    options = ("-p", "lang", "de", "-p", "apply", "preflight,zzz", "-p", "rehearsal", "nothing")
    told = workspace.papermill("case-bad", *options).stderr
    for word in ("“de”", "preflight, zzz", "nothing", "packs.2.count", "extra"):
        assert word in told, (word, told)
    assert not (workspace.path / "cases" / "case-bad" / "journal.jsonl").exists()


def test_a_rehearsal_of_another_notebook_is_refused(workspace: Any) -> None:
    played = workspace.papermill("case-bad", "-p", "rehearsal", "hosts-nominal", "-p", "lang", "en")
    assert played.exit_code == 2 and "belongs to the notebook hosts" in played.stderr


def test_a_negative_code_is_text_and_no_option(workspace: Any) -> None:
    for code, row in (("-1316", "E19"), ("-2147217407", "E02")):
        done = workspace.runbook("--lang", "en", "hint", code)
        assert done.returncode == 0 and done.stdout.startswith(row), done.stderr


def test_a_bad_case_file_is_told_in_its_language_with_lines(workspace: Any) -> None:
    real_case(workspace, "case-bad", REAL_CASE + "  - {{count: many}}\nextra: 1\n", lang="en")
    done = workspace.runbook("run", "case-bad")
    assert done.returncode == 2
    assert "2 faults. No step was run." in done.stderr
    assert "line 7 — packs.2.count" in done.stderr
    assert "line 8 — extra" in done.stderr
    assert not (workspace.path / "cases" / "case-bad" / "journal.jsonl").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a real case is what the product is for")
def test_a_real_case_does_not_run_off_windows_nor_become_a_rehearsal(workspace: Any) -> None:
    real_case(workspace, "case-real")
    for options in ((), ("-p", "rehearsal", "nominal")):
        played = workspace.papermill("case-real", *options)
        assert played.exit_code == 2
        assert "Aucune étape n’a été lancée" in played.stderr or "une répétition n’y écrit jamais" in played.stderr
    assert not (workspace.path / "cases" / "case-real" / "journal.jsonl").exists()


def test_a_rehearsal_is_not_taken_over_by_another(workspace: Any) -> None:
    workspace.papermill("case-mix", "-p", "rehearsal", "not-elevated")
    played = workspace.papermill("case-mix", "-p", "rehearsal", "role-missing")
    assert played.exit_code == 2 and "est la répétition « not-elevated »" in played.stderr.replace("\u00a0", " ")
    assert len(played.history.runs()) == 1


def test_exit_codes_and_confirmations_of_the_command_line(workspace: Any) -> None:
    """A case by hand: the recording's own answers are left out, a person gives them."""
    recording = workspace.path / "by-hand"
    recording.mkdir()
    nominal = (data_root() / "notebooks" / "rehearsals" / "nominal" / "rehearsal.yml").read_text(encoding="utf-8")
    head = nominal.split("answers:")[0].replace("runs: 2", "base: nominal\nruns: 1\nanswers: []")
    expect = "expect: [{run: 1, outcome: waiting}]\n"
    (recording / "rehearsal.yml").write_text(head + expect, encoding="utf-8")

    done = workspace.runbook("run", "case-hand", "--rehearsal", str(recording))
    assert done.returncode == 75, done.stderr
    status = workspace.runbook("--lang", "en", "status", "case-hand").stdout
    assert "WAITING" in status
    assert "REHEARSAL" in status
    assert "runbook confirm case-hand source-lost" in status
    assert len(status.splitlines()) <= 10

    refused = workspace.runbook("confirm", "case-hand", "source-lost", "--set", "state=gone", "--lang", "en")
    assert refused.returncode == 2
    assert "choose one of: lost, alive, restorable" in refused.stderr
    said = [f"--set={pair}" for pair in ("state=lost", "reason=fire", "no_longer_serves=oui")]
    assert workspace.runbook("confirm", "case-hand", "source-lost", *said).returncode == 0

    # Identifiers come at the prompt only, are refused when they are wrong, and are read back.
    private = workspace.runbook("confirm", "case-hand", "clearinghouse", "--set", "packs=x", "--lang", "en")
    assert private.returncode == 2
    assert "list of processes" in private.stderr
    key_pack = "REHEA-RSALO-NLYKE-YPACK-NUMBE-R0000-PACK1"
    # The first ID is asked for at once; an ID typed where a yes or a no is wanted is no "no".
    typed = ["1", "REF-1", "", "réémis", "too short", key_pack, "oui", "40", key_pack, "non", "note", "oui"]
    done = workspace.runbook("confirm", "case-hand", "clearinghouse", given="\n".join(typed) + "\n")
    assert "répondez par oui ou non" in done.stdout
    empty = ["--set", "channel=telephone", "--set", "result=issued"]
    packless = workspace.runbook("confirm", "case-hand", "clearinghouse", *empty, given="")
    assert packless.returncode != 0
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Relu : {key_pack}" in done.stdout.replace("\u00a0", " ")
    journal = (workspace.path / "cases" / "case-hand" / "journal.jsonl").read_text(encoding="utf-8")
    assert "PACK1" in journal
    assert key_pack not in journal
    assert key_pack.replace("-", "") not in journal

    evidence = workspace.path / "Procès-verbal n° 1.txt"
    evidence.write_text("x", encoding="utf-8")
    attached = workspace.runbook("confirm", "case-hand", "attestation", "--set", "note=x", "--attach", str(evidence))
    assert attached.returncode == 0, attached.stderr
    entry = History(Journal(workspace.path / "cases" / "case-hand" / "journal.jsonl").entries()).confirms(
        "attestation"
    )[0]
    assert entry["attachments"][0]["name"] == evidence.name
    assert (workspace.path / "cases" / "case-hand" / entry["attachments"][0]["path"]).read_text("utf-8") == "x"

    assert workspace.runbook("accept", "case-hand", "backup", "--done", "--reason", "x").returncode == 2
    again = workspace.runbook("run", "case-hand")
    assert again.returncode == 75
    steps = {s: e["status"] for s in ("clearinghouse", "install-packs") if (e := _last(workspace, "case-hand", s))}
    assert steps == {"clearinghouse": "succeeded", "install-packs": "waiting"}


def _last(workspace: Any, name: str, step: str) -> Any:
    return History(Journal(workspace.path / "cases" / name / "journal.jsonl").entries()).ends(step)[-1]


def test_an_unknown_end_is_done_again_only_after_a_person_decided(workspace: Any) -> None:
    """The recording in which the power goes between stop and start of the service."""
    played = workspace.papermill("case-cut", "-p", "rehearsal", "killed-in-backup")
    story = [
        e["event"] for e in played.history.entries if e.get("step") == "backup" and e["event"] not in ("end", "started")
    ]
    assert story == ["begin", "accept", "begin", "ran"]
    assert played.effects().count("backup") == 2
    assert "unknown" in [e["status"] for e in played.history.ends("backup")]


def test_without_the_plugin_the_record_says_unverified(workspace: Any) -> None:
    played = workspace.papermill("case-plain", "-p", "rehearsal", "not-elevated", "--engine", "nbclient")
    assert played.exit_code == 1
    opened = played.history.opening("r01")
    assert opened["verified"] == "command line"
    kept = played.history.notebook("r01")
    assert kept["rebuilt"] is True
    nb = nbformat.read(played.folder.path / kept["path"], as_version=4)
    assert nb.metadata.runbook.rebuilt is True
    text = (played.folder.path / kept["path"]).read_text(encoding="utf-8")
    assert "NON VÉRIFIÉ" in text


def test_parameters_are_checked_without_the_plugin_too(workspace: Any) -> None:
    played = workspace.papermill("case-plain", "-p", "foo", "1", "-p", "In", "4", "--engine", "nbclient")
    assert played.exit_code == 1
    assert "« foo » : paramètre inconnu" in played.output.read_text(encoding="utf-8").replace(NO_BREAK, " ")
    assert not played.folder.path.exists()


def test_other_notebooks_are_left_to_papermill(tmp_path: Path) -> None:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")])
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    nbformat.write(nb, tmp_path / "in.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[0].outputs[0].text.strip() == "1"
    assert not (tmp_path / "cases").exists()


def test_an_edited_cell_runs_as_edited_and_says_so(workspace: Any, tmp_path: Path) -> None:
    source = nbformat.read(data_root() / "notebooks" / "migrate.ipynb", as_version=4)
    cell = next(c for c in source.cells if c.id == "service")
    cell.source = cell.source.replace("$result", "# changed by hand\n$result", 1)
    edited = tmp_path / "edited.ipynb"
    nbformat.write(source, edited)
    done = subprocess.run(
        [sys.executable, "-m", "papermill", str(edited), "case-edited.ipynb", "-p", "rehearsal", "one-pack-of-40"],
        cwd=workspace.path,
        env=workspace.environ(),
        capture_output=True,
        check=False,
    )
    folder = workspace.path / "cases" / "case-edited"
    end = History(Journal(folder / "journal.jsonl").entries()).end_in("service", "r01")
    assert end is not None, done.stderr
    assert end["edited"] is True
    assert "changed by hand" in (folder / "r01" / "service" / "script.ps1").read_text(encoding="utf-8-sig")
    assert "changed by hand" not in (folder / "r01" / "service" / "script-original.ps1").read_text(encoding="utf-8-sig")
    assert "modifié par l’opérateur" in (workspace.path / "case-edited.ipynb").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on a file's size stands for a full disk; POSIX only")
def test_a_full_disk_is_told_and_the_case_goes_on_afterwards(workspace: Any) -> None:
    source = data_root() / "notebooks" / "migrate.ipynb"
    command = f"ulimit -f 160; exec '{sys.executable}' -m papermill '{source}' case-full.ipynb --no-progress-bar"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=workspace.path,
        env=workspace.environ(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert "Impossible d’écrire" in done.stderr
    assert "Traceback" not in done.stderr
    played = workspace.papermill("case-full")
    assert played.exit_code == 0, played.stderr
    assert Journal(played.folder.journal).check() == []
    assert sorted(played.effects()) == ["backup", "gpupdate"]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_command_has_help_in_both_languages(workspace: Any, lang: str) -> None:
    from runbook.cli import build

    group = build(lang)
    other = build("en" if lang == "fr" else "fr")
    assert group.help != other.help
    for name, command in group.commands.items():
        assert command.help, name
        assert command.help != other.commands[name].help, name
        for option in command.params:
            if getattr(option, "help", None) is None:
                assert option.param_type_name == "argument", (name, option.name)
        shown = command.get_help(command.context_class(command))
        assert lang == "en" or not re.search(r"\b(TEXT|PATH|VALUE)\b", shown), f"click's own words in {name}"


def test_help_notebook_shows_each_parameter(workspace: Any) -> None:
    source = data_root() / "notebooks" / "migrate.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--help-notebook", str(source)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    for name in ("case", "lang", "apply", "rehearsal"):
        assert f"{name}: " in done.stdout
    assert "nom du cas" in done.stdout
