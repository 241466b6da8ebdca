"""The project's own commands in pages: every step, change, recording and notebook there is, and mistyped ones."""

from __future__ import annotations

import random
import re

import click
import pytest

from pscheck import programs, shell
from pscheck.checker import check
from pscheck.collect import Text, collect
from pscheck.tests.mutate import misspell
from runbook.knowledge import reference
from runbook.knowledge.catalogue import notebook_steps, notebooks
from runbook.steps import host_import

STEPS = {step.id: step for step in reference.steps()}
CONFIRMED = sorted(name for name, step in STEPS.items() if step.kind == "manual" or host_import.can_import(name))


def _faults(line: str) -> list[str]:
    return [str(fault) for fault in check(Text("fence", "", "", line))]


def _wrong(word: str) -> list[str]:
    """Five mistypings of ``word`` that are no other step, notebook or recording."""
    random_ = random.Random(word)
    made = {misspell(word, random_) for _ in range(5)}
    return sorted(made - set(STEPS) - set(notebooks()) - {word})


@pytest.mark.parametrize("step", CONFIRMED)
def test_a_step_to_confirm_is_known_and_its_mistypings_are_not(step: str) -> None:
    assert _faults(f"runbook confirm case-1 {step}") == []
    for ask in STEPS[step].asks:
        assert _faults(f"runbook confirm case-1 {step} --set {ask.id}=x") == []
    for wrong in _wrong(step):
        assert _faults(f"runbook confirm case-1 {wrong}"), wrong


@pytest.mark.parametrize("notebook", notebooks())
def test_each_notebook_its_parameters_and_changes_are_known_and_their_mistypings_are_not(notebook: str) -> None:
    line = f"papermill notebooks/{notebook}.ipynb case-1.ipynb"
    assert _faults(line) == []
    changes = [step for step in notebook_steps(notebook) if STEPS[step].kind == "change"]
    if changes:
        assert _faults(f"{line} -p apply {','.join(changes)}") == []
    for name in programs.parameters(notebook):
        assert _faults(f"{line} -p {name} VALUE") == []
        assert _faults(f"{line} -p {name}x VALUE")
    for wrong in [wrong for step in changes for wrong in _wrong(step)]:
        assert _faults(f"{line} -p apply {wrong}"), wrong
    for wrong in _wrong(notebook):
        assert _faults(f"papermill notebooks/{wrong}.ipynb case-1.ipynb"), wrong


def test_every_subcommand_and_option_is_known_and_its_mistypings_are_not() -> None:
    group = programs._CLICK["runbook"]
    assert isinstance(group, click.Group)
    for name, command in group.commands.items():
        assert _faults(f"runbook {name} --help") == []
        assert all(_faults(f"runbook {wrong} --help") for wrong in _wrong(name) if wrong not in group.commands)
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for option in options:
            for wrong in {f"--{word}" for word in _wrong(option[2:])} - options:
                assert _faults(f"runbook {name} {wrong}"), (name, wrong)


def test_a_command_that_a_sentence_only_names_needs_no_arguments_but_its_right_name() -> None:
    assert _faults("runbook schedule backup --help") == []
    assert _faults("runbook schedule backups --help")
    assert _faults("runbook schedule backup")


def test_a_command_over_two_lines_is_read_whole_and_output_is_not_read() -> None:
    text = "$ runbook status case-1\ncase-1: waiting\n$ runbook confirm case-1 \\\n  clearing\n"
    assert [(fault.line, fault.rule) for fault in shell.check(text)] == [(3, "program")]


def test_words_are_followed_through_a_variable_that_holds_the_launcher() -> None:
    text = "$Python = 'C:\\Program Files\\Python312\\python.exe'\n& $Python -m vnev .venv\n"
    (fault,) = check(Text("fence", "", "", text))
    assert (fault.line, fault.rule, fault.right) == (2, "program", "venv")


def test_a_list_of_changes_is_one_word_as_powershell_hands_it_on() -> None:
    (fault,) = check(Text("fence", "", "", "papermill notebooks/migrate.ipynb case-1.ipynb -p apply backup,gpudate\n"))
    assert "gpudate" in fault.wrong and fault.right == "gpupdate"


def test_no_page_lets_powershell_split_a_value_at_its_comma() -> None:
    """In a command's arguments a comma makes an array, and a program is handed its elements as words of their own
    (about_Parsing, about_Arrays): ``-p apply a,b`` would reach papermill as two values."""
    unquoted = re.compile(r"(?:papermill|runbook)\b[^\n\"']* [a-z][a-z-]*,[a-z][a-z-]*")
    found = [
        (text.file, line) for text in collect(programs.ROOT) for line in text.text.splitlines() if unquoted.search(line)
    ]
    assert found == []
    assert unquoted.search("papermill in.ipynb out.ipynb -p apply backup,gpupdate")
