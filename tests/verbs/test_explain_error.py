"""The pages of the errors, and the document made of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from striate.errors import UsageError
from striate.verbs.explain_error import LETTERS, markdown, page, pages
from tests.conftest import ROOT


def test_pages_stand_in_the_order_of_their_codes() -> None:
    codes = [one.code for one in pages()]
    assert codes == sorted(codes)
    assert {code[0] for code in codes} <= set(LETTERS)


@pytest.mark.parametrize("name", ["G001", "g001", "UnknownWord", "unknownword"])
def test_a_page_is_found_by_code_and_by_class(name: str) -> None:
    assert page(name).code == "G001"


def test_an_unknown_code_is_a_fault_of_usage() -> None:
    with pytest.raises(UsageError, match="no error has the code 'zzz'"):
        page("zzz")


def test_the_document_of_errors_is_up_to_date(golden: Callable) -> None:
    golden("errors.md", markdown(), at=ROOT / "docs")
