"""What is checked before a server starts; the server itself is tested in tests/shipping/serving."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import CannotServe, FileFault
from striate.shipping.serving.limits import Order
from striate.verbs.serve import serve
from tests.verbs import made


def test_a_model_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="is not there"):
        serve(tmp_path / "a.onnx", Order(port=0), lambda _: None)


@pytest.mark.parametrize("token", ["short", "with-ümlaut"])
def test_a_token_that_protects_nothing_or_cannot_be_sent_is_refused(token: str) -> None:
    with pytest.raises(CannotServe, match="the token"):
        serve(made.digits().path, Order(port=0, token=token), lambda _: None)
