"""WHAT DOES IT LOOK AT: functions on any `nn.Module` and any array, and none changes it."""
