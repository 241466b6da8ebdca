"""A step's script in its two forms: as it runs, and as a person pastes it."""

from __future__ import annotations

import pytest

from runbook.knowledge import reference
from runbook.words.sentences import data_root

SCRIPT = """\
#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest

$Folder = 'C:\\Temp'
  #region runbook
if ($InputPath) { $Folder = 'x' }
  #endregion runbook
$result = Get-Item -LiteralPath $Folder

#region runbook
$result | Out-File -LiteralPath $OutputPath
#endregion runbook
$result
"""


def test_the_pasted_form_drops_the_runner_and_keeps_the_work() -> None:
    """No line is blank: in a console without PSReadLine a blank line ends what a brace began."""
    assert reference.pasted(SCRIPT) == (
        "& {\nSet-StrictMode -Version Latest\n$Folder = 'C:\\Temp'\n"
        "$result = Get-Item -LiteralPath $Folder\n$result\n}\n"
    )
    for path in (data_root() / "notebooks" / "steps").glob("*.ps1"):
        lines = reference.pasted(path.read_text(encoding="utf-8-sig")).splitlines()
        assert all(line.strip() for line in lines), path.name


def test_a_region_of_another_name_stays() -> None:
    text = "#region Other\n$a = 1\n#endregion Other\n"
    assert "$a = 1" in reference.pasted(text)
    assert "#region Other" in reference.pasted(text)


def test_a_block_that_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="region runbook"):
        reference.pasted("#region runbook\n$a = 1\n")


def test_a_step_without_script_has_none() -> None:
    with pytest.raises(FileNotFoundError):
        reference.script("no-such-step")
