"""Reads the newest whole checkpoint of a directory. Written from FORMAT.md alone, with the standard library only.

usage: read_checkpoint.py DIRECTORY
Prints one JSON document: name, globalStep, digest (recomputed), skipped, and a sum over each part's tensors.
"""
import array
import hashlib
import json
import os
import re
import struct
import sys


class Damaged(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def candidates(store):
    names = os.listdir(store)
    found = []
    for name in names:
        match = re.fullmatch(r"(step-(\d{8,}))(\.replaced-.*)?", name)
        if match and (match[3] is None or match[1] not in names):
            found.append((int(match[2]), name))
    return [name for _, name in sorted(found, reverse=True)]


def read_bytes(path, shown):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Damaged(f"{shown} is missing")


def read_manifest(directory):
    raw = read_bytes(os.path.join(directory, "manifest.json"), "manifest.json")
    at = raw.rfind(b'"manifestSha256"')
    ending = re.fullmatch(rb'"manifestSha256": "([0-9a-f]{64})"\n\}\n', raw[at:]) if at >= 0 else None
    if not ending or ending[1].decode() != sha256(raw[:at]):
        raise Damaged("manifest.json is not what its hash says")
    manifest = json.loads(raw)
    if manifest["format"] != "ddpm-fleet checkpoint":
        raise Damaged("manifest.json is of something else")
    if manifest["formatVersion"] not in (1, 2):
        sys.exit(f"format version {manifest['formatVersion']} is not known here")
    return manifest


def read_tensors(directory, record):
    """name -> (shape, bytes) of one file, after its size and hash are checked."""
    data = read_bytes(os.path.join(directory, *record["path"].split("/")), record["path"])
    if len(data) != record["sizeBytes"] or sha256(data) != record["sha256"]:
        raise Damaged(f"{record['path']} is not what the manifest says")
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__")
    body = data[8 + length :]
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        assert entry["dtype"] == "F32"
        tensors[name] = (entry["shape"], body[start:end])
    return tensors


def average(record):
    return f"std-{record['relativeStd']}" if "relativeStd" in record else record.get("decay")


def read_parts(directory, manifest):
    parts = {}
    for record in manifest["files"]:
        part = parts.setdefault((record["part"], average(record)), {})
        for name, tensor in read_tensors(directory, record).items():
            if name in part:
                raise Damaged(f"tensor {name} stands twice")
            part[name] = tensor
    return parts


def layout_hash(params):
    lines = (p["name"].encode() + b"\0" + ",".join(map(str, p["shape"])).encode() + b"\n" for p in params)
    return sha256(b"".join(lines))


def digest(manifest, parts):
    params = manifest["layout"]["params"]
    hashed = hashlib.sha256(struct.pack("<Q", manifest["globalStep"]))

    def add(part, prefix=""):
        for param in params:
            shape, data = parts[part][prefix + param["name"]]
            if shape != param["shape"]:
                raise Damaged(f"tensor {param['name']} has shape {shape}")
            hashed.update((prefix + param["name"]).encode() + b"\0" + data)

    add(("params", None))
    add(("optimizer", None), "m/")
    add(("optimizer", None), "v/")
    for entry in manifest["derived"]:
        shape, data = parts["derived", None][entry["name"]]
        assert shape == [entry["length"]]
        hashed.update(entry["name"].encode() + b"\0" + data)
    for decay in manifest["emas"]:
        add(("ema", decay))
    for std in manifest.get("powerEmas", []):
        add(("ema", f"std-{std}"))
    return hashed.hexdigest()


def read_checkpoint(directory):
    manifest = read_manifest(directory)
    if layout_hash(manifest["layout"]["params"]) != manifest["layout"]["hash"]:
        raise Damaged("the layout is not the one of its hash")
    parts = read_parts(directory, manifest)
    if digest(manifest, parts) != manifest["digest"]:
        raise Damaged("the digest is not what the manifest says")
    return manifest, parts


def sum_of(part):
    total = 0.0
    for _, data in part.values():
        values = array.array("f")
        values.frombytes(data)
        if sys.byteorder == "big":
            values.byteswap()
        total += sum(values)
    return total


def main(store):
    skipped = []
    for name in candidates(store):
        try:
            manifest, parts = read_checkpoint(os.path.join(store, name))
        except Damaged as problem:
            skipped.append(f"{name}: {problem}")
            continue
        sums = {part + ("" if ema is None else f"-{ema}"): sum_of(p) for (part, ema), p in parts.items()}
        step = manifest["globalStep"]
        print(json.dumps({"name": name, "globalStep": step, "digest": digest(manifest, parts), "skipped": skipped, "sums": sums}))
        return
    sys.exit("no checkpoint can be used: " + "; ".join(skipped))


if __name__ == "__main__":
    main(sys.argv[1])
