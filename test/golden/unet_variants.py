"""Golden values of the UNet variants, from the implementations that they follow, in float64.

Usage: python unet_variants.py GUIDED_DIFFUSION ZOUBOHAO > unet-variants.json
GUIDED_DIFFUSION: a checkout of openai/guided-diffusion (commit 22e0df8); ZOUBOHAO: a directory with Model.py and
ModelCondition.py of zoubohao/DenoisingDiffusionProbabilityModel-ddpm- (commit 54532d6; delete the import of
PRAGMA_HEARTBEAT, which Python 3.13 no longer has). Needs torch and numpy.

Weights, inputs and losses are those of unet.json, by the names and shapes of this project; labels are as given.
"""
import json
import math
import sys

import numpy as np
import torch

sys.path[:0] = sys.argv[1:3]
from guided_diffusion.unet import UNetModel  # noqa: E402
from guided_diffusion import unet as guided_unet  # noqa: E402
import Model  # noqa: E402
import ModelCondition  # noqa: E402

# The original drops to float32 in norms, softmax and the embedding; the values here are float64 throughout.
torch.Tensor.float = lambda self: self


def embedding(t, dim):
    angle = t.double()[:, None] * torch.exp(-math.log(10000) * torch.arange(dim // 2, dtype=torch.float64) / (dim // 2))[None]
    return torch.cat([angle.cos(), angle.sin()], -1)


guided_unet.timestep_embedding = embedding


def wave(name, shape):
    phase = (sum(map(ord, name)) % 1000) / 37
    w = np.sin(0.7 * (np.arange(math.prod(shape)) + 1) + phase).reshape(shape)
    if name.endswith("/W"):
        return w * math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
    return 1 + 0.1 * w if name.endswith("/gamma") else 0.1 * w


class Weights:
    """Sets torch parameters from the closed form, and reads their gradients back in the project's shapes."""

    def __init__(self):
        self.readers = {}

    def put(self, name, shape, param, to_torch, from_torch):
        with torch.no_grad():
            param.copy_(torch.tensor(to_torch(wave(name, shape)).copy()))
        self.readers[name] = (shape, lambda: from_torch(param.grad.numpy()))

    def norm(self, name, module):
        c = module.weight.shape[0]
        self.put(f"{name}/beta", [c], module.bias, lambda a: a, lambda g: g)
        self.put(f"{name}/gamma", [c], module.weight, lambda a: a, lambda g: g)

    def bias(self, name, param, shift=0):
        self.put(f"{name}/b", [param.shape[0]], param, lambda a: a, lambda g: g)

    def conv(self, name, module):
        o, i, kh, kw = module.weight.shape
        self.put(f"{name}/W", [kh, kw, i, o], module.weight, lambda a: a.transpose(3, 2, 0, 1), lambda g: g.transpose(2, 3, 1, 0))
        self.bias(name, module.bias)

    def conv_transpose(self, name, module):
        i, o, kh, kw = module.weight.shape
        self.put(f"{name}/W", [kh, kw, o, i], module.weight, lambda a: a.transpose(3, 2, 0, 1), lambda g: g.transpose(2, 3, 1, 0))
        self.bias(name, module.bias)

    def dense(self, name, module):
        """Linear, or a 1x1 convolution of any rank."""
        shape = module.weight.shape
        self.put(f"{name}/W", [shape[1], shape[0]], module.weight, lambda a: a.T.reshape(shape), lambda g: g.reshape(shape[:2]).T)
        self.bias(name, module.bias)

    def table(self, name, module, skip=0):
        """An embedding; its first `skip` rows are not parameters."""
        n, d = module.weight.shape
        rows = np.zeros((skip, d))
        self.put(f"{name}/W", [n - skip, d], module.weight, lambda a: np.concatenate([rows, a]), lambda g: g[skip:])

    def qkv(self, name, module):
        """q | k | v stacked over outputs (use_new_attention_order)."""
        c = module.weight.shape[1]
        kernels, biases = [], []
        for j, part in enumerate("qkv"):
            span = slice(j * c, (j + 1) * c)
            kernels.append(wave(f"{name}/{part}/W", [c, c]).T)
            biases.append(wave(f"{name}/{part}/b", [c]))
            self.readers[f"{name}/{part}/W"] = ([c, c], lambda s=span: module.weight.grad.numpy()[s, :, 0].T)
            self.readers[f"{name}/{part}/b"] = ([c], lambda s=span: module.bias.grad.numpy()[s])
        with torch.no_grad():
            module.weight.copy_(torch.tensor(np.concatenate(kernels))[:, :, None])
            module.bias.copy_(torch.tensor(np.concatenate(biases)))


def guided(weights, config):
    attn = tuple(config["image_size"] // size for size in config["attn"])
    model = UNetModel(
        config["image_size"], config["in_channels"], config["ch"], config["out_channels"], config["num_res_blocks"], attn,
        channel_mult=tuple(config["mult"]), conv_resample=config["resamp_with_conv"], num_classes=config["num_classes"] or None,
        num_heads=config["num_heads"], num_head_channels=config["num_head_channels"] or -1,
        use_scale_shift_norm=config["scale_shift"], resblock_updown=config["resblock_updown"], use_new_attention_order=True,
    ).double()
    model.dtype = torch.float64

    def res(name, block):
        weights.norm(f"{name}/norm1", block.in_layers[0])
        weights.conv(f"{name}/conv1", block.in_layers[2])
        weights.dense(f"{name}/temb_proj", block.emb_layers[1])
        weights.norm(f"{name}/norm2", block.out_layers[0])
        weights.conv(f"{name}/conv2", block.out_layers[3])
        if not isinstance(block.skip_connection, torch.nn.Identity):
            weights.dense(f"{name}/nin_shortcut", block.skip_connection)

    def attention(name, block):
        weights.norm(f"{name}/norm", block.norm)
        weights.qkv(name, block.qkv)
        weights.dense(f"{name}/proj_out", block.proj_out)

    def resample(name, layer):
        if config["resblock_updown"]:
            res(name, layer)
        elif config["resamp_with_conv"]:
            weights.conv(f"{name}/conv", layer.op if hasattr(layer, "op") else layer.conv)

    weights.dense("temb/dense0", model.time_embed[0])
    weights.dense("temb/dense1", model.time_embed[2])
    if config["num_classes"]:
        weights.table("label_emb", model.label_emb)
    weights.conv("conv_in", model.input_blocks[0][0])
    levels, blocks = len(config["mult"]), config["num_res_blocks"]
    at = 1
    for level in range(levels):
        for b in range(blocks):
            stage = model.input_blocks[at]
            res(f"down_{level}/block_{b}", stage[0])
            if len(stage) > 1:
                attention(f"down_{level}/attn_{b}", stage[1])
            at += 1
        if level < levels - 1:
            resample(f"down_{level}/downsample", model.input_blocks[at][0])
            at += 1
    res("mid/block_1", model.middle_block[0])
    attention("mid/attn_1", model.middle_block[1])
    res("mid/block_2", model.middle_block[2])
    at = 0
    for level in reversed(range(levels)):
        for b in range(blocks + 1):
            stage = list(model.output_blocks[at])
            res(f"up_{level}/block_{b}", stage.pop(0))
            if stage and hasattr(stage[0], "qkv"):
                attention(f"up_{level}/attn_{b}", stage.pop(0))
            if stage:
                resample(f"up_{level}/upsample", stage.pop(0))
            at += 1
    weights.norm("norm_out", model.out[0])
    weights.conv("conv_out", model.out[2])
    return lambda x, t, labels: model(x, t, labels)


def zoubohao(weights, config):
    conditional = config["kind"] == "zoubohao-conditional"
    mult, blocks = config["mult"], config["num_res_blocks"]
    if conditional:
        model = ModelCondition.UNet(config["num_timesteps"], config["num_classes"], config["ch"], mult, blocks, 0.0).double()
        weights.table("temb/table", model.time_embedding.timembedding[0])
    else:
        attn = [level for level in range(len(mult)) if config["image_size"] >> level in config["attn"]]
        model = Model.UNet(config["num_timesteps"], config["ch"], mult, attn, blocks, 0.0).double()
        # the table was made in float32
        table = model.time_embedding.timembedding[0].weight
        half = torch.arange(0, config["ch"], 2, dtype=torch.float64) / config["ch"] * math.log(10000)
        angle = torch.arange(config["num_timesteps"], dtype=torch.float64)[:, None] * torch.exp(-half)[None]
        table.data.copy_(torch.stack([angle.sin(), angle.cos()], -1).reshape(table.shape))

    def res(name, block):
        weights.norm(f"{name}/norm1", block.block1[0])
        weights.conv(f"{name}/conv1", block.block1[2])
        weights.dense(f"{name}/temb_proj", block.temb_proj[1])
        if conditional:
            weights.dense(f"{name}/label_proj", block.cond_proj[1])
        weights.norm(f"{name}/norm2", block.block2[0])
        weights.conv(f"{name}/conv2", block.block2[3])
        if not isinstance(block.shortcut, torch.nn.Identity):
            weights.dense(f"{name}/nin_shortcut", block.shortcut)
        if not isinstance(block.attn, torch.nn.Identity):
            name = name.replace("block_", "attn_")
            weights.norm(f"{name}/norm", block.attn.group_norm)
            for part in "qkv":
                weights.dense(f"{name}/{part}", getattr(block.attn, f"proj_{part}"))
            weights.dense(f"{name}/proj_out", block.attn.proj)

    weights.dense("temb/dense0", model.time_embedding.timembedding[1])
    weights.dense("temb/dense1", model.time_embedding.timembedding[3])
    if conditional:
        weights.table("label_emb", model.cond_embedding.condEmbedding[0], skip=1)
        weights.dense("label_emb/dense0", model.cond_embedding.condEmbedding[1])
        weights.dense("label_emb/dense1", model.cond_embedding.condEmbedding[3])
    weights.conv("conv_in", model.head)
    layers = list(model.downblocks)
    for level in range(len(mult)):
        for b in range(blocks):
            res(f"down_{level}/block_{b}", layers.pop(0))
        if level < len(mult) - 1:
            down = layers.pop(0)
            if conditional:
                weights.conv(f"down_{level}/downsample/conv3", down.c1)
                weights.conv(f"down_{level}/downsample/conv5", down.c2)
            else:
                weights.conv(f"down_{level}/downsample/conv", down.main)
    res("mid/block_1", model.middleblocks[0])
    res("mid/block_2", model.middleblocks[1])
    layers = list(model.upblocks)
    for level in reversed(range(len(mult))):
        for b in range(blocks + 1):
            res(f"up_{level}/block_{b}", layers.pop(0))
        if level > 0:
            up = layers.pop(0)
            if conditional:
                weights.conv_transpose(f"up_{level}/upsample/conv_transpose", up.t)
            weights.conv(f"up_{level}/upsample/conv", up.c if conditional else up.main)
    weights.norm("norm_out", model.tail[0])
    weights.conv("conv_out", model.tail[2])
    if not conditional:
        return lambda x, t, labels: model(x, t)
    null = config["num_classes"]
    return lambda x, t, labels: model(x, t, torch.where(labels == null, 0, labels + 1))


def run(config, t, labels):
    weights = Weights()
    build = guided if config["kind"] == "improved" else zoubohao
    model = build(weights, config)
    n = config["image_size"]
    shape = (len(t), n, n, config["in_channels"])
    i = np.arange(math.prod(shape)) + 1
    nchw = lambda a: torch.tensor(a.reshape(shape).transpose(0, 3, 1, 2).copy())
    x, noise = nchw(np.sin(0.37 * i)), nchw(np.cos(0.53 * i))
    y = model(x, torch.tensor(t), torch.tensor(labels) if labels else None)
    target = torch.cat([noise] * (config["out_channels"] // config["in_channels"]), 1)
    loss = ((target - y) ** 2).mean((1, 2, 3))
    loss.mean().backward()
    out = y.detach().numpy().transpose(0, 2, 3, 1).ravel()
    parameters = {}
    for name, (shape_, read) in weights.readers.items():
        grad = read()
        assert list(grad.shape) == list(shape_), name
        parameters[name] = {
            "shape": list(shape_),
            "grad_norm": float(np.linalg.norm(grad)),
            "grad_first3": grad.ravel()[:3].tolist(),
        }
    return {
        "config": config, "t": t, "labels": labels,
        "parameter_count": sum(math.prod(p["shape"]) for p in parameters.values()),
        "output": {"sum": float(out.sum()), "sum_of_squares": float((out**2).sum()), "first8": out[:8].tolist(), "last8": out[-8:].tolist()},
        "loss_per_image": loss.tolist(), "parameters": parameters,
    }


BASE = dict(
    image_size=8, in_channels=3, out_channels=3, ch=32, mult=[1, 2], num_res_blocks=1, attn=[4], groups=32, dropout=0,
    resamp_with_conv=True, num_classes=0, num_heads=1, num_head_channels=0, scale_shift=False, resblock_updown=False, num_timesteps=1000,
)
CASES = {
    "improved-all": (dict(BASE, kind="improved", out_channels=6, num_classes=3, num_heads=4, scale_shift=True, resblock_updown=True), [0.0, 250.5, 999.0], [0, 2, 1]),
    "improved-pool": (dict(BASE, kind="improved", num_head_channels=16, resamp_with_conv=False, scale_shift=True), [3.0, 740.0], None),
    "improved-conv": (dict(BASE, kind="improved", num_classes=2), [3.0, 740.0], [1, 0]),
    "zoubohao": (dict(BASE, kind="zoubohao"), [0, 250, 999], None),
    "zoubohao-conditional": (dict(BASE, kind="zoubohao-conditional", num_classes=3, num_timesteps=20, attn=[]), [0, 7, 19], [2, 3, 0]),
}
print(json.dumps({"meta": {"about": __doc__.strip()}, "cases": {name: run(*case) for name, case in CASES.items()}}))
