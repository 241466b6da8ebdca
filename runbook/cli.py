"""The command ``runbook``: French or English by locale or ``--lang``.

Exit codes: 0 done, 75 waiting, 1 failed, 2 bad input.

click alone, and no library that draws its help: what a command imports before it says anything is measured
(tests/benchmarks/bench_start.py).
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from runbook import __version__
from runbook.commands.screen import colours
from runbook.errors import RunbookError
from runbook.words.console import open_streams
from runbook.words.disk import disk_told
from runbook.words.language import choose
from runbook.words.near import did_you_mean
from runbook.words.sentences import LANGS, say

#: What ``runbook --help`` lists, by heading: each command, the module of runbook.commands that adds it, the keys of
#: its help and of its example. A command's module is imported when it is called, since the case's alone cost a second.
COMMANDS: dict[str, dict[str, tuple[str, str, str]]] = {
    "cli.group_work": {
        "run": ("case", "cli.run", "cli.example_run"),
        "status": ("status", "cli.status", "cli.example_status"),
        "list": ("status", "cli.list", "cli.example_list"),
        "confirm": ("case", "cli.confirm", "cli.example_confirm"),
        "accept": ("case", "cli.accept", "cli.example_accept"),
        "withdraw": ("case", "cli.withdraw", "cli.example_withdraw"),
        "hint": ("hint", "cli.hint", "cli.example_hint"),
    },
    "cli.group_evidence": {
        "record": ("archive", "cli.record", "cli.example_record"),
        "seal": ("archive", "cli.seal", "cli.example_seal"),
        "verify": ("archive", "cli.verify", "cli.example_verify"),
        "redact": ("archive", "cli.redact", "cli.example_redact"),
        "register": ("archive", "cli.register", "cli.example_register"),
        "diff": ("archive", "cli.diff", "cli.example_diff"),
    },
    "cli.group_rehearse": {
        "init": ("init", "cli.init", "cli.example_init"),
        "rehearse": ("rehearse", "cli.rehearse", "cli.example_rehearse"),
        "record-host": ("record_host", "record_host.help", "cli.example_record_host"),
    },
    "cli.group_server": {
        "schedule": ("schedule", "schedule.help", "cli.example_schedule"),
        "selftest": ("selftest", "selftest.help", "cli.example_selftest"),
        "bundle": ("bundle", "bundle.bundle", "cli.example_bundle"),
        "completion": ("completion", "completion.help", "cli.example_completion"),
    },
}
_ALL = {name: row for rows in COMMANDS.values() for name, row in rows.items()}


class Runbook(click.Group):
    """The command in one language; its subcommands are imported when they are asked for."""

    def __init__(self, lang: str) -> None:
        super().__init__(
            "runbook",
            help=say("cli.help", lang),
            epilog=say("cli.epilog", lang).rstrip(),
            invoke_without_command=True,
            callback=self._alone,
        )
        self._lang = lang
        self.params += [
            _version(lang),
            click.Option(
                ["-C", "--directory"],
                metavar=say("cli.folder", lang),
                help=say("cli.directory", lang),
                is_eager=True,
                expose_value=False,
                callback=self._go_there,
            ),
            click.Option(["--lang"], type=click.Choice(LANGS), help=say("cli.lang", lang), expose_value=False),
        ]
        _translate(self, lang)

    def _alone(self) -> None:
        """Without a command: where the cases stand; the help where there is none."""
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            from runbook.commands import existing, status

            if existing.cases():
                status.tell_all(self._lang)
                click.echo("\n" + say("cli.alone", self._lang), err=True)
            else:
                click.echo(context.get_help())

    def _go_there(self, context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        """Act as if started in that folder, whatever RUNBOOK_HOME says."""
        if value is not None:
            try:
                os.chdir(value)
            except OSError as error:
                raise click.BadParameter(repr(value), context, parameter) from error
            os.environ.pop("RUNBOOK_HOME", None)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, loaded or not."""
        return list(_ALL)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, its module imported; None where there is none of that name."""
        if cmd_name in _ALL and cmd_name not in self.commands:
            importlib.import_module(f"runbook.commands.{_ALL[cmd_name][0]}").add(self, self._lang)
        return self.commands.get(cmd_name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take the subcommand in, in the reader's language."""
        super().add_command(cmd, name)
        example = say(_ALL[name or cmd.name or ""][2], self._lang)
        cmd.epilog = "\b\n" + say("cli.example", self._lang, line=example)  # \b: a line to paste is never broken
        _translate(cmd, self._lang)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first sentence of each subcommand's help, by what it is for. Imports none of them."""
        for heading, rows in COMMANDS.items():
            with formatter.section(say(heading, self._lang)):
                told = [(name, say(key, self._lang).split("\n")[0]) for name, (_, key, _) in rows.items()]
                formatter.write_dl([(name, re.split(r"(?<=\.) ", text)[0]) for name, text in told])


