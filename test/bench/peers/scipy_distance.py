'''The last trace of the Frechet distance as pytorch-fid and its kin compute it, by scipy's square root of a matrix.
Usage: scipy_distance.py   reads `A.npz B.npz` a line, answers with {"seconds": ..., "distance": ...}. Needs: pip install scipy.'''
import json, sys, time
import numpy as np
from scipy import linalg

print(json.dumps({'scipy': __import__('scipy').__version__}), flush=True)
for line in sys.stdin:
    files = line.split()
    if len(files) != 2: break
    (mu1, s1), (mu2, s2) = [(f['mu'], f['sigma']) for f in map(np.load, files)]
    start = time.perf_counter()
    root = linalg.sqrtm(s1 @ s2)
    if np.iscomplexobj(root): root = root.real
    distance = (mu1 - mu2) @ (mu1 - mu2) + np.trace(s1) + np.trace(s2) - 2 * np.trace(root)
    print(json.dumps({'seconds': time.perf_counter() - start, 'distance': float(distance)}), flush=True)
