export { AUTO_CLASSES } from './formats.js';
export {
  assertSameIdentity,
  configYaml,
  identityHash,
  identityOf,
  type Identity,
  type IdentityFacts,
} from './identity.js';
export { emaProfiles } from './emaProfiles.js';
export { hasTerminal, outliveHangup } from './hangup.js';
export { LOG_LINES, outliveLog } from './logLines.js';
export { loadConfig, type LoadOptions } from './load.js';
export { receivedConfig } from './received.js';
export { envName, LEAVES } from './schema.js';
export type { Leaf } from './leaf.js';
export type * from './types.js';
export { checkpointLocation, runPaths, type Parent, type RunPaths, type RunRecord } from './runPaths.js';
export { learningRate, validateSchedule, type EpochLength } from './lrSchedule.js';
