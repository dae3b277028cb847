"""Loads a folder with the real diffusers and compares it with what our own UNet and sampler computed.

Usage: check_diffusers.py FOLDER CASES.json
CASES.json: {"x": [..], "shape": [B, H, W, C], "cases": [{"t": t, "output": [..]}], "step": {"t", "noise", "next"} | null}
Prints {"tensors", "output": largest difference, "step": largest difference of one scheduler step}.
"""
import json
import sys

import numpy as np
import torch
from diffusers import DDPMPipeline

folder, cases_path = sys.argv[1:]
cases = json.load(open(cases_path))
pipe = DDPMPipeline.from_pretrained(folder)
unet, scheduler = pipe.unet.eval(), pipe.scheduler


def nchw(values, channels=None):
    b, h, w, c = cases["shape"]
    return torch.tensor(np.array(values, np.float32).reshape(b, h, w, channels or c).transpose(0, 3, 1, 2).copy())


x = nchw(cases["x"])
worst = 0.0
step_difference = None
with torch.no_grad():
    for case in cases["cases"]:
        ours = nchw(case["output"], cases["outChannels"])
        theirs = unet(x, torch.full((x.shape[0],), case["t"])).sample
        worst = max(worst, float((ours - theirs).abs().max()))
    step = cases["step"]
    if step:
        # The scheduler draws its own noise: give it ours.
        noise = nchw(step["noise"])
        import diffusers.schedulers.scheduling_ddpm as module

        module.randn_tensor = lambda *a, **k: noise
        output = unet(x, torch.full((x.shape[0],), step["t"])).sample
        theirs = scheduler.step(output, step["t"], x).prev_sample
        step_difference = float((nchw(step["next"]) - theirs).abs().max())
print(json.dumps({"tensors": len(unet.state_dict()), "output": worst, "step": step_difference}))
