import { ERRORS, type ErrorCode } from './codes.js';

/**
 * An error that a user can act on: a code from the one table of errors, a message that names the place and
 * the remedy, and the process exit code that goes with it. Anything else that is thrown is a bug of ours.
 */
export class FleetError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: number;
  readonly isTransient: boolean;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FleetError';
    this.code = code;
    this.exitCode = ERRORS[code].exitCode;
    this.isTransient = ERRORS[code].isTransient ?? false;
  }
}

/**
 * Builds the error of `code`, with `{name}` in the table's message replaced by `values.name`.
 * @param values what the message names; every placeholder of the message must be given
 */
export function fleetError(
  code: ErrorCode,
  values: Record<string, unknown> = {},
  options?: ErrorOptions,
): FleetError {
  const message = ERRORS[code].message.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (!(name in values)) throw new Error(`${code}: no value for {${name}}`);
    return String(values[name]);
  });
  return new FleetError(code, message, options);
}

export function isFleetError(error: unknown, code?: ErrorCode): error is FleetError {
  return error instanceof FleetError && (code === undefined || error.code === code);
}
