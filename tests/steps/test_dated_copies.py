"""Which copies are good and which may go: above all, that the newest good one never does."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.steps import dated_copies
from runbook.steps.dated_copies import DatedCopy, Judged, dated, judge, newest_first, to_remove

NOW = dt.datetime(2025, 3, 6, 12, tzinfo=dt.UTC)
FILES = [{"Name": "TLSLic.edb", "Size": 10, "Sha256": "A" * 64}, {"Name": "edb.log", "Size": 5, "Sha256": "B" * 64}]
MANIFEST = {
    "Format": 1,
    "MadeAt": "2025-03-01T02:00:00Z",
    "Way": "stop",
    "ComputerName": "RDLIC01",
    "OsVersion": "10.0.20348",
    "OsInstalledAt": None,
    "Source": "C:\\Windows\\System32\\lserver",
    "Files": FILES,
}


def copy(**changes: Any) -> DatedCopy:
    """A good copy, with names of its record changed."""
    row = {
        "Name": "20250301T020000Z",
        "ManifestText": json.dumps(MANIFEST),
        "Files": FILES,
        "EsentutlExitCode": 0,
        "EsentutlText": ["            State: Clean Shutdown"],
        "Fault": None,
    }
    return DatedCopy.model_validate(row | changes)


FAULT = {"FullyQualifiedErrorId": "X", "Category": "ReadError", "HResult": "0x80070005", "Message": "denied"}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "good"),
        ({"ManifestText": "\ufeff" + json.dumps(MANIFEST)}, "good"),
        ({"ManifestText": None}, "no_manifest"),
        ({"ManifestText": "{}"}, "manifest_unreadable"),
        ({"ManifestText": "not JSON"}, "manifest_unreadable"),
        ({"Fault": FAULT}, "unread"),
        ({"Files": FILES[:1]}, "changed"),
        ({"Files": [*FILES, {"Name": "new.txt", "Size": 1, "Sha256": "C" * 64}]}, "changed"),
        ({"Files": [FILES[0], FILES[1] | {"Sha256": "D" * 64}]}, "changed"),
        ({"Files": [FILES[0], FILES[1] | {"Size": 6}]}, "changed"),
        ({"EsentutlExitCode": None, "EsentutlText": []}, "no_database"),
        ({"EsentutlText": ["            State: Dirty Shutdown"]}, "dirty"),
        ({"EsentutlText": ["State: Dirty Shutdown"], "ManifestText": json.dumps(MANIFEST | {"Way": "vss"})}, "replay"),
        ({"EsentutlExitCode": -1, "EsentutlText": ["esentutl: -1"]}, "unjudged"),
    ],
)
def test_what_a_copy_is_worth(changes: dict[str, Any], state: str) -> None:
    found = judge(copy(**changes))
    assert (found.state, found.good) == (state, state == "good")


def test_what_differs_is_named_however_windows_spells_it() -> None:
    files = [FILES[0] | {"Name": "tlslic.EDB"}, FILES[1] | {"Name": "EDB.log", "Sha256": "D" * 64}]
    assert judge(copy(Files=files)).wrong == ("edb.log",)


def test_only_a_dated_name_is_a_date() -> None:
    assert dated("20250301T020000Z") == dt.datetime(2025, 3, 1, 2, tzinfo=dt.UTC)
    for name in ("20250301T020000", "latest", "20250301T020000Z.old", "20251301T020000Z"):
        with pytest.raises(ValueError):
            dated(name)


def test_the_newest_comes_first() -> None:
    names = ["20250201T020000Z", "20250301T020000Z", "20240101T020000Z"]
    assert [c.name for c in newest_first([copy(Name=n) for n in names])] == [names[1], names[0], names[2]]


def judged(days: int, state: str = "good") -> Judged:
    at = NOW - dt.timedelta(days=days)
    return Judged(at.strftime("%Y%m%dT%H%M%SZ"), at, state, 4, 100)


@pytest.mark.parametrize(
    ("ages", "keep", "keep_days", "gone"),
    [
        ([0, 7, 14, 21], 3, None, [21]),
        ([0, 7, 14, 21], 5, None, []),
        ([0, 7, 14, 21], 5, 10, [14, 21]),
        ([400], 1, 1, []),
        ([400, 500], 9, 1, [500]),
        ([], 1, 1, []),
    ],
)
def test_retention_by_count_and_by_age(ages: list[int], keep: int, keep_days: int | None, gone: list[int]) -> None:
    copies = [judged(days) for days in ages]
    assert to_remove(copies, keep, keep_days, NOW) == [judged(days).name for days in gone]


def test_a_newer_copy_that_is_not_good_does_not_count() -> None:
    """Three broken copies after the last good one: with ``keep`` 1 the good one still stays."""
    copies = [judged(1, "changed"), judged(2, "no_manifest"), judged(3, "dirty"), judged(4), judged(5)]
    assert to_remove(copies, 1, 1, NOW) == [judged(5).name]


def test_shadow_copies_go_like_the_others_and_the_last_clean_one_stays() -> None:
    copies = [judged(1, "replay"), judged(2, "replay"), judged(3), judged(4), judged(5, "replay")]
    assert to_remove(copies, 1, None, NOW) == [judged(2).name, judged(4).name, judged(5).name]


def test_a_copy_from_the_future_is_never_the_newest() -> None:
    names = ["20991231T000000Z", "20250301T020000Z"]
    assert [c.name for c in newest_first([copy(Name=n) for n in names], NOW)] == names[1:]
    assert dated_copies.from_the_future([copy(Name=n) for n in names], NOW) == names[:1]


STATES = [
    "good",
    "replay",
    "no_manifest",
    "manifest_unreadable",
    "unread",
    "changed",
    "no_database",
    "dirty",
    "unjudged",
]


@given(
    st.lists(st.tuples(st.integers(-5, 4000), st.sampled_from(STATES)), max_size=30, unique_by=lambda pair: pair[0]),
    st.integers(1, 40),
    st.none() | st.integers(1, 4000),
    st.integers(-100, 5000),
)
def test_the_newest_good_copy_never_goes(
    found: list[tuple[int, str]], keep: int, keep_days: int | None, clock: int
) -> None:
    """Whatever lies there, whatever the numbers, however wrong the clock: what goes is whole, and a newer one
    and the newest clean one stay."""
    copies = [judged(days, state) for days, state in sorted(found)]
    gone = to_remove(copies, keep, keep_days, NOW + dt.timedelta(days=clock))
    whole = sorted((c for c in copies if c.whole), key=lambda c: c.at, reverse=True)
    clean = [c.name for c in whole if c.good]
    assert set(gone) <= {c.name for c in whole[1:]} - set(clean[:1])
    assert len(whole) - len(gone) <= keep + 1, "the last clean one may stay beside them"
    assert dated_copies.GOOD == "good"
