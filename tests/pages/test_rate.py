"""The page of a range test."""

from __future__ import annotations

from striate.pages.rate import rate_page


def test_every_try_stands_on_the_page_and_the_suggestion_first() -> None:
    tried = [(10.0**-i, 1.0 + i) for i in range(5, 0, -1)]
    page = rate_page(tried, 0.001)
    assert page.index("optimiser.rate=0.001") < page.index("<table")
    for rate, loss in tried:
        assert f"{rate:.4g}" in page
        assert f"{loss:.4f}" in page
    assert "<script" not in page
