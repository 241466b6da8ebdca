"""What somebody made to stop a reader: each is told, or shown as its text, within a second or two of the processor."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from made_case import make_case

from runbook.formats.rsop import read_rsop
from runbook.journal.story import read_story
from runbook.record.clean import clean_html, clean_svg
from runbook.record.views import MOST_SHOWN, step_view

_HEAD = b'<?xml version="1.0"?><Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop"><ComputerResults'
HOSTILE: dict[str, Callable[[], object]] = {
    "scripts without an end": lambda: clean_html("<script>" * 200_000),
    "styles without an end": lambda: clean_html("<style " * 100_000),
    "nested 50,000 deep": lambda: clean_html("<div>" * 50_000),
    "bold 20,000 times": lambda: clean_html("<b>" * 20_000),
    "a picture 3,000 deep": lambda: clean_svg(
        f'<svg xmlns="http://www.w3.org/2000/svg">{"<g>" * 3000}{"</g>" * 3000}</svg>', "x"
    ),
    "an attribute of 20 MB": lambda: read_rsop(_HEAD + b' a="' + b"x" * 20_000_000 + b'"/></Rsop>'),
    "300,000 objects": lambda: read_rsop(_HEAD + b">" + b"<GPO><Name>a</Name></GPO>" * 300_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_within_seconds(name: str) -> None:
    begun = time.process_time()
    HOSTILE[name]()
    assert time.process_time() - begun < 5, name


@pytest.mark.parametrize("line", [b"flood of words\r\n", b"x", "é\r\n".encode()])
def test_a_flood_of_output_is_shown_by_its_beginning(tmp_path: Path, line: bytes) -> None:
    """30 MB of one step: a sentence says that there is more, and where; memory and page stay small."""
    story = read_story(make_case(tmp_path / "cases"))
    run = story.runs[0]
    step = next(step for step in run.steps if (story.folder / run.name / step / "stdout.bin").is_file())
    (story.folder / run.name / step / "stdout.bin").write_bytes(line * (30_000_000 // len(line)))
    tracemalloc.start()
    shown = step_view(story, run, step, "en").outputs[0].text
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(shown) < MOST_SHOWN + 300 and peak < 20 * MOST_SHOWN and "\ufffd" not in shown
    assert shown.endswith(f"The whole file is in the case folder: {run.name}/{step}/stdout.bin]")


def test_what_is_shown_as_text_is_harmless() -> None:
    shown = clean_html("<div>" * 600 + "<script>alert(1)</script>")
    assert "<" not in shown and "&lt;script&gt;" in shown
    assert clean_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{"<g>" * 200}{"</g>" * 200}</svg>', "x") is None


def test_scripts_and_styles_go_with_what_is_in_them() -> None:
    html = "<p>a</p><script>x<b></script ><STYLE>y</style><script>z</script><p>b</p><script>open"
    assert clean_html(html) == "<p>a</p><p>b</p>open"


def test_a_report_that_was_cut_short_tells_so() -> None:
    for name in ("an attribute of 20 MB", "300,000 objects"):
        (told,) = HOSTILE[name]().unread  # type: ignore[attr-defined]
        assert told.why.key == "readers.damaged_report"
