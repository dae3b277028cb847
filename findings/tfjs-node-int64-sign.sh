#!/usr/bin/env bash
# tfjs-node hands int32 numbers to the int64 inputs of a SavedModel without their sign: it writes each into the lower half of
# 8 bytes and leaves the upper half 0, so that -1 arrives as 4294967295. Its own Int64Scalar does it right.
#
# Needs bash, node and npm, 300 MB of disk; no TensorFlow is fetched. Takes half a minute.
# Versions: @tensorflow/tfjs-node 4.22.0.
# Expected: -1, -128 and 7 are these numbers as int64.
# Seen on 2026-11-28 (Node 20.20.2): int64: [ 4294967295n, 4294967168n, 7n ]
# Exits with 0 while tfjs-node does so, 1 when it does not any more.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-node@4.22.0
# What saved_model.ts calls for an input of type DT_INT64, before the bytes go to TensorFlow as they are.
node --eval "
const { encodeInt32ArrayAsInt64 } = require('@tensorflow/tfjs-node/dist/int64_tensors');
const numbers = new BigInt64Array(encodeInt32ArrayAsInt64(Int32Array.of(-1, -128, 7)).buffer);
console.log('int64:', [...numbers]);
process.exit(numbers[0] === 4294967295n && numbers[2] === 7n ? 0 : 1);
"
