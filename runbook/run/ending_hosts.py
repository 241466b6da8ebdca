"""The end of a reading of all hosts: how many are in which state, and each host that has to be put right, by name."""

from __future__ import annotations

from runbook.run import ending_drawn, show
from runbook.run.kept_pictures import kept
from runbook.run.opening import Run
from runbook.steps.all_hosts import HostsState
from runbook.steps.host_state import NO_TROUBLE, TROUBLES, HostSeen, rank_of
from runbook.steps.remoting import WHY, Unreached
from runbook.words.sentences import say

_NAMED = 60


def ending(run: Run) -> list[show.Bundle]:
    """The picture, then the hosts by name; nothing where no host was read."""
    facts = run.history().facts_in(HostsState, run.name)
    if facts is None or not facts.counts:
        return []
    counts = facts.counts
    words = {word: say(TROUBLES.get(word, NO_TROUBLE), run.lang) for word in counts}
    order = [word for word in (*TROUBLES, "none") if word in counts]
    svg = ending_drawn.states_picture([(words[word], counts[word], word) for word in order], run.lang)
    states = ", ".join(say("hosts.picture_state", run.lang, state=words[w], count=counts[w]) for w in order)
    alt = say("hosts.picture_alt", run.lang, count=facts.count, states=states)
    bundles = [kept(run, "hosts", svg, alt)]
    named = _named(facts, run.lang)
    if named:
        plain = [say("hosts.named_title", run.lang), *(f"  {name}: {why}" for name, why in named)]
        fields = {"lang": run.lang, "title": plain[0], "rows": named}
        bundles.append(show.template_bundle("named.html.j2", plain, **fields))
    return bundles


def _named(facts: HostsState, lang: str) -> list[tuple[str, str]]:
    """Each host that is wrong or unreachable, worst first, and everything that is wrong with it."""
    bad = {*facts.wrong, *facts.unreachable}
    worst = sorted(bad, key=lambda name: (rank_of(facts.hosts[name].troubles[0]), name.lower()))
    found = [(name, _why(facts.hosts[name], lang)) for name in worst]
    if len(found) > _NAMED:
        return [*found[:_NAMED], ("…", say("hosts.named_more", lang, count=len(found) - _NAMED))]
    return found


def _why(known: HostSeen, lang: str) -> str:
    if known.fault:
        return say(WHY[Unreached(known.fault)], lang)
    return ", ".join(say(TROUBLES[word], lang) for word in known.troubles)
