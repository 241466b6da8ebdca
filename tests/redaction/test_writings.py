"""Identifiers as two strangers write them: replaced, or the copy is refused, or what may hide them stays inside."""

from __future__ import annotations

import random
from difflib import SequenceMatcher

import pytest
from writings import BY_A_PERSON, HIDDEN, PLACES, Writing, placed, secret, shown

from runbook.case.identifiers import mask_all
from runbook.redaction.leaks import Search
from runbook.redaction.opaque import hides, opaque
from runbook.redaction.rewrite import Rewriter
from runbook.redaction.sensitive import Found, Kind, by_pattern, public_text
from runbook.redaction.tokens import Tokens
from runbook.words.sentences import data_root

WRITINGS = {**BY_A_PERSON, **HIDDEN}
#: More of a writing than this, and what is left of it says more than the form of it.
MOST = 0.5


def same(written: str, text: str) -> float:
    """How much of a writing a text holds."""
    written, text = " ".join(written.split()), " ".join(text.split())
    if written in text:
        return 1.0
    blocks = SequenceMatcher(None, written, text, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= 4) / len(written)


def left(writing: Writing, value: str, written: str, text: str) -> float:
    """How much of a writing is left in a text, apart from what it has in common with the same writing of another."""
    frame = same(written, writing(secret(random.Random(written), len(value)), random.Random(1)))
    return (same(written, text) - frame) / max(0.01, 1 - frame)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("name", WRITINGS)
def test_none_goes_out_unnoticed(name: str, known: bool) -> None:
    writing, tokens, rows = WRITINGS[name], Tokens(), []
    for place in PLACES:
        dice = random.Random(f"{name} {known} {place}")
        length = dice.choice((25, 35))
        value = secret(dice, length)
        written = writing(value, dice)
        raw = placed(place, written)
        if known:
            tokens.add([Found(Kind.KEY_PACK if length == 35 else Kind.CODE, value)])
        tokens.add(by_pattern(shown(place, raw)))
        rows.append((place, value, written, raw))
    rewriter, search = Rewriter(tokens), Search(tokens)
    for place, value, written, raw in rows:
        fresh = rewriter.file(place, raw)
        # no text: it stays inside; found by the second pass: refused, nothing is written
        if fresh is not None and not list(search.file(place, fresh)):
            out = shown(place, fresh)
            assert left(writing, value, written, out) < MOST, (place, out)


@pytest.mark.parametrize(
    "name", ["ICAO digits", "ICAO number words", "K comme", "K as in", "cyrillic all", "small caps"]
)
def test_a_free_answer_is_masked_before_it_reaches_the_journal(name: str) -> None:
    value = secret(random.Random(name), 25)
    said = mask_all(f"lu : {WRITINGS[name](value, random.Random(1))} au téléphone")
    assert said.startswith(f"lu : …{value[-5:]}") and said.endswith(" au téléphone") and len(said) < 45, said


def test_what_people_write_is_not_taken_for_drawn_at_random() -> None:
    """The project's own facts by a model that was learnt on them would prove little; the pages were not in it."""
    pages = sorted((data_root() / "docs").rglob("*.md"))
    texts = [page.read_text(encoding="utf-8") for page in pages]
    found = [text[start:end] for text in texts for start, end in opaque(text)]
    assert len(pages) > 50 and len([each for each in found if each not in public_text()]) <= 1, found


def test_what_comes_again_proves_nothing_new() -> None:
    """A label of no word's form, at the head of each line."""
    assert not hides("[q7x kept]\n" * 60)
    assert hides("q7x k3v 9zf w2j 8ph c4t r5m 6bd x1n j7q z9k")
