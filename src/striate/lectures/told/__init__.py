"""The five lectures as sections one can run: sentences of our own, and the commands that show them.

A lecture is data in one file, `l0.py` ... `l4.py`; `course.py` finds them, `errata.py` holds what is wrong on
the slides, `figures.py` the commands for every figure, `notebook.py` writes a lecture as a notebook. Commands
are texts, so that the terminal, the notebook and the tests run the same ones; who runs them is told from
outside.
"""
