"""How values are said in either language: sentences from keys, moments, durations, numbers, hashes, headings.

A record must open in ten years on a journal whose keys an edition of the software no longer knows: then the key
and its fields are shown as they are, instead of failing.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from runbook.words import sentences
from runbook.words.sentences import keyed, say

#: What stands before the mark that a redacted copy gives in place of a plain SHA-256: the HMAC-SHA256 of the content,
#: or, of content that the case no longer holds, of its SHA-256 as hex.
HMAC, HMAC_OF_HASH = "hmac-sha256:", "hmac-sha256-of-sha256:"
NARROW = "\u202f"  # the thin space that groups digits in French
NO_BREAK = "\u00a0"
_STATUS = keyed(
    "status.",
    "status.pending", "status.running", "status.succeeded", "status.finding", "status.already_done", "status.skipped",
    "status.waiting", "status.failed", "status.timed_out", "status.unknown", "status.not_reached", "status.not_judged",
)  # fmt: skip
_OUTCOME = {
    "done": "record.outcome_done",
    "waiting": "record.outcome_waiting",
    "failed": "record.outcome_failed",
    "interrupted": "record.outcome_interrupted",
    "bad input": "record.outcome_bad_input",
    "open": "record.outcome_open",
    "new": "record.outcome_new",
}
#: The columns of the steps' tables, in the order in which a table shows them where nobody kept its own.
COLUMNS = keyed(
    "steps.column_",
    "steps.column_host", "steps.column_port", "steps.column_state", "steps.column_milliseconds",
    "steps.column_addresses", "steps.column_channel", "steps.column_file", "steps.column_size", "steps.column_sha256",
    "steps.column_contact", "steps.column_at", "steps.column_result", "steps.column_reference", "steps.column_agent",
    "steps.column_packs", "steps.column_pack", "steps.column_code", "steps.column_row", "steps.column_product",
    "steps.column_version", "steps.column_key_pack_type", "steps.column_before", "steps.column_after",
    "steps.column_issued", "steps.column_judged", "steps.column_event", "steps.column_record", "steps.column_trouble",
    "steps.column_mode", "steps.column_set_by", "steps.column_servers", "steps.column_grace_days",
    "steps.column_connectivity", "steps.column_seconds", "steps.column_fault", "steps.column_count",
    "steps.column_copy", "steps.column_way", "steps.column_age_days", "steps.column_files", "steps.column_fate",
    "steps.column_error", "steps.column_times", "steps.column_owned", "steps.column_total", "steps.column_what",
    "steps.column_subject", "steps.column_now", "steps.column_rank", "steps.column_first", "steps.column_last",
    "steps.column_records", "steps.column_computers", "steps.column_why", "steps.column_kind", "steps.column_read",
    "steps.column_damaged", "steps.column_found", "steps.column_not_found", "steps.column_gpo",
)  # fmt: skip


def phrase(key: str, lang: str, fields: Mapping[str, Any] | None = None) -> str:
    """The sentence for a journal line's key and fields; the bare key and fields where it is not known."""
    try:
        return sentences.sentence(key, lang, fields or {})
    except (KeyError, IndexError, ValueError, FileNotFoundError, TypeError, AttributeError):
        tail = f" {json.dumps(fields, ensure_ascii=False, sort_keys=True)}" if fields else ""
        return f"{key}{tail}"


def status_word(word: str, lang: str) -> str:
    """A status word as a person reads it."""
    return phrase(_STATUS.get(word, word), lang)


def outcome_word(word: str, lang: str) -> str:
    """The outcome of a run as a person reads it."""
    return phrase(_OUTCOME.get(word, word), lang)


def moment(stamp: str | None, lang: str) -> str:
    """``2026-01-31T08:15:00.123Z`` as a person reads it, in UTC: what was written, to the second."""
    if not stamp:
        return "–"
    try:
        when = dt.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return stamp
    if when.tzinfo is not None:
        when = when.astimezone(dt.UTC)
    zone = f"{NO_BREAK}UTC" if when.tzinfo is not None else ""
    if lang == "fr":
        return f"{when:%d/%m/%Y}{NO_BREAK}{when:%H:%M:%S}{zone}"
    return f"{when:%Y-%m-%d}{NO_BREAK}{when:%H:%M:%S}{zone}"


