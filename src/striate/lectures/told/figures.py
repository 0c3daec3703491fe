"""Every figure of the slides, lecture by lecture, and the command that makes it with numbers of one's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from striate.lectures.told.course import LECTURES

# What the commands of trained networks look into; docs/seeing.md trains the same three.
NETWORKS = (
    'striate train shapes -o convnet --model "3x32x32: conv5p2-16 bn relu max2 conv3p1-32 bn relu max2 '
    'conv3p1-64 bn relu gap fc"',
    'striate train shapes -o mlp --model "3x32x32: fc64 relu fc"',
    'striate train shapes -o linear --model "3x32x32: fc"',
)
_TYPED = {
    "@demo": '--image "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0" --kernel "1 0 1/0 1 0/1 0 1"',
    "@line": '--image "0 0 0 0 0 0/0 1 0 0 0 0/0 1 1 1 1 1/0 1 0 0 0 0/0 0 0 0 0 0"',
    "@six": '--image "3 3 4 4 7 0/9 7 6 5 8 2/6 5 5 6 9 2/7 1 3 2 7 8/0 3 7 1 8 3/4 0 4 3 2 2"',
    "@rgb": '--image "1 2/3 4; 5 6/7 8; 1 0/0 1" --kernel "1 0/0 1; 0 1/1 0; 1 1/1 1"',
}


class Figure(NamedTuple):
    """What is to be seen on the slide, and the commands that show it."""

    what: str
    commands: tuple[str, ...]


@cache
def figures(name: str) -> tuple[Figure, ...]:
    """Those of one lecture, from figures.txt: a figure stands at the left, and the commands that make it
    under it, without their first word.
    """
    text = Path(__file__).with_name("figures.txt").read_text(encoding="utf-8")
    made: list[Figure] = []
    for line in text.partition(f"# {name}\n")[2].partition("# ")[0].splitlines():
        if not line.startswith(" "):
            made.append(Figure(line, ()))
            continue
        command = f"striate {line.strip()}"
        for short, long in _TYPED.items():
            command = command.replace(short, long)
        made[-1] = made[-1]._replace(commands=(*made[-1].commands, command))
    return tuple(made)


def markdown() -> str:
    """The page docs/lectures/figures.md, which a test compares with this."""
    lines = [
        "# Every figure of the slides, and the command that makes it",
        "",
        "With `-o` a figure is a file: `.svg` and `.png` are stills, `.gif` moves. `photo.jpg`, `canvas.png` "
        "and `photos/`, with a folder for each class, are yours.",
        "`published` downloads torchvision's weights once. Networks to look into take some minutes to train:",
        "",
        "```",
        *NETWORKS,
        "```",
        "",
        "`striate lecture L2 --figures` prints this in the terminal. Boxes, masks, poses, captions and "
        "moving pictures on the slides are tasks that Striate does not do.",
    ]
    for told in LECTURES:
        lines += [
            "",
            f"## {told.name}: {told.course}",
            "",
            "| on the slides | typed |",
            "|---|---|",
        ]
        for one in figures(told.name):
            typed = "<br>".join(f"`{line.replace('|', chr(92) + '|')}`" for line in one.commands)
            lines.append(f"| {one.what} | {typed} |")
    return "\n".join(lines) + "\n"
