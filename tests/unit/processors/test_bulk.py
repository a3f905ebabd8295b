"""The collector is off while anybody reads in bulk, and on again afterwards."""

from __future__ import annotations

import gc

import pytest

from processors.bulk import bulk


def test_collection_is_off_until_the_last_reader_has_finished() -> None:
    first, second = bulk(), bulk()
    with first:
        with second:
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_a_reader_that_fails_switches_it_on_again() -> None:
    with pytest.raises(ValueError, match="broken"), bulk():
        raise ValueError("broken")
    assert gc.isenabled()
    gc.unfreeze()
