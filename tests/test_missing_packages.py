"""What `make setup` says is missing, and that it mends what was made by half."""

from __future__ import annotations

from tests.missing_packages import missing, wanted


def test_14_what_is_missing_is_named() -> None:
    """A package that is not there, with the version that is wanted; what is there is not named."""
    assert list(missing(["pytest>=7", "no-such-package>=1.2", "msgspec[x]>=0.1"])) == ["no-such-package>=1.2"]


def test_14_all_that_is_wanted_is_here() -> None:
    """The environment that runs this was set up by it."""
    assert list(missing(wanted())) == [] and any(name.startswith("ocpp") for name in wanted())