def day(text: Any, lang: str) -> Any:
    """``2026-01-31`` as the moments beside it are written; what is no such date stays as it is."""
    try:
        when = dt.date.fromisoformat(str(text))
    except ValueError:
        return text
    return f"{when:%d/%m/%Y}" if lang == "fr" else str(when)


def duration(seconds: float | None, lang: str) -> str:
    """Seconds as ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min`` or ``12 d 03 h`` (``12 j 03 h``); what was
    counted in whole seconds stays so (``5 s``)."""
    if seconds is None:
        return "–"
    if seconds < 10 and not isinstance(seconds, int):
        text = f"{seconds:.1f}"
        return f"{text.replace('.', ',') if lang == 'fr' else text}{NO_BREAK}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NO_BREAK}s"
    if whole < 3600:
        return f"{whole // 60}{NO_BREAK}min{NO_BREAK}{whole % 60:02d}{NO_BREAK}s"
    if whole < 86400:
        return f"{whole // 3600}{NO_BREAK}h{NO_BREAK}{whole % 3600 // 60:02d}{NO_BREAK}min"
    day = "j" if lang == "fr" else "d"
    return f"{number(whole // 86400, lang)}{NO_BREAK}{day}{NO_BREAK}{whole % 86400 // 3600:02d}{NO_BREAK}h"


def number(value: int, lang: str) -> str:
    """A whole number with its digits grouped."""
    return f"{value:,}".replace(",", NARROW) if lang == "fr" else f"{value:,}"


def hash_text(told: str) -> str:
    """A hash of the journal with its kind: ``SHA-256 …``, in a redacted copy perhaps ``HMAC-SHA256 …``."""
    for prefix, kind in ((HMAC, "HMAC-SHA256"), (HMAC_OF_HASH, "HMAC-SHA256 (SHA-256)")):
        if told.startswith(prefix):
            return f"{kind} {told.removeprefix(prefix)}"
    return f"SHA-256 {told}"


def value(thing: Any, lang: str) -> str:
    """A JSON value as text: yes and no for booleans, a list in one line, nothing for null."""
    if thing is None or thing == "":
        return "–"
    if isinstance(thing, bool):
        return say("status.yes" if thing else "status.no", lang)
    if isinstance(thing, float) and lang == "fr":
        return str(thing).replace(".", ",")
    if isinstance(thing, list):
        return ", ".join(value(item, lang) for item in thing) or "–"
    if isinstance(thing, dict):
        return semicolons((f"{key}={value(item, lang)}" for key, item in thing.items()), lang) or "–"
    if isinstance(thing, str) and thing.startswith((HMAC, HMAC_OF_HASH)):
        return hash_text(thing)
    return str(sentences.worded(thing, lang))


def semicolons(parts: Iterable[str], lang: str) -> str:
    """Texts in one line, with the space that French puts before the sign."""
    return (f"{NO_BREAK}; " if lang == "fr" else "; ").join(parts)


def heading(column: str, lang: str) -> str:
    """The heading of a column of a step's table, in words where there are some."""
    return phrase(COLUMNS.get(column, column), lang)


def flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as ``a.b.c`` keys; lists stay values."""
    flat: dict[str, Any] = {}
    for key, item in data.items():
        if isinstance(item, dict) and item:
            flat.update(flatten(item, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = item
    return flat


def in_words(lines: Iterable[dict[str, Any]], lang: str) -> list[str]:
    """The sentences of journal lines ``[{key, fields}]`` in ``lang``; a line of another version says what it can."""
    return [phrase(line["key"], lang, line["fields"]) for line in lines]


def code_marks(text: str) -> Markup:
    """``text`` of knowledge/ as HTML: what stands between backticks becomes code, all else is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its pair
        return escape(text)
    pieces = [Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)]
    return Markup("").join(pieces)
