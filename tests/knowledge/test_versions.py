"""Versions, builds, CALs and days: one file, and no page that speaks of a passed day as of one to come."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from macros import dates
from macros.words import Here
from runbook.case.model import Pack
from runbook.knowledge import reference

PAGES = Path(__file__).parents[2] / "docs"
_USE = re.compile(r"\b(ends|since)\(\"([\w.]+)\"\)")


def uses() -> Iterator[tuple[str, str, str]]:
    """Each use of a day in a page: (page, "ends" or "since", the day's name)."""
    for page in sorted(PAGES.glob("*/**/*.md")):
        for kind, name in _USE.findall(page.read_text(encoding="utf-8")):
            yield page.relative_to(PAGES).as_posix(), kind, name


def wrong_on(today: dt.date, page: str, kind: str, name: str) -> str | None:
    """What is untrue on ``today`` about one use, None where it holds."""
    last = reference.day(name).day
    if kind == "ends" and last <= today:
        return f"{page}: {name} ({last}) has passed: the page still speaks of it as to come"
    if kind == "since" and last > today:
        return f"{page}: {name} ({last}) is still to come: the page says that it has passed"
    return None


def test_no_page_speaks_of_a_passed_day_as_of_one_to_come() -> None:
    today = dt.datetime.now(dt.UTC).date()
    assert [wrong for use in uses() if (wrong := wrong_on(today, *use))] == []


@pytest.mark.parametrize(
    ("today", "kind", "says"),
    [
        ("2027-01-11", "ends", None),
        ("2027-01-12", "ends", "has passed"),
        ("2027-01-11", "since", "still to come"),
        ("2027-01-13", "since", None),
    ],
)
def test_the_test_of_days_sees_the_day_pass(today: str, kind: str, says: str | None) -> None:
    wrong = wrong_on(dt.date.fromisoformat(today), "a page", kind, "2016.extended")
    assert (says or "") in (wrong or "") and (wrong is None) == (says is None)


def test_no_page_and_no_fact_writes_an_end_of_support_by_hand() -> None:
    """They come from versions.yml, so that the test above can watch over them."""
    written = {
        dates.written(Here(lang), reference.day(f"{row.id}.{phase}")).replace("\N{NO-BREAK SPACE}", " ")
        for row in reference.versions()
        for phase in ("mainstream", "extended")
        for lang in ("fr", "en")
    }
    texts = [*PAGES.glob("*/**/*.md"), *(PAGES.parent / "knowledge").glob("*.yml")]
    for path in texts:
        text = re.sub(r"[\s\N{NO-BREAK SPACE}]+", " ", path.read_text(encoding="utf-8"))
        assert not [day for day in written if day in text], path


def test_versions_stand_in_order_and_each_end_follows_the_one_before() -> None:
    rows = reference.versions()
    for earlier, later in pairwise(rows):
        assert earlier.build < later.build
        assert earlier.extended <= later.extended
    for row in rows:
        assert row.mainstream < row.extended
        assert reference.version(row.serves).build >= row.build >= reference.version(row.kept_on).build


def test_the_number_of_a_cal_is_one_of_the_class_page() -> None:
    """ProductVersionID in cim.yml and versions.yml: the same numbers, for the same years."""
    members = (m for c in reference.cim() if c.id == "Win32_TSLicenseKeyPack" for m in c.members)
    values = next(m for m in members if "ProductVersionID" in m.name).values
    for row in reference.versions():
        if row.cal is not None:
            meaning = next(v.meaning.en for v in values if v.number == str(row.cal))
            assert row.id.replace("R2", " R2") in meaning


@pytest.mark.parametrize(("version", "too_new"), [("2008", 9200), ("2012", 14393), ("2022", 26100), ("2025", None)])
def test_cals_serve_their_own_version_and_older_ones(version: str, too_new: int | None) -> None:
    """Microsoft's tables: a CAL of 2008 serves 2008 R2 too, one of 2012 serves 2012 R2."""
    assert reference.too_new_for(version) == too_new


@pytest.mark.parametrize(("version", "oldest"), [("2008R2", 6003), ("2012", 9200), ("2022", 20348), ("2025", 26100)])
def test_cals_are_held_by_a_server_of_their_version_or_a_newer_one(version: str, oldest: int) -> None:
    """Microsoft's tables; 2008 holds the CALs of 2008 R2 as well."""
    assert reference.oldest_server_for(version) == oldest


def test_a_case_takes_the_versions_of_which_cals_are_sold_and_no_other() -> None:
    for row in reference.versions():
        if row.cal is not None:
            assert Pack.model_validate({"count": 1, "version": row.id}).version == row.id
            assert reference.version_of_cal(row.cal) == row.id
    for word in ("2012R2", "2003", "22"):
        with pytest.raises(ValidationError, match="2025"):
            Pack.model_validate({"count": 1, "version": word})


def test_no_build_of_a_version_is_written_elsewhere() -> None:
    """One copy: the code asks versions.yml."""
    builds = {str(row.build) for row in reference.versions() if row.build >= 9200}
    for path in (PAGES.parent / "runbook").rglob("*.py"):
        code = re.sub(r'""".*?"""|#.*', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not builds & set(re.findall(r"\b\d{4,5}\b", code)), path


@pytest.mark.parametrize(
    ("name", "french", "english"),
    [
        ("2022.mainstream", "13 octobre 2026", "13 October 2026"),
        ("open", "1er janvier 2022", "1 January 2022"),
        ("vlsc", "avril 2024", "April 2024"),
    ],
)
def test_a_day_is_written_in_the_language_of_the_page(name: str, french: str, english: str) -> None:
    for lang, text in (("fr", french), ("en", english)):
        assert dates.ends(Here(lang), name).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_day_that_only_a_third_party_says_carries_its_mark() -> None:
    assert "unconfirmed" in dates.ends(Here("en"), "2025.extended")


def test_an_unknown_day_is_refused() -> None:
    for name in ("2022.support", "2003.extended", "nothing"):
        with pytest.raises(KeyError):
            reference.day(name)
