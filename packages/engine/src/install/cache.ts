import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OPERATIONS_VERSION, TFJS_VERSION } from './versions.js';

export type EngineVariant = 'cpu' | 'cuda';

/** What `engine.json` of an installed engine says. Paths in it are relative to the install. */
export interface InstallRecord {
  readonly format: 1;
  /** Of libtensorflow. */
  readonly version: string;
  readonly variant: EngineVariant;
  /** `linux-x64`, `linux-arm64`, `darwin-arm64`. */
  readonly platform: string;
  /** The tfjs-node-gpu that the addon was built from. */
  readonly tfjsVersion: string;
  readonly napiVersion: number;
  /** The operations that the addon was built with; absent in installs from before there were any. */
  readonly operations?: number;
  /** Where libtensorflow came from, in words. */
  readonly source: string;
  readonly installedAt: string;
  readonly addon: string;
  /** Directories that must be on the loader's path before a process starts: the CUDA libraries. */
  readonly libraryDirs: readonly string[];
  readonly sizeBytes: number;
}

export interface InstalledEngine extends InstallRecord {
  readonly dir: string;
  readonly addonPath: string;
}

const RECORD_FILE = 'engine.json';

/** `DDPM_FLEET_HOME`, or `~/.cache/ddpm-fleet`. */
export function fleetHome(): string {
  return process.env['DDPM_FLEET_HOME'] || join(homedir(), '.cache', 'ddpm-fleet');
}

export function enginesDir(): string {
  return join(fleetHome(), 'engines');
}

export function thisPlatform(): string {
  return `${process.platform}-${process.arch}`;
}

/** The directory name of an install: whatever would make another binary is in it. */
export function engineKey(version: string, variant: EngineVariant): string {
  return `tensorflow-${version}-${variant}-${thisPlatform()}-tfjs-${TFJS_VERSION}`;
}

/** The engine in `dir`, or undefined where there is none for this platform and this tfjs. */
export function readInstalled(dir: string): InstalledEngine | undefined {
  let record: InstallRecord;
  try {
    record = JSON.parse(readFileSync(join(dir, RECORD_FILE), 'utf8')) as InstallRecord;
  } catch {
    return undefined;
  }
  const fits =
    record.format === 1 && record.platform === thisPlatform() && record.tfjsVersion === TFJS_VERSION;
  const addonPath = join(dir, record.addon ?? '');
  return fits && existsSync(addonPath) ? { ...record, dir, addonPath } : undefined;
}

/** An engine with other operations works, and is slower: installing anew replaces it. */
export function isCurrent({ operations }: InstalledEngine): boolean {
  return operations === OPERATIONS_VERSION;
}

export function recordPath(dir: string): string {
  return join(dir, RECORD_FILE);
}

/** Every engine that this checkout could load, the best first: CUDA before CPU, newer before older. */
export function installedEngines(): InstalledEngine[] {
  const dir = enginesDir();
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('tensorflow-')) : [];
  const engines = names
    .map((name) => readInstalled(join(dir, name)))
    .filter((engine) => engine !== undefined);
  return engines.sort((a, b) => rank(b) - rank(a));
}

/** The engine that `openEngine` loads. `DDPM_FLEET_ENGINE` names another install's directory. */
export function locateEngine(variant?: EngineVariant): InstalledEngine | undefined {
  const named = process.env['DDPM_FLEET_ENGINE'];
  if (named) return readInstalled(named);
  return installedEngines().find((engine) => variant === undefined || engine.variant === variant);
}

function rank({ variant, version }: InstalledEngine): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => parseInt(part, 10));
  return (variant === 'cuda' ? 1e9 : 0) + major * 1e6 + minor * 1e3 + patch;
}
