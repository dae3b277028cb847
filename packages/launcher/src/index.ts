export { lastWords } from './lastWords.js';
export { driverConformance, type ConformanceTest } from './conformance/driver.js';
export type { FleetSignal, LauncherDriver, ProcessExit, RunningProcess } from './driver.js';
export { byRole } from './drivers/byRole.js';
export { localDriver, type LocalDriverOptions } from './drivers/local.js';
export { remoteDriver, type Reach, type RemoteDriverOptions } from './drivers/remote.js';
export { explainSsh, sshDriver, sshReach, type SshOptions } from './drivers/ssh.js';
export { explainSrun, slurmAllocation, slurmDriver, srunReach, type Allocation } from './drivers/slurm.js';
export { clusterManifests, keySecret } from './kubernetes/manifests.js';
export type { ClusterRequest, Manifest } from './kubernetes/request.js';
export { batchScript, type BatchRequest } from './slurm/script.js';
export { visibleGpus, type AskCuda, type CudaAnswer, type CudaDevice, type GpuId } from './gpus.js';
export { readHosts, type HostLine } from './hosts.js';
export { keyFilesIn, makeKeys, newKeys, type KeyFiles } from './keys.js';
export { launch, type Launch, type LaunchEnd, type LaunchEvent, type LaunchOptions } from './launch.js';
export {
  planLaunch,
  type Device,
  type LaunchPlan,
  type LaunchRequest,
  type ProcessSpec,
  type Rendezvous,
  type Role,
} from './launchPlan.js';
export { defaultWorkers, localResources, type HostResources } from './resources.js';
export { obeySignals } from './signals.js';
export { backoffMs, beginSupervision, nextWake, supervise } from './supervise.js';
export {
  ExitCode,
  type Decision,
  type LaunchOutcome,
  type ProcessState,
  type ProcessStatus,
  type Supervised,
  type Supervision,
  type SupervisionEvent,
  type SupervisionPolicy,
} from './supervision.js';
