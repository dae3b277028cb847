"""Numbers for the diffusion tests that ddpm.json lacks: python3 diffusion-extra.py > diffusion-extra.json

Standard library only. Written from the papers' formulas in the forms given there (DPM-Solver++ in log-SNR, the
bound as SNR differences times the minimal error, chain moments from the Gaussian posterior), which are other
forms than those of packages/diffusion, so that the two check each other.
"""

import json
import math
import statistics
from math import cos, exp, log, pi, sqrt, tanh

LN2 = log(2)


def linear(b0, b1, n):
    return [b0 + (b1 - b0) * i / (n - 1) for i in range(n)]


def cumprod(betas):
    out, product = [], 1.0
    for b in betas:
        product *= 1 - b
        out.append(product)
    return out


def sigmoid(x):
    return 1 / (1 + exp(-x))


def schedules():
    n, picks = 1000, [0, 1, 2, 250, 499, 500, 750, 998, 999]
    # Jabri et al. 2022, algorithm 1 (sigmoid): gamma(t) with start -3, end 3, tau 1, normalised to gamma(0) = 1
    gamma = [(sigmoid(3) - sigmoid(-3 + 6 * i / n)) / (sigmoid(3) - sigmoid(-3)) for i in range(n + 1)]
    sig = [min(1 - gamma[i + 1] / gamma[i], 0.999) for i in range(n)]
    warm = linear(1e-4, 0.02, 500) + [0.02] * 500
    f = [cos((i / n + 0.008) / 1.008 * pi / 2) ** 2 for i in range(n + 1)]
    cosine = [min(1 - f[i + 1] / f[i], 0.999) for i in range(n)]
    rows = {}
    for name, betas in (("sigmoid", sig), ("warmup50", warm), ("cosine", cosine)):
        ac = cumprod(betas)
        rows[name] = {
            "timesteps": picks,
            "betas": [betas[i] for i in picks],
            "alphas_cumprod": [ac[i] for i in picks],
            "sum_betas": math.fsum(betas),
        }
    return rows


def gaussian_posterior_mean(x, ac, mu, s2):
    """E[x_0 | x_t = x] for x_0 ~ N(mu, s2)."""
    precision = 1 / s2 + ac / (1 - ac)
    return (mu / s2 + sqrt(ac) * x / (1 - ac)) / precision


def chain_moments(betas, mu, s2, variance):
    """Mean and variance of the image sampled with the exact predictor of N(mu, s2), from x_T ~ N(0, 1)."""
    ac = cumprod(betas)
    mean, var = 0.0, 1.0
    for t in reversed(range(len(betas))):
        a, p, b = ac[t], ac[t - 1] if t else 1.0, betas[t]
        step = lambda x: (
            b * sqrt(p) / (1 - a) * gaussian_posterior_mean(x, a, mu, s2) + (1 - p) * sqrt(1 - b) / (1 - a) * x
        )
        offset, slope = step(0.0), step(1.0) - step(0.0)
        added = 0.0 if t == 0 else (b if variance == "fixedLarge" else b * (1 - p) / (1 - a))
        mean, var = offset + slope * mean, slope * slope * var + added
    return {"mean": mean, "variance": var}


def gaussian_bound_terms(betas, s2, variance):
    """E L_t in bits for t >= 1, data N(mu, s2), exact predictor (Kingma et al. 2021, eq. 14, for fixedSmall)."""
    ac = cumprod(betas)
    snr = [a / (1 - a) for a in ac]
    terms = []
    for t in range(1, len(betas)):
        mmse = 1 / (1 / s2 + snr[t])
        small = 0.5 * (snr[t - 1] - snr[t]) * mmse
        if variance == "fixedSmall":
            terms.append(small / LN2)
            continue
        ratio = (1 - ac[t - 1]) / (1 - ac[t])  # posterior variance over beta
        terms.append((0.5 * (ratio - 1 - log(ratio)) + small * ratio) / LN2)
    return terms


def tanh_cdf(x):
    return 0.5 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))


def decoder_bits(x, mean, log_scale):
    above = 1.0 if x > 0.999 else tanh_cdf((x - mean + 1 / 255) * exp(-log_scale))
    below = 0.0 if x < -0.999 else tanh_cdf((x - mean - 1 / 255) * exp(-log_scale))
    return -log(max(above - below, 1e-12)) / LN2


def prior_bits(x, ac):
    return 0.5 * (-1 - log(1 - ac) + (1 - ac) + ac * x * x) / LN2


def point_bound(betas, x, variance):
    """The whole bound of data that is always x, with the exact predictor."""
    ac = cumprod(betas)
    ratio = [(1 - ac[t - 1]) / (1 - ac[t]) for t in range(1, len(betas))]
    kl = [0.5 * (r - 1 - log(r)) / LN2 if variance == "fixedLarge" else 0.0 for r in ratio]
    pv1 = betas[1] * (1 - ac[0]) / (1 - ac[1])
    return {"x": x, "total": math.fsum(kl) + decoder_bits(x, x, 0.5 * log(pv1)) + prior_bits(x, ac[-1])}


