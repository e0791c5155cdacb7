"""Fixtures that tests of cleaning share."""

from tests.spec.conftest import cleaned

__all__ = ["cleaned"]
