// The conformance suite of launcher drivers, with Slurm's: what test.mjs runs inside an allocation.
import { driverConformance, slurmAllocation, slurmDriver } from '@ddpm-fleet/launcher';

const allocation = slurmAllocation(process.env);
const node = process.argv[2];
const cases = [];
driverConformance(
  (title, body) => cases.push([title, body]),
  async () => slurmDriver(allocation, { graceMs: 1000 }),
  node,
);
let failed = 0;
for (const [title, body] of cases) {
  try {
    await body({ pass() {} });
    console.log(`ok  ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${title}: ${error.message}`);
  }
}
console.log(`${cases.length - failed} of ${cases.length} conform`);
process.exitCode = failed > 0 ? 1 : 0;
