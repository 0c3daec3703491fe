"""The loop of PyTorch's tutorial on transfer learning, on the weights that all sides use.

Batches of 4, crops of 224, SGD at 0.001 with momentum 0.9, a tenth of the rate every 7 epochs, 25 epochs; the
best weights by val are what it returns. Two workers on two cores in place of its four.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.train_asked import answer, asked

EPOCHS, BATCH, WORKERS = 25, 4, 2
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def main() -> None:
    """Fine-tune; val is judged after each epoch, as the tutorial does."""
    import torch
    from torch import nn
    from torch.optim.lr_scheduler import StepLR
    from torchvision.models import mobilenet_v2

    given = asked()
    torch.manual_seed(given.seed)
    loaders = {split: loader(given.data, split) for split in ("train", "val")}
    model = mobilenet_v2()
    model.load_state_dict(torch.load(given.weights, weights_only=True))
    classes = len(loaders["train"].dataset.classes)
    model.classifier[1] = nn.Linear(model.last_channel, classes)
    loss_of = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    schedule = StepLR(optimiser, step_size=7, gamma=0.1)
    curve: list[tuple[float, float]] = []
    started = time.perf_counter()
    for _ in range(EPOCHS):
        model.train()
        for pictures, labels in loaders["train"]:
            optimiser.zero_grad()
            loss_of(model(pictures), labels).backward()
            optimiser.step()
        schedule.step()
        accuracy = share_right(model, loaders["val"])
        curve.append((time.perf_counter() - started, accuracy))
        if curve[-1][0] > given.seconds:
            break
    count = len(loaders["train"].dataset)
    answer(
        max(accuracy for _, accuracy in curve), curve[-1][0], ("torch", "torchvision"),
        seen=len(curve) * count, pictures=count, curve=curve,
    )  # fmt: skip


def loader(data: Path, split: str) -> Any:
    """The tutorial's chains and loaders."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    shown = (
        (transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip())
        if split == "train"
        else (transforms.Resize(256), transforms.CenterCrop(224))
    )
    chain = transforms.Compose([*shown, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    pictures = ImageFolder(str(data / split), chain)
    return DataLoader(pictures, BATCH, shuffle=True, num_workers=WORKERS)


def share_right(model: Any, loader: Any) -> float:
    """Accuracy in evaluation mode."""
    import torch

    model.eval()
    right = total = 0
    with torch.inference_mode():
        for pictures, labels in loader:
            right += int((model(pictures).argmax(1) == labels).sum())
            total += len(labels)
    return right / total


if __name__ == "__main__":
    main()