def two_point_bound(betas, nodes, weights):
    """The whole bound of data that is -1 or 1 with equal odds, exact predictor, fixedSmall; noise by quadrature."""
    ac = cumprod(betas)
    snr = [a / (1 - a) for a in ac]
    pv1 = betas[1] * (1 - ac[0]) / (1 - ac[1])
    terms = []
    for t in range(len(betas)):
        a, total = ac[t], 0.0
        for z, w in zip(nodes, weights):
            x = sqrt(a) + sqrt(1 - a) * z
            guess = tanh(sqrt(a) * x / (1 - a))
            if t == 0:
                total += w * decoder_bits(1.0, guess, 0.5 * log(pv1))
            else:
                total += w * 0.5 * (snr[t - 1] - snr[t]) * (1 - guess) ** 2 / LN2
        terms.append(total)
    return {"terms": terms, "total": math.fsum(terms) + prior_bits(1.0, ac[-1])}


def trapezoid(limit, count):
    nodes = [-limit + 2 * limit * i / (count - 1) for i in range(count)]
    raw = [exp(-z * z / 2) for z in nodes]
    total = math.fsum(raw)
    return nodes, [r / total for r in raw]


def dpm_solver_pp_2m(ac, timesteps, x, predict):
    """Algorithm 2 of Lu et al. 2022 (DPM-Solver++), in lambda = log(alpha / sigma); timesteps descending."""
    lam = lambda a: 0.5 * log(a / (1 - a))
    previous, previous_h, path = None, None, []
    for i, t in enumerate(timesteps):
        a = ac[t]
        guess = predict(x, a)
        if i + 1 == len(timesteps):
            x = guess  # sigma 0: lambda is infinite and the step returns the data prediction
        else:
            b = ac[timesteps[i + 1]]
            h = lam(b) - lam(a)
            d = guess
            if previous is not None:
                r = previous_h / h
                d = (1 + 1 / (2 * r)) * guess - 1 / (2 * r) * previous
            x = sqrt((1 - b) / (1 - a)) * x - sqrt(b) * (exp(-h) - 1) * d
            previous, previous_h = guess, h
        path.append(x)
    return path


def ddim_reverse(ac, t, x, x_start):
    eps = (x / sqrt(ac[t]) - x_start) / sqrt(1 / ac[t] - 1)
    return sqrt(ac[t + 1]) * x_start + sqrt(1 - ac[t + 1]) * eps


def guidance(cond, null, scale, phi):
    guided = [u + scale * (c - u) for c, u in zip(cond, null)]
    factor = statistics.pstdev(cond) / statistics.pstdev(guided)
    return {"guided": guided, "rescaled": [phi * g * factor + (1 - phi) * g for g in guided]}


def quantile(values, q):
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (place - low)) + ordered[high] * (place - low)


def threshold(values, q, bound):
    s = min(max(quantile([abs(v) for v in values], q), 1), bound)
    return [min(max(v, -s), s) / s for v in values]


def main():
    T100 = linear(1e-3, 0.2, 100)
    T20 = linear(0.005, 0.5, 20)
    T1000 = linear(1e-4, 0.02, 1000)
    mu, s2 = 0.3, 0.16
    nodes, weights = trapezoid(8, 401)
    cond = [0.3, -1.2, 0.7, 0.1, 0.9, -0.4]
    null = [0.1, -0.2, 0.5, 0.3, -0.1, 0.2]
    values = [0.2, -3.0, 1.4, -0.9, 2.2, 0.4, -1.7, 0.8]
    ac = cumprod(T1000)
    print(json.dumps({
        "about": "made by diffusion-extra.py",
        "schedules": schedules(),
        "gaussian": {
            "beta_start": 1e-3, "beta_end": 0.2, "T": 100, "mu": mu, "s2": s2,
            "moments": {v: chain_moments(T100, mu, s2, v) for v in ("fixedSmall", "fixedLarge")},
            "terms": {v: gaussian_bound_terms(T100, s2, v) for v in ("fixedSmall", "fixedLarge")},
        },
        "point": {
            "beta_start": 1e-3, "beta_end": 0.2, "T": 100,
            "bounds": {
                v: [point_bound(T100, k / 127.5 - 1, v) for k in (0, 1, 100, 255)]
                for v in ("fixedSmall", "fixedLarge")
            },
        },
        "two_point": {
            "beta_start": 0.005, "beta_end": 0.5, "T": 20, "nodes": nodes, "weights": weights,
            **two_point_bound(T20, nodes, weights),
        },
        "dpm_solver": {
            "T": 1000, "timesteps": [999, 888, 777, 666, 555, 444, 333, 222, 111, 0],
            "mu": mu, "s2": s2, "x": 0.8,
            "path": dpm_solver_pp_2m(
                ac, list(range(999, -1, -111)), 0.8, lambda x, a: gaussian_posterior_mean(x, a, mu, s2)
            ),
        },
        "ddim_reverse": [
            {"t": t, "x": x, "x_start": x0, "value": ddim_reverse(ac, t, x, x0)}
            for t, x, x0 in ((0, 0.5, 0.45), (3, -0.9, -1.0), (700, 0.4, 0.2), (998, -1.3, 0.9))
        ],
        "guidance": {"cond": cond, "null": null, "scale": 3.5, "phi": 0.7, **guidance(cond, null, 3.5, 0.7)},
        "threshold": {
            "values": values, "quantile": 0.9, "maximum": 1.5,
            "value": threshold(values, 0.9, 1.5), "unbounded": threshold(values, 0.9, 1e9),
            "quantile_of_abs": quantile([abs(v) for v in values], 0.9),
        },
    }, indent=1))


if __name__ == "__main__":
    main()
