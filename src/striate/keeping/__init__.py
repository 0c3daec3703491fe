"""Nothing is lost: manifests, checkpoints, run folders and bundles. What must survive is written here.

Weights are safetensors and everything else is JSON, CSV or plain text; nothing is ever unpickled.
"""
