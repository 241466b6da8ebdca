"""What the tests of this room build on."""

from made_context import broken, confirm, keys, make_context, recorded

__all__ = ["broken", "confirm", "keys", "make_context", "recorded"]
