import type { Role } from '../launchPlan.js';
import type { FleetSignal } from '../driver.js';

/** The first line that an agent reads: what to run. Keys travel here, and nowhere that others can read. */
export interface StartRequest {
  readonly role: Role;
  /** Arguments of node, on the agent's host. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly graceMs: number;
}

/** Every later line. A beat says no more than that the launcher lives. */
export type AgentCommand =
  { readonly type: 'signal'; readonly signal: FleetSignal } | { readonly type: 'beat' };

/** What an agent says on stderr, one JSON line each behind `REPORT_MARK`; everything else there is not its own. */
export type AgentReport =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly type: 'failed'; readonly reason: string };

export const REPORT_MARK = '\u0001ddpm-fleet ';

export const BEAT_MS = 3000;
/** Silence after which an agent takes its launcher for dead: a cut cable closes no connection. */
export const SILENCE_MS = 20_000;

export function parseReport(line: string): AgentReport | undefined {
  if (!line.startsWith(REPORT_MARK)) return undefined;
  return JSON.parse(line.slice(REPORT_MARK.length)) as AgentReport;
}
