"""Which function does which step: each registers where it stands, with all that belongs to it.

``@script("roles", RolesAnswer)`` stands on what reads the answer of a step's script, ``@manual("source-lost")`` on
what reads a person's confirmations, ``@local("proofs")`` on what runs no PowerShell at all. A module of this folder
is found by itself: a new step is one file here, its row in steps.yml, its script and its cell.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn, TypeVar

from runbook import steps
from runbook.journal.context import Context
from runbook.journal.outcome import Answer, Line, Status, Verdict
from runbook.journal.parts import Of
from runbook.knowledge import reference
from runbook.steps.answer_shape import Answered, misfit, one
from runbook.steps.reading import script_failed, short

Judge = Callable[[Context, Answer], Verdict]
Manual = Callable[[Context, list[dict[str, Any]]], Verdict]
Local = Callable[[Context], Verdict]
Input = Callable[[Context], dict[str, Any]]
Needless = Callable[[Context], Verdict | None]
Asked = Callable[[Context], list[Of]]


@dataclass(frozen=True)
class Attempt:
    """A change that was begun and whose end nobody saw: from when to when, by the server's clock, it can have run."""

    step: str
    since: dt.datetime
    until: dt.datetime


#: What a frozen step reads now, held against what it kept: the kept verdict, the new answer.
Since = Callable[[Context, Verdict, Answer], Verdict]
#: What a check has seen of an attempt; None: it cannot tell.
Verify = Callable[[Context, Attempt, Any], Verdict | None]

A = TypeVar("A", bound=Answered)
F = TypeVar("F", bound=Callable[..., Verdict])
V = TypeVar("V", bound=Callable[..., Verdict | None])

#: Where something that a script must not be started without comes from: a manual step's entry, a line of case.yml.
CONFIRM, CASE_LINE = "confirm", "case"
#: The name in in.json -> whence it comes, and the manual step or the line of case.yml.
Wants = Mapping[str, tuple[str, str]]


def _nobody(*_: object) -> NoReturn:
    raise LookupError("no function has registered for this step")


@dataclass
class Doing:
    """How one step is done. ``answer`` is the model of its script's one answer, ``given`` what goes into in.json;
    ``needless`` says before a script is started why it need not be (None: it is needed); ``asked`` what a change is
    made for (none: it has no parts to tell apart); ``wants`` what the script must not be started without.
    ``again`` says of a frozen step whether what it kept is still to be looked at, ``since`` what has changed since.
    ``verified_by`` is the check whose script sees how far a change got, ``verify`` reads its answer."""

    answer: type[Answered] | None = None
    judge: Judge = _nobody
    manual: Manual = _nobody
    local: Local = _nobody
    given: Input = lambda _: {}
    needless: Needless = lambda _: None
    asked: Asked = lambda _: []
    wants: Wants = field(default_factory=dict)
    again: Callable[[Context], bool] = lambda _: False
    since: Since = lambda _, kept, __: kept
    verified_by: str = ""
    verify: Verify = lambda *_: None


_DOING: dict[str, Doing] = {}


def script(
    step: str,
    answer: type[A],
    *,
    given: Input = Doing.given,
    needless: Needless = Doing.needless,
    asked: Asked = Doing.asked,
    wants: Wants | None = None,
) -> Callable[[Callable[[Context, A], Verdict]], Callable[[Context, A], Verdict]]:
    """On the function that reads what ``step``'s script answered. It sees only a whole, typed record: a script that
    failed, or whose out.json has another shape, is a failed step with the error's own text."""

    def register(interpret: Callable[[Context, A], Verdict]) -> Callable[[Context, A], Verdict]:
        def judge(context: Context, came: Answer) -> Verdict:
            if not came.ok or came.out is None:
                return script_failed(came)
            try:
                record = one(answer, came.out)
            except ValueError as error:
                return Verdict(Status.FAILED, (Line("steps.answer_unreadable", {"detail": short(misfit(error))}),))
            return interpret(context, record)

        doing = _DOING.setdefault(step, Doing())
        doing.answer, doing.judge, doing.wants = answer, judge, wants or {}
        doing.given, doing.needless, doing.asked = given, needless, asked
        return interpret

    return register


def verification(step: str, by: str) -> Callable[[V], V]:
    """On the function that tells by the answer of the check ``by`` what became of the change ``step``."""

    def register(function: V) -> V:
        doing = _DOING.setdefault(step, Doing())
        doing.verified_by, doing.verify = by, function
        return function

    return register


def looked_again(step: str, *, until: Callable[[Context], bool]) -> Callable[[Since], Since]:
    """On the function that holds what the frozen ``step`` reads now against what it kept. It is asked in each run until
    ``until``: from then on what was kept is compared with by another step."""

    def register(function: Since) -> Since:
        doing = _DOING.setdefault(step, Doing())
        doing.since, doing.again = function, lambda context: not until(context)
        return function

    return register


def manual(step: str) -> Callable[[F], F]:
    """On the function that reads the ``confirm`` entries of a manual step (none yet: waiting)."""

    def register(function: F) -> F:
        _DOING.setdefault(step, Doing()).manual = function
        return function

    return register


def local(step: str) -> Callable[[F], F]:
    """On the function that does a step without PowerShell."""

    def register(function: F) -> F:
        _DOING.setdefault(step, Doing()).local = function
        return function

    return register


def doing(step: str) -> Doing:
    """How ``step`` is done."""
    _load()
    return _DOING.get(step) or Doing()


@cache
def answers() -> dict[str, type[Answered]]:
    """Script (the stem of its file in notebooks/steps) -> the model of its one answer."""
    return {row.script: model for row in reference.steps() if row.script and (model := doing(row.id).answer)}


def read_answer(name: str, out: list[Any]) -> Answered:
    """The one record of ``out`` (the parsed out.json) of the script ``name``.

    Raises KeyError for a script that answers nothing, ValueError (pydantic.ValidationError is one) when the list
    does not hold exactly one object of the script's shape.
    """
    return one(answers()[name], out)


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(steps.__path__):
        importlib.import_module(f"{steps.__name__}.{module.name}")
