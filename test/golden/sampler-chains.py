"""Whole chains of every sampler on a fixed eps function, in float64, by the papers' formulas and nothing else.

Usage: python3 sampler-chains.py > sampler-chains.json   (standard library only)
"""
import json
import statistics
from math import cos, exp, log, sin, sqrt

IMAGES, VALUES, T = 2, 6, 1000
BETAS = [1e-4 + (0.02 - 1e-4) * i / (T - 1) for i in range(T)]
AC = []
for _b in BETAS:
    AC.append((AC[-1] if AC else 1.0) * (1 - _b))


def eps(x, t, label=0):
    """Any smooth function of x, t and a label does; this one leaves [-1, 1] often enough for clipping to matter."""
    return [0.8 * sin(1.3 * v + 0.002 * t + 0.5 * label) + 0.3 * cos(0.7 * x[j - 1]) for j, v in enumerate(x)]


def noise(image, index):
    return [1.2 * sin(12.9898 * (index + 1) + 78.233 * (j + 1) + 3.7 * image) for j in range(VALUES)]


def start(image):
    return [1.5 * cos(1.7 * j + 2.1 * image) for j in range(VALUES)]


def quarters(path):
    """x after a quarter, half, three quarters and all of the steps: a chain forgets where it came from."""
    return [path[len(path) * k // 4 - 1] for k in (1, 2, 3, 4)]


def clip(values):
    return [min(1.0, max(-1.0, v)) for v in values]


def threshold(values, q):
    ordered = sorted(abs(v) for v in values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    s = max(1.0, ordered[low] * (1 - (place - low)) + ordered[high] * (place - low))
    return [min(s, max(-s, v)) / s for v in values]


def guided(scale, phi):
    def predict(x, t):
        c, u = eps(x, t, 1), eps(x, t, 0)
        g = [b + scale * (a - b) for a, b in zip(c, u)]
        factor = statistics.pstdev(c) / statistics.pstdev(g)
        return [phi * v * factor + (1 - phi) * v for v in g]

    return predict


def x_start(x, e, ac):
    return [(v - sqrt(1 - ac) * w) / sqrt(ac) for v, w in zip(x, e)]


def ancestral(steps, variance, predict=eps, limit=clip):
    """Ho et al. 2020, algorithm 2, on the betas of the chain that keeps `steps`; the model hears the original t."""

    def run(image):
        x, path = start(image), []
        for index in reversed(range(len(steps))):
            t = steps[index]
            ac, prev = AC[t], AC[steps[index - 1]] if index else 1.0
            beta = 1 - ac / prev
            guess = limit(x_start(x, predict(x, t), ac))
            mean = [
                sqrt(prev) * beta / (1 - ac) * g + sqrt(1 - beta) * (1 - prev) / (1 - ac) * v for g, v in zip(guess, x)
            ]
            var = 0.0 if index == 0 else beta if variance == "fixedLarge" else beta * (1 - prev) / (1 - ac)
            x = [m + sqrt(var) * n for m, n in zip(mean, noise(image, index))]
            path.append(x)
        return quarters(path)

    return run


def ddim(steps, eta, predict=eps, limit=clip):
    """Song et al. 2021, eq. 12, with eps taken again from the clipped x_0."""

    def run(image):
        x, path = start(image), []
        for index in reversed(range(len(steps))):
            t = steps[index]
            ac, prev = AC[t], AC[steps[index - 1]] if index else 1.0
            guess = limit(x_start(x, predict(x, t), ac))
            e = [(v - sqrt(ac) * g) / sqrt(1 - ac) for v, g in zip(x, guess)]
            sigma = eta * sqrt((1 - prev) / (1 - ac)) * sqrt(1 - ac / prev)
            x = [
                sqrt(prev) * g + sqrt(max(0.0, 1 - prev - sigma**2)) * w + sigma * n
                for g, w, n in zip(guess, e, noise(image, index))
            ]
            path.append(x)
        return quarters(path)

    return run


def dpm_solver(steps, predict=eps, limit=clip):
    """Lu et al. 2022, algorithm 2 (DPM-Solver++ 2M); the last step, to sigma 0, is the data prediction."""
    lam = lambda ac: log(sqrt(ac) / sqrt(1 - ac))

    def run(image):
        x, before, h_before, path = start(image), None, None, []
        for index in reversed(range(len(steps))):
            t = steps[index]
            guess = limit(x_start(x, predict(x, t), AC[t]))
            if index == 0:
                return quarters([*path, guess])
            ac, to = AC[t], AC[steps[index - 1]]
            h = lam(to) - lam(ac)
            d = guess
            if before is not None:
                r = h_before / h
                d = [(1 + 1 / (2 * r)) * g - 1 / (2 * r) * b for g, b in zip(guess, before)]
            x = [sqrt(1 - to) / sqrt(1 - ac) * v - sqrt(to) * (exp(-h) - 1) * w for v, w in zip(x, d)]
            before, h_before = guess, h
            path.append(x)

    return run


def even(count):
    """Both ends of the chain and what lies evenly between, halves to the even number."""
    return [round(i * (T - 1) / (count - 1)) for i in range(count)]


def main():
    whole = list(range(T))
    chains = [
        ({"sampler": "ddpm", "variance": "fixedSmall"}, ancestral(whole, "fixedSmall")),
        ({"sampler": "ddpm", "variance": "fixedLarge"}, ancestral(whole, "fixedLarge")),
        ({"sampler": "ddpm", "variance": "fixedSmall", "sampleSteps": 40}, ancestral(even(40), "fixedSmall")),
        ({"sampler": "ddpm", "variance": "fixedLarge", "sampleSteps": 40}, ancestral(even(40), "fixedLarge")),
        (
            {"sampler": "ddpm", "variance": "fixedSmall", "sampleSteps": 50, "spacing": "ddim50"},
            ancestral(whole[::20], "fixedSmall"),
        ),
        ({"sampler": "ddim", "sampleSteps": 50}, ddim(even(50), 0)),
        ({"sampler": "ddim", "sampleSteps": 50, "eta": 0.6}, ddim(even(50), 0.6)),
        ({"sampler": "ddim", "sampleSteps": 50, "eta": 1}, ddim(even(50), 1)),
        ({"sampler": "dpmSolver", "sampleSteps": 20}, dpm_solver(even(20))),
        (
            {"sampler": "dpmSolver", "sampleSteps": 20, "guidance": 4, "rescale": 0.7},
            dpm_solver(even(20), guided(4, 0.7)),
        ),
        (
            {"sampler": "ddim", "sampleSteps": 25, "guidance": 2.5, "rescale": 0},
            ddim(even(25), 0, guided(2.5, 0)),
        ),
        (
            {"sampler": "ddim", "sampleSteps": 25, "threshold": 0.8},
            ddim(even(25), 0, limit=lambda v: threshold(v, 0.8)),
        ),
        (
            {"sampler": "ddpm", "variance": "fixedSmall", "sampleSteps": 25, "guidance": 4, "rescale": 0.5, "threshold": 0.9},
            ancestral(even(25), "fixedSmall", guided(4, 0.5), lambda v: threshold(v, 0.9)),
        ),
    ]
    out = [{**options, "images": [run(image) for image in range(IMAGES)]} for options, run in chains]
    print(json.dumps({"about": "made by sampler-chains.py", "values": VALUES, "chains": out}, indent=1))


if __name__ == "__main__":
    main()
