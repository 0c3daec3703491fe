"""Pages read back: their text in order, their tags in pairs, their figures as numbers."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

VOID = {"meta", "img", "br", "link", "input", "hr"}
OWN_LINE = {
    "p", "h1", "h2", "li", "tr", "figure", "figcaption", "summary", "pre", "div", "nav", "title", "text",
}  # fmt: skip


class Read(HTMLParser):
    """Everything that a test asks of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in OWN_LINE:
            self.words.append("\n")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")
        self.words.append("\n" if tag in OWN_LINE else " ")

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open) and "svg" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        """What people read, a line for each block; figures are left out."""
        lines = (" ".join(line.split()) for line in "".join(self.words).split("\n"))
        return "\n".join(line for line in lines if line)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [held for name, held in self.tags if name == tag]


def figure(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def parts(svg: str, tag: str, kind: str) -> list[dict[str, str]]:
    """The attributes of every element of a figure with this tag and class."""
    found = (e.attrib for e in figure(svg).iter() if e.tag == tag)
    return [held for held in found if held.get("class") == kind]


def places(svg: str, kind: str) -> list[tuple[float, float]]:
    """The points of a line."""
    (held,) = parts(svg, "polyline", kind)
    return [(float(x), float(y)) for x, y in (p.split(",") for p in held["points"].split())]


def numbers(svg: str, anchor: str) -> dict[str, tuple[float, float]]:
    """The texts that stand at an axis, with their places: "end" is the upright one, at the left."""
    found = [e for e in figure(svg).iter() if e.tag == "text" and "class" not in e.attrib]
    return {
        str(e.text): (float(e.attrib["x"]), float(e.attrib["y"]))
        for e in found
        if e.attrib["text-anchor"] == anchor and (anchor != "end" or float(e.attrib["x"]) < 48)
    }
