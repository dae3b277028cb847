/**
 * Every error a user can meet. `exitCode`: 2 the input was wrong, 1 something failed at run time.
 * Messages name the place and end with the remedy. Sections are in the order of the packages.
 */
const table = {
  // core
  DDPM_ERR_LAYOUT_MISMATCH: {
    exitCode: 2,
    message: 'the parameter layouts differ: {detail}. Use the config that the weights were trained with.',
  },
  // config
  // engine
  // data
  // checkpoint
  // transport, protocol, coordinator, worker
  // launcher, cli
} as const satisfies Record<string, { exitCode: 1 | 2; message: string }>;

export type ErrorCode = keyof typeof table;

export const ERRORS: Record<ErrorCode, { exitCode: 1 | 2; message: string }> = table;
