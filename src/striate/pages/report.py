"""The report of a run as one HTML file: how good it is, where it errs, and how it was made."""

from __future__ import annotations

from striate.pages import html
from striate.pages.html import Html, Section
from striate.pages.report_cases import doubtful, errors
from striate.pages.report_curves import curves
from striate.pages.report_data import data, slices
from striate.pages.report_headline import lead
from striate.pages.report_how import machine, network, onward, recipe
from striate.pages.report_scores import all_scores, classes, confusion
from striate.pages.report_told import Told
from striate.pages.report_trust import abstention, calibration


def page(told: Told, inside: Html = Html(""), style: str = "") -> str:  # noqa: B008  (a text)
    """The whole file. A section of which nothing is known is left out; the lead says what is missing.
    inside: what the network looks at, where that was found out, and the style it needs.
    """
    sections = (
        Section("scores", "Scores", all_scores(told)),
        Section("curves", "How training went", curves(told)),
        Section("confusion", "What is taken for what", confusion(told)),
        Section("classes", "Class by class", classes(told)),
        Section("calibration", "Can its probabilities be believed?", calibration(told)),
        Section("sure", "When it is sure", abstention(told)),
        Section("errors", "The worst errors", errors(told)),
        Section("inside", "What it looks at", inside),
        Section("suspects", "Labels that may be wrong", doubtful(told)),
        Section("slices", "Where it is worse", slices(told)),
        Section("data", "The data", data(told)),
        Section("recipe", "The recipe", recipe(told)),
        Section("network", "The network", network(told)),
        Section("machine", "Machine, versions and time", machine(told)),
        Section("next", "How to go on", onward(told)),
    )
    return html.page(f"Striate report: {told.name}", lead(told), sections, style=style)
