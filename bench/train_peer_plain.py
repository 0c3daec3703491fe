"""A plain loop in PyTorch: torchvision's ResNet-18, SGD with momentum, cosine to zero, fp32.

The recipe is that of torchvision's references (rate 0.1, momentum 0.9), with the crop that everybody writes
for thumbnails. The network is torchvision's own: with a first layer for 32 pixels it does sixteen times the
arithmetic, and five minutes on two cores would not be one epoch. In the loop's favour, pictures are decoded
before, whole batches are shifted and mirrored at once, and the rate follows the clock, so that the schedule
ends with the time.
"""

from __future__ import annotations

import math
import time
from typing import Any

from bench.train_asked import answer, arrays, asked

BATCH, RATE, WARM_UP, PAD = 128, 0.1, 0.05, 4


def main() -> None:
    """Train until the time is over, then judge."""
    import torch
    from torch.nn import functional as F
    from torchvision.models import resnet18

    given = asked()
    torch.manual_seed(given.seed)
    train_x, train_y, test_x, test_y = (torch.from_numpy(a) for a in arrays(given.data))
    train_x, test_x = channels_first(train_x), channels_first(test_x)
    model = resnet18(num_classes=int(train_y.max()) + 1).train()
    optimiser = torch.optim.SGD(model.parameters(), RATE, momentum=0.9, weight_decay=5e-4)
    started, seen = time.perf_counter(), 0
    for chosen in batches(len(train_x)):
        spent = time.perf_counter() - started
        if spent >= given.seconds:
            break
        optimiser.param_groups[0]["lr"] = RATE * factor(spent / given.seconds)
        loss = F.cross_entropy(model(augmented(train_x[chosen])), train_y[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen += len(chosen)
    seconds = time.perf_counter() - started
    model.eval()
    with torch.inference_mode():
        found = torch.cat([model(ready(part)).argmax(1) for part in test_x.split(500)])
    accuracy = (found == test_y).double().mean().item()
    answer(accuracy, seconds, ("torch", "torchvision"), seen=seen, pictures=len(train_x))


def batches(count: int) -> Any:
    """Epoch after epoch, each in a new order, without an incomplete batch."""
    import torch

    while True:
        order = torch.randperm(count)
        yield from (order[i : i + BATCH] for i in range(0, count - BATCH + 1, BATCH))


def factor(done: float) -> float:
    """Of the rate, after this share of the time: up in a straight line, down along a cosine."""
    if done < WARM_UP:
        return done / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def channels_first(pictures: Any) -> Any:
    """N H W C to N 3 H W; grey pictures have their channel three times."""
    return pictures.permute(0, 3, 1, 2).expand(-1, 3, -1, -1).contiguous()


def ready(pictures: Any) -> Any:
    """uint8 to numbers around zero."""
    return (pictures.float() / 255 - 0.5) / 0.25


def augmented(pictures: Any) -> Any:
    """Each shifted by up to four pixels, and mirrored or not."""
    import torch
    from torch.nn import functional as F

    count, channels, height, width = pictures.shape
    padded = F.pad(ready(pictures), (PAD, PAD, PAD, PAD))
    rows = torch.randint(2 * PAD + 1, (count, 1)) + torch.arange(height)
    columns = torch.randint(2 * PAD + 1, (count, 1)) + torch.arange(width)
    columns = torch.where(torch.rand(count, 1) < 0.5, columns.flip(1), columns)
    each, channel = torch.arange(count)[:, None, None, None], torch.arange(channels)[:, None, None]
    return padded[each, channel, rows[:, None, :, None], columns[:, None, None, :]]


if __name__ == "__main__":
    main()
