export type * from './engine.js';
export { engineConformance } from './conformance.js';
export { engineEnvironment, type EnvironmentOptions } from './environment.js';
export {
  locateEngine,
  type EngineVariant,
  type InstalledEngine,
  type InstallRecord,
} from './install/cache.js';
export { installEngine, type InstallOptions } from './install/install.js';
export { openEngine } from './open.js';
export { TFJS_VERSION } from './install/versions.js';
