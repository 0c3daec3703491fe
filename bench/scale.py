"""A plan on paper: what 14 million pictures take on 8 to 256 GPUs, from a few figures that can be changed.

Input: each GPU has some cores that decode. Steps: a GPU trains `TRAINED` pictures a second. Exchange: a
ring moves 2 (n - 1) / n of the gradient through the slowest link, after the backward pass, so nothing of
it is hidden. Checkpoints: rank 0 writes the state while all wait. Failures: one GPU fails every
`BETWEEN_FAILURES_H` hours; half an interval between checkpoints is lost and all start again.
"""

from __future__ import annotations

from typing import NamedTuple

PICTURES = 14_000_000
EPOCHS = 90
DECODED = 300.0  # pictures a second and core, decoded and cropped to 224 pixels
CORES_PER_GPU = 14
TRAINED = 1_800.0  # pictures a second and GPU: ResNet-50, bf16, forward and backward
BATCH_PER_GPU = 128
GRADIENT_MB = 102.0
LINK_MB_S = 12_500.0  # 100 Gbit/s between machines
STATE_MB = 310.0
DISK_MB_S = 1_000.0
SAVE_EVERY_S = 600.0
RESTART_S = 120.0
BETWEEN_FAILURES_H = 50_000.0


class Plan(NamedTuple):
    """For one number of GPUs."""

    gpus: int
    input_rate: float
    step_rate: float
    exchange_share: float
    saving_share: float
    lost_share: float
    hours: float


def plan(gpus: int) -> Plan:
    """The arithmetic."""
    input_rate = gpus * CORES_PER_GPU * DECODED
    compute_s = BATCH_PER_GPU / TRAINED
    exchange_s = 2 * (gpus - 1) / gpus * GRADIENT_MB / LINK_MB_S if gpus > 1 else 0.0
    step_rate = gpus * BATCH_PER_GPU / (compute_s + exchange_s)
    saving = STATE_MB / DISK_MB_S / SAVE_EVERY_S
    failures_h = gpus / BETWEEN_FAILURES_H
    lost = failures_h * (SAVE_EVERY_S / 2 + RESTART_S) / 3600
    rate = min(input_rate, step_rate) * (1 - saving) * (1 - min(lost, 0.9))
    hours = PICTURES * EPOCHS / rate / 3600
    return Plan(
        gpus, input_rate, step_rate, exchange_s / (compute_s + exchange_s), saving, lost, hours
    )


def table() -> str:
    """Markdown."""
    lines = [
        "| GPUs | decoded/s | trained/s | exchange | checkpoints | lost to failures | hours for 90 epochs |",
        "|---|---|---|---|---|---|---|",
    ]
    for gpus in (8, 16, 32, 64, 128, 256):
        one = plan(gpus)
        lines.append(
            f"| {gpus} | {one.input_rate:,.0f} | {one.step_rate:,.0f} | {one.exchange_share:.1%} | "
            f"{one.saving_share:.2%} | {one.lost_share:.3%} | {one.hours:,.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(table() + "\n")
