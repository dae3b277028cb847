import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { PeerChild } from '../../src/bench/child.js';

for (const [name, python] of [
  ['is not there', '/nowhere/python'],
  ['cannot run the script', process.execPath],
] as const) {
  test(`a Python that ${name} is one error that names it`, async (t) => {
    const error = await t.throwsAsync(new PeerChild(python, ['no_such_script.py'], {}).answer());
    t.true(isFleetError(error, 'DDPM_ERR_BENCH_PYTORCH'), String(error));
    t.true(error!.message.includes(python));
  });
}
