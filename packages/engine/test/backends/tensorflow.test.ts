import test from 'ava';
import { engineConformance, openEngine } from '../../src/index.js';
import { ensureInstalled } from '../installed.js';

async function open(): ReturnType<typeof openEngine> {
  await ensureInstalled();
  return openEngine({ kind: 'tensorflow', compiled: false, precision: 'float32', threads: 1 });
}

engineConformance(test.serial, open, true);
