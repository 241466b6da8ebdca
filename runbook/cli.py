"""The command ``runbook``: French or English by locale or ``--lang``.

Exit codes: 0 done, 75 waiting, 1 failed, 2 bad input.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from runbook import __version__, commands
from runbook.errors import RunbookError, disk_told
from runbook.language import choose
from runbook.sentences import LANGS, say


def build(lang: str) -> click.Group:
    """The whole command in one language."""

    @click.group(help=say("cli.help", lang))
    @click.version_option(__version__, "--version", prog_name="runbook", help=say("cli.version", lang))
    @click.option("--lang", type=click.Choice(LANGS), help=say("cli.lang", lang))
    def runbook(lang: str | None) -> None: ...

    for add in commands.ALL:
        add(runbook, lang)
    _translate(runbook, lang)
    return runbook


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: one sentence for an expected failure, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A console in another code page must not stop a sentence half way.
        reconfigure: Callable[..., Any] | None = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    lang, words = _take_language(words)
    try:
        with disk_told(lang):
            code = build(lang).main(words, prog_name="runbook", standalone_mode=False)
    except RunbookError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        click.echo(_usage(error, lang), err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo(say("cli.aborted", lang), err=True)
        sys.exit(1)
    sys.exit(code or 0)


def _take_language(words: list[str]) -> tuple[str, list[str]]:
    """The language asked for anywhere on the command line, and the line without it."""
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
        return choose(), words
    return choose(asked), rest


def _usage(error: click.UsageError, lang: str) -> str:
    """What is wrong with the command line, in the reader's language, and where help is."""
    path = error.ctx.command_path if error.ctx else "runbook"
    return f"{say('cli.usage', lang, command=path)}\n  {_what(error, lang)}"


def _what(error: click.UsageError, lang: str) -> str:
    known = error.message if isinstance(error, click.NoSuchOption | click.BadParameter) else error.format_message()
    if isinstance(error, click.MissingParameter) and error.param is not None:
        named = error.param
        what = named.opts[0] if isinstance(named, click.Option) else named.metavar or named.human_readable_name
        return say("cli.click_missing", lang, what=what)
    if isinstance(error, click.NoSuchOption):
        return say("cli.click_no_option", lang, what=error.option_name)
    if isinstance(error, click.BadParameter) and error.param is not None:
        told = say("cli.click_bad_value", lang, what=error.param.opts[0])
        if isinstance(error.param.type, click.Choice):
            told += " " + say("cli.click_choices", lang, values=", ".join(map(str, error.param.type.choices)))
        return told
    if found := re.match(r"No such command '(.+?)'", known):  # click has no class of its own for this
        return say("cli.click_no_command", lang, what=found[1])
    return known


def _translate(command: click.Command, lang: str) -> None:
    """click's own words ("Usage", "Options", "Show this message and exit") in the reader's language."""

    class Formatter(click.HelpFormatter):
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, say("cli.heading_usage", lang) + " ")

        def write_heading(self, heading: str) -> None:
            known = {"Options": "cli.heading_options", "Commands": "cli.heading_commands"}
            super().write_heading(say(known[heading], lang) if heading in known else heading)

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

    for each in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
        each.context_class = Context
        each.options_metavar = say("cli.metavar_options", lang)
        if isinstance(each, click.Group):
            each.subcommand_metavar = say("cli.metavar_command", lang)
        for option in each.params:
            if isinstance(option, click.Option) and not option.is_flag and option.metavar is None:
                word = {click.Path: "path", click.types.StringParamType: "text"}.get(type(option.type))
                option.metavar = say(f"cli.{word}", lang) if word else None
        each.params.append(
            click.Option(
                ["-h", "--help"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                help=say("cli.help_option", lang),
                callback=_show_help,
            )
        )
        each.add_help_option = False


def _show_help(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(context.get_help())
        context.exit()


if __name__ == "__main__":
    main()
