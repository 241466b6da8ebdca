"""Makes ``made_case`` importable from the tests of this folder (pytest imports each test file by its path)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
