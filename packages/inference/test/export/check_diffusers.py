"""Loads folders with the real diffusers and compares each with what our own UNet and sampler computed.

Usage: check_diffusers.py JOBS.json
JOBS.json: [{"name", "folder", "cases": CASES.json}]
CASES.json: {"shape": [B, H, W, C], "outChannels", "cases": [{"x": [..], "t": t, "output": [..]}],
"step": {"t", "x", "output", "noise", "next"}}; a case of a model with classes has "label": [..].
Prints a JSON list: {"name", "tensors", "output": largest difference of outputs, "size": largest output, "step": largest
difference of one scheduler step, "rounding": largest difference of diffusers' own float32 from its float64}, or
{"name", "error"} for a folder that does not load.
"""
import json
import os
import sys

import diffusers.schedulers.scheduling_ddpm as scheduling
import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

loaded_cases = {}


def cases_of(path):
    if path not in loaded_cases:
        loaded_cases[path] = json.load(open(path))
    return loaded_cases[path]


def nchw(cases, values, channels=None):
    b, h, w, c = cases["shape"]
    return torch.tensor(np.array(values, np.float32).reshape(b, h, w, channels or c).transpose(0, 3, 1, 2).copy())


def largest(tensor):
    return float(tensor.abs().max())


def parts_of(folder):
    if os.path.exists(os.path.join(folder, "model_index.json")):
        pipe = DDPMPipeline.from_pretrained(folder)
        return pipe.unet.eval(), pipe.scheduler
    return (
        UNet2DModel.from_pretrained(folder, subfolder="unet").eval(),
        DDPMScheduler.from_pretrained(folder, subfolder="scheduler"),
    )


def applied(unet, case, x):
    labels = torch.tensor(case["label"]) if "label" in case else None
    return unet(x, torch.full((x.shape[0],), case["t"]), class_labels=labels).sample


def check(job):
    cases = cases_of(job["cases"])
    unet, scheduler = parts_of(job["folder"])
    found = {"name": job["name"], "tensors": len(unet.state_dict()), "output": 0.0, "size": 0.0, "rounding": 0.0}
    theirs = []
    for case in cases["cases"]:
        x = nchw(cases, case["x"])
        theirs.append(applied(unet, case, x))
        ours = nchw(cases, case["output"], cases["outChannels"])
        found["output"] = max(found["output"], largest(ours - theirs[-1]))
        found["size"] = max(found["size"], largest(ours))
    step = cases["step"]
    # The scheduler draws its own noise: give it ours.
    scheduling.randn_tensor = lambda *a, **k: nchw(cases, step["noise"])
    output = nchw(cases, step["output"], cases["outChannels"])
    moved = scheduler.step(output, step["t"], nchw(cases, step["x"])).prev_sample
    found["step"] = largest(nchw(cases, step["next"]) - moved)
    if job.get("rounding"):
        unet.double()
        for case, single in zip(cases["cases"], theirs):
            x = nchw(cases, case["x"]).double()
            exact = applied(unet, case, x)
            found["rounding"] = max(found["rounding"], largest(exact - single))
    return found


results = []
with torch.no_grad():
    for job in json.load(open(sys.argv[1])):
        try:
            results.append(check(job))
        except Exception as error:  # a folder that is refused is as good as one that differs
            results.append({"name": job["name"], "error": f"{type(error).__name__}: {error}"})
print(json.dumps(results))
