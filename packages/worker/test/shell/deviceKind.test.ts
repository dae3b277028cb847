import test from 'ava';
import type { EngineDescription } from '@ddpm-fleet/engine';
import { deviceKind } from '../../src/shell/deviceKind.js';

const CPU: EngineDescription = {
  kind: 'tensorflow',
  version: '2.21.0+ops1',
  device: 'cpu',
  threads: 1,
  compiled: true,
  precision: 'float32',
};

test('a CPU is known by its model, a GPU by its name and driver, wasm by its version alone', (t) => {
  t.regex(deviceKind(CPU), new RegExp(`^${process.arch} .+, tensorflow 2\\.21\\.0\\+ops1$`));
  t.is(deviceKind(CPU), deviceKind({ ...CPU }));
  t.not(deviceKind(CPU), deviceKind({ ...CPU, version: '2.21.0' }));
  t.regex(deviceKind({ ...CPU, device: 'NVIDIA H100' }), /^NVIDIA H100, driver \S+, tensorflow/);
  t.is(deviceKind({ ...CPU, kind: 'wasm', version: '4.22.0' }), 'wasm 4.22.0');
});
