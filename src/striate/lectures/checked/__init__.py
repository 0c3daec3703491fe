"""A student's own layer against the textbook's: cases, what is right, and what known mistakes would give.

`kinds.py` knows the layers by the beginning of a function's name, `child.py` calls the student's functions in
a process of its own, `judged.py` finds the first wrong element and the mistake that explains all numbers.
"""
