"""The copy of a case for outside, and recordings of real cases: what must not leave is found, replaced, checked."""