def build(lang: str) -> click.Group:
    """The whole command in one language, with all its subcommands."""
    group = Runbook(lang)
    for name in _ALL:
        group.get_command(click.Context(group), name)
    return group


def _version(lang: str) -> click.Option:
    def show(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            click.echo(f"runbook, version {__version__}")
            context.exit()

    names, told = ["-V", "--version"], say("cli.version", lang)
    return click.Option(names, is_flag=True, is_eager=True, expose_value=False, help=told, callback=show)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: one sentence for an expected failure, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    open_streams()
    if "_RUNBOOK_COMPLETE" in os.environ:
        importlib.import_module("runbook.commands.completion")  # PowerShell is a shell too
    lang, words, asked = _take_language(words)
    if words[:1] == ["help"]:  # as with git, uv, gh
        words = [*words[1:2], "--help"]
    if not asked:
        lang = _of_case(words) or lang
    try:
        with disk_told(lang, Path.cwd()):
            # obj: the language that was asked for, which a run keeps; the system's own does not overrule a case's
            code = Runbook(lang).main(
                words, prog_name="runbook", standalone_mode=False, color=colours(), obj=lang if asked else ""
            )
    except RunbookError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        click.echo(_usage(error, lang, words), err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo(say("cli.aborted", lang), err=True)
        sys.exit(1)
    sys.exit(code or 0)


def _take_language(words: list[str]) -> tuple[str, list[str], bool]:
    """The language to speak, the line without it, and whether it was asked for (anywhere on the line)."""
    rest: list[str] = []
    asked = None
    index = 0
    while index < len(words):
        if words[index] == "--lang" and index + 1 < len(words):
            asked = words[index + 1]
            index += 1
        elif words[index].startswith("--lang="):
            asked = words[index].partition("=")[2]
        else:
            rest.append(words[index])
        index += 1
    if asked is not None and asked not in LANGS:
        return choose(), words, False
    return choose(asked), rest, asked is not None


def _of_case(words: list[str]) -> str | None:
    """The language of the first case that the line names: what is said of a case is said in the language that its
    notebook and its papers are in, whatever this machine speaks. None where no case is named."""
    folder, index = "", 0
    while index < len(words) and words[index].startswith("-"):
        option, _, value = words[index].partition("=")
        if option in ("-C", "--directory"):
            index += not value
            folder = value or (words[index] if index < len(words) else "")
        index += 1
    if index + 1 >= len(words) or words[index] not in _ALL or words[index] == "hint":
        return None
    from runbook.case.folder import case_folder, find_workspace, is_case_name
    from runbook.journal.spoken import language

    workspace = find_workspace(Path(folder), {}) if folder else find_workspace()
    for word in words[index + 1 :]:
        name = word.partition("/")[0]  # CASE/r02
        if is_case_name(name) and (found := case_folder(name, workspace)).path.is_dir():
            return choose(language(found))
    return None


def _usage(error: click.UsageError, lang: str, words: list[str]) -> str:
    """What is wrong with the command line, in the reader's language, and where help is."""
    own = next((f" {word}" for word in words if word in _ALL), "")  # click's parser knows no context
    path = error.ctx.command_path if error.ctx else f"runbook{own}"
    return f"{_what(error, lang)}\n{say('cli.usage', lang, command=path)}"


def _what(error: click.UsageError, lang: str) -> str:
    known = error.message if isinstance(error, click.NoSuchOption | click.BadParameter) else error.format_message()
    if isinstance(error, click.BadOptionUsage) and not isinstance(error, click.NoSuchOption):
        key = "cli.click_no_value" if "does not take a value" in known else "cli.click_needs_value"
        return say(key, lang, what=error.option_name)
    if found := re.match(r"Got unexpected extra arguments? \((.+)\)", known):
        return say("cli.click_extra", lang, words=found[1])
    if isinstance(error, click.MissingParameter) and error.param is not None:
        named = error.param
        ctx = error.ctx or click.get_current_context()
        what = named.opts[0] if isinstance(named, click.Option) else named.make_metavar(ctx)
        return say("cli.click_missing", lang, what=what)
    if isinstance(error, click.NoSuchOption):
        known_options = (name for p in error.ctx.command.params for name in p.opts) if error.ctx else ()
        near = did_you_mean(error.option_name, known_options, lang)
        return say("cli.click_no_option", lang, what=error.option_name) + near
    if isinstance(error, click.BadParameter) and error.param is not None:
        return _refused(error.param, known, error.ctx or click.get_current_context(), lang)
    if found := re.match(r"No such command '(.+?)'", known):  # click has no class of its own for this
        return say("cli.click_no_command", lang, what=found[1]) + did_you_mean(found[1], _ALL, lang)
    return known


def _refused(named: click.Parameter, known: str, context: click.Context, lang: str) -> str:
    """A value that does not fit: which one, of what, and which would."""
    what = named.opts[0] if isinstance(named, click.Option) else named.make_metavar(context)
    quoted = re.search(r"'(.+?)'", known) or re.match(r"(\S+) is not in the range", known)
    typed = quoted[1] if quoted else ""
    told = say("cli.click_bad_value", lang, what=what, typed=typed)
    if isinstance(named.type, click.Choice):
        choices = [str(choice) for choice in named.type.choices]
        return f"{told}{did_you_mean(typed, choices, lang)} {say('cli.click_choices', lang, values=', '.join(choices))}"
    if isinstance(named.type, click.IntRange):
        return f"{told} {say('cli.click_number', lang, least=named.type.min)}"
    if isinstance(named.type, click.Path) or named.name == "directory":
        is_other = "is a file" in known or (named.name == "directory" and Path(typed).exists())
        return f"{told} {say('cli.click_no_folder' if is_other else 'cli.click_not_there', lang)}"
    return told


def _translate(command: click.Command, lang: str) -> None:
    """click's own words ("Usage", "Options", "Show this message and exit") in the reader's language."""

    class Formatter(click.HelpFormatter):
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, say("cli.heading_usage", lang) + " ")

        def write_heading(self, heading: str) -> None:
            said = say("cli.heading_options", lang) if heading == "Options" else heading
            colon = "\N{NO-BREAK SPACE}:" if lang == "fr" else ":"
            self.write(f"{'':>{self.current_indent}}{click.style(said, bold=True)}{colon}\n")

        def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
            marks = {"[required]": say("cli.mark_required", lang), "[default: ": say("cli.mark_default", lang)}
            said = []
            for term, text in rows:
                for mark, word in marks.items():
                    text = text.replace(mark, word)
                said.append((term, text))
            super().write_dl(said, col_max, col_spacing)

    class Context(click.Context):
        formatter_class = Formatter

    command.context_class = Context
    command.options_metavar = say("cli.metavar_options", lang)
    if isinstance(command, click.Group):
        command.subcommand_metavar = say("cli.metavar_command", lang)
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and option.metavar is None:
            key = {click.Path: "cli.path", click.types.StringParamType: "cli.text"}.get(type(option.type))
            option.metavar = say(key, lang) if key else None
    command.params.append(
        click.Option(
            ["-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help=say("cli.help_option", lang),
            callback=_show_help,
        )
    )
    command.add_help_option = False


def _show_help(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(context.get_help())
        context.exit()


if __name__ == "__main__":
    main()
