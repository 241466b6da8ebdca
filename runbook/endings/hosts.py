"""The end of a reading of all hosts: how many are in which state, and each host that has to be put right, by name."""

from __future__ import annotations

from typing import Any

from runbook import pictures, show
from runbook.endings import drawn
from runbook.run import Run
from runbook.sentences import say
from runbook.verdicts.host_state import TROUBLES

_NAMED = 60


def ending(run: Run) -> list[show.Bundle]:
    """The picture, then the hosts by name; nothing where no host was read."""
    end = run.history().end_in("hosts-state", run.name)
    facts: dict[str, Any] = end["facts"] if end else {}
    counts: dict[str, int] = facts.get("counts", {})
    if not counts:
        return []
    words = {word: say(f"steps.trouble_{word}", run.lang) for word in counts}
    order = [word for word in (*TROUBLES, "none") if word in counts]
    svg = drawn.states_picture([(words[word], counts[word], word) for word in order], run.lang)
    states = ", ".join(say("hosts.picture_state", run.lang, state=words[w], count=counts[w]) for w in order)
    alt = say("hosts.picture_alt", run.lang, count=facts["count"], states=states)
    bundles = [pictures.kept(run, "hosts", svg, alt)]
    named = _named(facts, run.lang)
    if named:
        plain = [say("hosts.named_title", run.lang), *(f"  {name}: {why}" for name, why in named)]
        fields = {"lang": run.lang, "title": plain[0], "rows": named}
        bundles.append(show.template_bundle("named.html.j2", plain, **fields))
    return bundles


def _named(facts: dict[str, Any], lang: str) -> list[tuple[str, str]]:
    """Each host that is wrong or unreachable, worst first, and everything that is wrong with it."""
    bad = set(facts["wrong"]) | set(facts["unreachable"])
    worst = sorted(bad, key=lambda name: (TROUBLES.index(facts["hosts"][name]["troubles"][0]), name.lower()))
    found = [(name, _why(facts["hosts"][name], lang)) for name in worst]
    if len(found) > _NAMED:
        return [*found[:_NAMED], ("…", say("hosts.named_more", lang, count=len(found) - _NAMED))]
    return found


def _why(known: dict[str, Any], lang: str) -> str:
    if known.get("fault"):
        return say(f"remoting.{known['fault']}", lang)
    return ", ".join(say(f"steps.trouble_{word}", lang) for word in known["troubles"])
