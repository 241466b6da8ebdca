"""What the tests of this room build on."""

from model_server import bent

__all__ = ["bent"]
