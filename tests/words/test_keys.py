"""A search for a sentence's key finds who says it: no key of knowledge/words/ is put together from parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.words.sentences import data_root, read_yaml

ROOT = data_root()
AREAS = [path.stem for path in sorted((ROOT / "knowledge" / "words").glob("*.yml"))]
#: The words that people type for a page stand under the page's name (docs/LANG/NAME.md), all others under a key.
KEYS = sorted(f"{area}.{key}" for area in AREAS if area != "find" for key in read_yaml(f"words/{area}"))
PYTHON = [path for room in ("runbook", "macros") for path in sorted((ROOT / room).rglob("*.py"))]
TEMPLATES = [
    path for room in ("runbook", "overrides") for path in sorted((ROOT / room).rglob("*.[hj]*")) if path.is_file()
]
FACTS = [*sorted((ROOT / "knowledge").glob("*.yml")), ROOT / "mkdocs.yml"]


def composed(node: ast.AST) -> str | None:
    """What keys a text that is put together can give, as a pattern; None for any other expression."""
    if isinstance(node, ast.JoinedStr):
        return "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = (node.left, node.right)
        if any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides):
            return "".join(re.escape(str(s.value)) if isinstance(s, ast.Constant) else ".+" for s in sides)
    return None


def put_together(source: str) -> Iterator[tuple[int, str]]:
    """The lines of ``source`` that compose a key, each with its pattern. One of fields alone names nothing."""
    for node in ast.walk(ast.parse(source)):
        pattern = composed(node)
        if pattern and re.match(r"[a-z_]+\\\.", pattern) and any(re.fullmatch(pattern, key) for key in KEYS):
            yield node.lineno, pattern  # type: ignore[attr-defined]


def test_every_key_stands_whole_where_it_is_said() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in (*PYTHON, *TEMPLATES, *FACTS))
    told = set(re.findall(r"[a-z_]+\.[A-Za-z0-9_-]+", texts))
    assert [key for key in KEYS if key not in told] == []


def test_the_words_to_find_a_page_by_stand_under_its_name() -> None:
    assert [name for name in read_yaml("words/find") if not (ROOT / "docs" / "en" / f"{name}.md").is_file()] == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_key_is_put_together(path: Path) -> None:
    assert list(put_together(path.read_text(encoding="utf-8"))) == []


#: A key that a template puts together: anything but a comma or a bracket between ``say(`` and ~, + or %.
COMPOSED = re.compile(r"\bsay\([^,)]*[~+%]")


def test_no_template_puts_a_key_together() -> None:
    assert [path.name for path in TEMPLATES if COMPOSED.search(path.read_text(encoding="utf-8"))] == []
    assert all(COMPOSED.search(made) for made in ('say("state_" ~ each.state)', 'say("show." + head, lang)'))


@pytest.mark.parametrize(
    "source",
    ['say(f"steps.hosts_{word}", lang)', 'say("steps.hosts_" + word, lang)', 'f"record.{key}"', 'f"status.{end[0]}"'],
)
def test_a_key_put_together_is_seen(source: str) -> None:
    assert list(put_together(source))


@pytest.mark.parametrize("source", ['f"record.{lang}.html"', 'f"{room}.{name}"', '"steps.hosts_right"'])
def test_a_name_of_something_else_is_none(source: str) -> None:
    assert not list(put_together(source))
