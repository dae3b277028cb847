"""Steps of diffusers' samplers on an exported pipeline, timed when told to.

Usage: diffusers_sampling.py FOLDER batch threads    (`ddpm-fleet bench sampling` starts it)
Reads lines `SAMPLER STEPS TIMED` (ddpm, ddim or dpmSolver; steps of the chain; how many of them to run) and answers each
with the seconds those took, as JSON. Needs: pip install torch diffusers.
"""
import json
import sys
import time

import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, UNet2DModel

FOLDER, BATCH, THREADS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(THREADS)
unet = UNet2DModel.from_pretrained(FOLDER, subfolder="unet").eval()
own = DDPMScheduler.from_pretrained(FOLDER, subfolder="scheduler")
# 2M, data prediction, is what DPMSolverMultistepScheduler does unless told otherwise.
CLASSES = {"ddpm": DDPMScheduler, "ddim": DDIMScheduler, "dpmSolver": DPMSolverMultistepScheduler}
shape = (BATCH, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)


@torch.inference_mode()
def seconds(sampler, steps, timed):
    config = {k: v for k, v in own.config.items() if sampler == "ddpm" or k != "variance_type"}
    scheduler = CLASSES[sampler].from_config(config)
    scheduler.set_timesteps(steps)
    x = torch.randn(shape)
    started = time.perf_counter()
    for t in scheduler.timesteps[:timed]:
        x = scheduler.step(unet(x, t).sample, t, x).prev_sample
    return time.perf_counter() - started


print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    words = line.split()
    if len(words) != 3:
        break
    print(json.dumps(seconds(words[0], int(words[1]), int(words[2]))), flush=True)
