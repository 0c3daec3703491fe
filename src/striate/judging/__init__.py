"""How good is it: functions of what a network said and what was right. Only `predict.py` meets torch."""
