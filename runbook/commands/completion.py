"""``runbook completion SHELL``: the lines by which a shell completes commands, cases, steps and rehearsals on Tab.

click knows bash, zsh and fish; PowerShell, 5.1 and 7, is added here (Register-ArgumentCompleter -Native).
"""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from runbook.words.sentences import say

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName '%(prog_name)s' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.Extent.Text
    if ($line.Length -gt $cursorPosition) { $line = $line.Substring(0, $cursorPosition) }
    $env:COMP_LINE = $line
    $env:COMP_WORD = $wordToComplete
    $env:%(complete_var)s = 'powershell_complete'
    try {
        foreach ($found in @(& '%(prog_name)s')) {
            $value, $help = $found -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    }
    finally {
        Remove-Item -LiteralPath 'Env:COMP_LINE', 'Env:COMP_WORD', 'Env:%(complete_var)s' -ErrorAction SilentlyContinue
    }
}
"""


class PowerShellComplete(ShellComplete):
    """Completion for Windows PowerShell 5.1 and PowerShell 7: ``VALUE<Tab>HELP`` lines."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is being completed, and what of that is there."""
        begun = os.environ.get("COMP_WORD", "")
        words = split_arg_string(os.environ.get("COMP_LINE", "").replace("\\", "/"))[1:]
        if begun and words:
            words.pop()
        return words, begun

    def format_completion(self, item: CompletionItem) -> str:
        """One candidate and its help."""
        return f"{item.value}\t{item.help or ''}"


add_completion_class(PowerShellComplete)
SHELLS = ("powershell", "bash", "zsh", "fish")


def add(group: click.Group, lang: str) -> None:
    """Add ``completion`` to ``group``."""

    @group.command("completion", help=say("completion.help", lang).replace("\\b", "\b"))
    @click.argument("shell", type=click.Choice(SHELLS), metavar="|".join(SHELLS))
    def completion(shell: str) -> int:
        found = get_completion_class(shell)
        assert found is not None
        click.echo(found(group, {}, "runbook", "_RUNBOOK_COMPLETE").source())
        return 0
