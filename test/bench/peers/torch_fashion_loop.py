"""The training of configs/fashion-mnist.yaml as a plain PyTorch loop (diffusers' UNet2DModel, initialised as Ho et al.
do), to lay its losses beside ours.

Usage: torch_fashion_loop.py DIR [steps=200] [threads=1] [JOURNAL]
DIR: of train-images-idx3-ubyte.gz. JOURNAL: journal.ndjson of a run of ours, whose losses are then printed beside.
Prints the mean loss of every 20 steps and images per second. Needs: pip install torch diffusers.
"""
import gzip
import json
import math
import sys
import time

import numpy as np
import torch
from diffusers import UNet2DModel
from torch import nn

DIR = sys.argv[1]
STEPS, THREADS = [int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((2, 200), (3, 1))]
BATCH, T, LR, WARMUP, HELD_OUT = 64, 1000, 1e-3, 100, 64


def images():
    with gzip.open(f"{DIR}/train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return torch.from_numpy(pixels[:-HELD_OUT].copy())


def journal_losses():
    if len(sys.argv) < 5:
        return []
    with open(sys.argv[4]) as file:
        steps = [line for line in map(json.loads, file) if line["kind"] == "step"]
    return [step["loss"] for step in sorted(steps, key=lambda step: step["globalStep"])]


def initialise(model):
    for name, module in model.named_modules():
        if not isinstance(module, (nn.Conv2d, nn.Linear)):
            continue
        last = name.endswith((".conv2", ".to_out.0")) or name == "conv_out"
        nn.init.xavier_uniform_(module.weight, gain=math.sqrt(1e-10) if last else 1.0)
        nn.init.zeros_(module.bias)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    model = UNet2DModel(
        sample_size=28, in_channels=1, out_channels=1, layers_per_block=2, block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=None, norm_num_groups=32, norm_eps=1e-6, downsample_padding=0, dropout=0.1,
        flip_sin_to_cos=False, freq_shift=1,
    )
    initialise(model)
    print("parameters", sum(p.numel() for p in model.parameters()))
    ac = torch.cumprod(1 - torch.linspace(1e-4, 0.02, T, dtype=torch.float64), 0).float()
    optimizer = torch.optim.Adam(model.parameters(), LR)
    data = images()
    order, losses, ours, started = torch.randperm(len(data)), [], journal_losses(), time.time()
    for step in range(STEPS):
        rows = order[(step * BATCH) % len(data):][:BATCH]
        x = data[rows].float() / 127.5 - 1
        flip = torch.rand(len(x)) < 0.5
        x[flip] = x[flip].flip(-1)
        t, noise = torch.randint(0, T, (len(x),)), torch.randn_like(x)
        a = ac[t][:, None, None, None]
        loss = nn.functional.mse_loss(model(a.sqrt() * x + (1 - a).sqrt() * noise, t).sample, noise)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = LR * min(step / WARMUP, 1)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % 20 == 0:
            rate = BATCH * (step + 1) / (time.time() - started)
            beside = f" (ours {sum(ours[step - 19:step + 1]) / 20:.4f})" if step < len(ours) else ""
            print(f"step {step + 1}: loss {sum(losses[-20:]) / 20:.4f}{beside}, {rate:.1f} images/s", flush=True)


if __name__ == "__main__":
    main()
