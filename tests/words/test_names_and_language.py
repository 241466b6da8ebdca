"""Case names, workspace, language, and what papermill's command line says."""

from __future__ import annotations

from pathlib import Path

import pytest
from papermill.cli import papermill as papermill_command

from runbook.case.folder import case_folder, find_workspace, is_case_name
from runbook.run import invocation
from runbook.words.language import choose, system_language


@pytest.mark.parametrize("name", ["case-2024-01", "A", "a.b_c-1", "0"])
def test_names_that_hold_on_every_disk(name: str) -> None:
    assert is_case_name(name)


@pytest.mark.parametrize("name", ["", "é", "a b", "../x", "a/b", "CON", "nul.txt", "com1", ".a", "a.", "x" * 65, "a\n"])
def test_names_that_do_not(name: str) -> None:
    assert not is_case_name(name)


def test_workspace_is_found_from_below_and_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "migrate.ipynb").touch()
    assert find_workspace(tmp_path / "notebooks", {}) == tmp_path
    other = tmp_path / "é è"
    assert find_workspace(tmp_path, {"RUNBOOK_HOME": str(other)}) == other
    assert case_folder("c", other).journal == other / "cases" / "c" / "journal.jsonl"


@pytest.mark.parametrize(
    ("environ", "windows", "lang"),
    [
        ({"LANG": "fr_FR.UTF-8"}, None, "fr"),
        ({"LANG": "en_US.UTF-8"}, None, "en"),
        ({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, None, "en"),
        ({}, None, "en"),
        ({"LANG": "de_DE"}, None, "en"),
        ({"LANG": "C.UTF-8"}, None, "en"),
        ({}, 0x0407, "en"),
        ({"LANG": "fr_FR"}, 0x0409, "fr"),
        ({"LC_ALL": "C"}, 0x0409, "en"),
        ({}, 0x0409, "en"),
        ({}, 0x080C, "fr"),
    ],
)
def test_system_language(environ: dict[str, str], windows: int | None, lang: str) -> None:
    assert system_language(environ, windows or 0) == lang  # 0: none; None would ask this system


def test_the_first_wish_counts() -> None:
    assert choose(None, "xx", " EN ") == "en"


@pytest.mark.parametrize(
    ("argv", "output"),
    [
        (["papermill", "in.ipynb", "case-1.ipynb"], "case-1.ipynb"),
        (["/v/bin/python", "/v/bin/papermill", "in.ipynb", "-p", "a", "b", "é c.ipynb"], "é c.ipynb"),
        (["python", "-m", "papermill"], None),
        (["python", "/lib/papermill/__main__.py", "-y", "a: 1", "in.ipynb", "out.ipynb"], "out.ipynb"),
        (["C:\\v\\Scripts\\papermill.exe", "--cwd", "x", "in.ipynb", "out.ipynb"], "out.ipynb"),
        (["papermill", "--log-output", "in.ipynb", "--engine=x", "out.ipynb"], "out.ipynb"),
        (["papermill", "-pa", "1", "in.ipynb", "out.ipynb"], "out.ipynb"),
        (["papermill", "--", "in.ipynb", "out.ipynb"], "out.ipynb"),
        (["papermill", "in.ipynb", "-"], None),
        (["papermill", "in.ipynb"], None),
        (["jupyter", "nbconvert", "in.ipynb", "out.ipynb"], None),
    ],
)
def test_output_path_of_a_command_line(argv: list[str], output: str | None) -> None:
    assert invocation.output_of(argv) == output


def test_our_option_table_is_papermills_own() -> None:
    theirs = {
        name: option.nargs
        for option in papermill_command.params
        if option.param_type_name == "option" and not option.is_flag and not getattr(option, "count", False)
        for name in (*option.opts, *option.secondary_opts)
    }
    assert theirs == invocation._OPTIONS
