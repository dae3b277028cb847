'''The Frechet distance by scipy's square root of a matrix: pytorch-fid's own function where that package is installed, its
formula otherwise. Usage: scipy_distance.py   reads `A.npz B.npz` a line, answers with {"seconds": ..., "distance": ...}.
Needs: pip install scipy; pip install --no-deps pytorch-fid.'''
import ast, importlib.util, json, sys, time
import numpy as np
from scipy import linalg

def formula(mu1, s1, mu2, s2):
    root = linalg.sqrtm(s1 @ s2)
    if np.iscomplexobj(root): root = root.real
    return (mu1 - mu2) @ (mu1 - mu2) + np.trace(s1) + np.trace(s2) - 2 * np.trace(root)

def pytorch_fid():
    '''The function alone: the module around it would import PyTorch, which the function does not use.'''
    package = importlib.util.find_spec('pytorch_fid')
    if package is None: return formula
    source = open(f'{package.submodule_search_locations[0]}/fid_score.py').read()
    name = 'calculate_frechet_distance'
    found = [node for node in ast.parse(source).body if getattr(node, 'name', '') == name]
    scope = {'np': np, 'linalg': linalg}
    exec(compile(ast.Module(found, []), 'fid_score.py', 'exec'), scope)
    return scope[name]

distance_of = pytorch_fid()
print(json.dumps({'scipy': __import__('scipy').__version__, 'by': distance_of.__name__}), flush=True)
for line in sys.stdin:
    files = line.split()
    if len(files) != 2: break
    (mu1, s1), (mu2, s2) = [(f['mu'], f['sigma']) for f in map(np.load, files)]
    start = time.perf_counter()
    distance = distance_of(mu1, s1, mu2, s2)
    print(json.dumps({'seconds': time.perf_counter() - start, 'distance': float(distance)}), flush=True)
