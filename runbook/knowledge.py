"""Loads and checks knowledge/: each fact once, French and English side by side.

The site's macros and the runbook use this one loader. Records are frozen pydantic models; a file that breaks
its schema raises ``pydantic.ValidationError`` when it is first asked for (a test asks for all of them).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = ("fr", "en")

# The C loader reads the same YAML some ten times faster; it is missing on a few platforms only.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Record(BaseModel):
    """Base of everything in knowledge/: no unknown key, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Record):
    """One text in both languages."""

    fr: str
    en: str

    def of(self, lang: str) -> str:
        """The text in ``lang`` ("fr" or "en")."""
        return self.fr if lang == "fr" else self.en


@cache
def data_root() -> Path:
    """The folder that holds ``knowledge/`` and ``notebooks/``: the checkout, or what the wheel carries."""
    package = Path(__file__).resolve().parent
    for root in (package.parent, package / "_data"):
        if (root / "knowledge").is_dir():
            return root
    raise FileNotFoundError(f"knowledge/ is neither beside nor inside {package}")


@cache
def read_yaml(name: str) -> Any:
    """The plain data of ``knowledge/NAME.yml``."""
    return yaml.load((data_root() / "knowledge" / f"{name}.yml").read_text(encoding="utf-8"), Loader=_Loader)


@cache
def _words(area: str) -> dict[str, dict[str, str]]:
    data: dict[str, dict[str, str]] = read_yaml(f"words/{area}")
    return data


def say(key: str, lang: str, **fields: object) -> str:
    """The sentence ``AREA.KEY`` of ``knowledge/words/AREA.yml`` in ``lang``, its ``{fields}`` filled in.

    Raises KeyError for an unknown key or a field that the sentence needs and was not given.
    """
    area, _, name = key.partition(".")
    return _words(area)[name][lang].format(**fields)
