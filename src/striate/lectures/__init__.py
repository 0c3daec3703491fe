"""Demonstrations: the lectures' examples with any numbers. Numbers first, then drawn.

How it is built, for the next topic:

1. A topic is one file here, `lectures/TOPIC.py`, with one function that takes arrays and plain values and
   gives a `Shown` (shown.py). It computes with `striate.textbook` (or `geometry`, `features`), never anew.
2. A `Shown` holds the lines for the terminal, named arrays (for --npz and the tests), facts (for --json), one
   `Still`, and frames, which are stills too. A still is rows of parts: `Grid`, `Chart`, `Net`, `Words`.
   Every part is made of those arrays and of nothing else; all frames of one `Shown` have parts of the same
   sizes, so that the animation does not jump.
3. drawing.py turns a still into marks (rectangles, lines, texts, pictures; scene.py), to_svg.py writes marks
   as SVG, to_pixels.py as pixels for PNG and GIF. A topic never draws by itself.
4. The command: one function in a file `cli/show_*.py` and one row in `TOPICS` of `cli/show.py`. It reads
   flags, calls the topic and hands the result to `verbs/show.py`, which prints, writes and keeps.
5. Tests compare the arrays with an independent oracle, and the texts of the SVG with the arrays.

Shape legend: H height, W width, C channels; sizes are (height, width), places (row, column), both from 0 on.
"""
