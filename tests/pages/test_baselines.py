"""The page of a comparison."""

from __future__ import annotations

from typing import Any

from striate.pages.baselines import Facts, Failed, Line, Seen, baselines_page, failure, verdict

FACTS = Facts("<set>", "3x8x8", 100, 20, 40, 5.0, 0.5, ("ant", "bee<"))


def line(name: str, accuracy: float, **more: Any) -> Line:
    ends = (max(0.0, accuracy - 0.05), min(1.0, accuracy + 0.05))
    made = Line(
        name, "it all", accuracy, ends, 1.5, 0.2, 1000, 2500, 100, "strength 1", (1.0, accuracy), ()
    )
    return made._replace(**more)


CONVNET, HOG = line("convnet", 0.96), line("HOG + SVM", 0.7, failing=(Failed("bee<", 0.4, "ant"),))


def test_the_verdict_says_whether_it_was_worth_it_or_that_nobody_knows() -> None:
    assert "Worth it: without convolutions there are 7.5 times as many" in verdict(
        [CONVNET, HOG], "convnet"
    )
    assert "Not worth it" in verdict([line("a", 0.9), line("convnet", 0.7)], "convnet")
    assert "Not decided" in verdict([line("a", 0.9), line("convnet", 0.88)], "convnet")
    assert "it made no mistake on test, and the intervals" in verdict(
        [line("convnet", 1.0), HOG], "convnet"
    )
    assert verdict([HOG], "convnet") == "The best method is HOG + SVM, with 70.0% of test."


def test_the_page_holds_every_method_its_cost_and_its_failures() -> None:
    seen = [Seen("bee<", b"jpeg", [[[1.0, 0.0]]], (0.5, 0.1), [[0.1, 0.9]])]
    page = baselines_page(FACTS, [CONVNET, HOG], seen)
    for text in ("96.0%", "HOG + SVM", "2.5 k", "1.5 s", "0.2 ms", "3x8x8", "strength 1", "5.0 s"):
        assert text in page
    assert "bee&lt; (40% right, else mostly ant)" in page
    assert "bee<" not in page
    assert "<set>" not in page
    assert page.count('<svg class="chart"') == 2
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_who_learned_from_fewer_pictures_says_so() -> None:
    page = baselines_page(FACTS, [CONVNET, HOG._replace(learned_from=32)], [])
    assert "learned from 32 pictures, more did not fit" in page
    assert page.count("more did not fit") == 1
    assert "What the features keep" not in page


def test_three_failures_are_named_and_the_rest_is_counted() -> None:
    many = tuple(Failed(f"c{i}", 0.1, "d") for i in range(5))
    assert failure(HOG._replace(failing=many)).endswith(
        "c2 (10% right, else mostly d) and 2 more classes"
    )


def test_a_picture_without_colour_has_no_hues() -> None:
    page = baselines_page(FACTS, [CONVNET, HOG], [Seen("ant", b"x", [[[1.0]]], (), [[1.0]])])
    assert "hues of ant" not in page
    assert "places of ant" in page
