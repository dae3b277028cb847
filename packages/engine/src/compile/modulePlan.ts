import type { TensorSpec } from '../engine.js';

/** A tensor that a session is fed with or asked for. */
export interface Port {
  readonly name: string;
  /** `node:index` */
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly dtype: TensorSpec['dtype'] | 'bool';
}

export interface ProgramPlan {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Fetched to make the program's assigns happen; absent when it has none. */
  readonly done?: string;
}

/** How a module's programs are run by name in its session; plain data, so that it can be cached beside the graph. */
export interface ModulePlan {
  readonly programs: Readonly<Record<string, ProgramPlan>>;
  readonly variables: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Access to one variable by its index in `variables`: one session signature for all of them. */
  readonly access: VariableAccess;
}

export interface VariableAccess {
  readonly index: string;
  readonly value: string;
  readonly read: string;
  readonly written: string;
  /** Fetched once after loading: makes every variable zero. */
  readonly initialised: string;
}

export interface CompiledModule {
  readonly plan: ModulePlan;
  readonly graphDef: Uint8Array;
  /** What a call of the program needs beside the variables, at most. */
  memoryOf(program: string): number;
}
