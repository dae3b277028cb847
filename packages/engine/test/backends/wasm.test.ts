import test from 'ava';
import { engineConformance, openEngine } from '../../src/index.js';

const open = (): ReturnType<typeof openEngine> =>
  openEngine({ kind: 'wasm', compiled: false, precision: 'float32', threads: 1 });

engineConformance(test.serial, open, true);
