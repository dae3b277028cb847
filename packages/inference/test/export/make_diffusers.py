"""Folders as users of diffusers make them, and some training of a folder.

Usage: make_diffusers.py make DIR | tune FOLDER
make: writes DIR/NAME for each of a few networks, and DIR/made.json: [{"name", "folder", "x": [2, H, W, C], "t", "label",
"output": [2, H, W, C]}]
tune: three steps of Adam on random images, saved in place.
"""
import json
import os
import sys

import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

SMALL = dict(sample_size=16, block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8)
TYPES = dict(down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))
NETWORKS = {
    "defaults": dict(sample_size=16),
    "classes": dict(**SMALL, **TYPES, num_class_embeds=5, resnet_time_scale_shift="scale_shift", attn_norm_num_groups=8),
    "fp16": dict(**SMALL, **TYPES),
}


def last(tensor):
    return [float(value) for value in tensor.permute(0, 2, 3, 1).flatten()]


def save(unet, folder, variant=None):
    if unet.config.num_class_embeds is None:
        DDPMPipeline(unet, DDPMScheduler()).save_pretrained(folder, variant=variant)
    else:
        unet.save_pretrained(os.path.join(folder, "unet"))
        DDPMScheduler().save_pretrained(os.path.join(folder, "scheduler"))


def make(directory):
    made = []
    for name, settings in NETWORKS.items():
        torch.manual_seed(7)
        unet = UNet2DModel(**settings).eval()
        folder = os.path.join(directory, name)
        save(unet.half() if name == "fp16" else unet, folder, "fp16" if name == "fp16" else None)
        unet = unet.float()
        x = torch.randn(2, 3, 16, 16)
        case = {"name": name, "folder": folder, "x": last(x), "t": 321}
        label = [0, 4] if unet.config.num_class_embeds else None
        with torch.no_grad():
            output = unet(x, torch.full((2,), 321), class_labels=None if label is None else torch.tensor(label)).sample
        made.append({**case, "output": last(output), **({"label": label} if label else {})})
    with open(os.path.join(directory, "made.json"), "w") as file:
        json.dump(made, file)


def tune(folder):
    torch.manual_seed(8)
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet").train()
    optimizer = torch.optim.Adam(unet.parameters(), 1e-4)
    size, channels = unet.config.sample_size, unet.config.in_channels
    labels = torch.tensor([0, 1]) if unet.config.num_class_embeds else None
    for _ in range(3):
        x = torch.randn(2, channels, size, size)
        loss = (unet(x, torch.tensor([5, 700]), class_labels=labels).sample ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    unet.save_pretrained(os.path.join(folder, "unet"))


make(sys.argv[2]) if sys.argv[1] == "make" else tune(sys.argv[2])
