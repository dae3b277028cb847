export { driverConformance, type ConformanceTest } from './conformance/driver.js';
export type { FleetSignal, LauncherDriver, ProcessExit, RunningProcess } from './driver.js';
export { localDriver, type LocalDriverOptions } from './drivers/local.js';
export { launch, type Launch, type LaunchEnd, type LaunchEvent, type LaunchOptions } from './launch.js';
export {
  planLaunch,
  type Device,
  type LaunchPlan,
  type LaunchRequest,
  type ProcessSpec,
  type Role,
} from './plan.js';
export { defaultWorkers, localResources, visibleGpus, type HostResources } from './resources.js';
export { obeySignals } from './signals.js';
export { backoffMs, beginSupervision, nextWake, supervise } from './supervise.js';
export {
  ExitCode,
  type Decision,
  type Outcome,
  type ProcessState,
  type ProcessStatus,
  type Supervised,
  type Supervision,
  type SupervisionEvent,
  type SupervisionPolicy,
} from './supervision.js';
