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
  DDPM_ERR_CONFIG_MISSING: {
    exitCode: 2,
    message: 'cannot read the config file {file} ({reason}). Give the path of a YAML file, e.g. configs/quickstart.yaml.',
  },
  DDPM_ERR_CONFIG_SYNTAX: { exitCode: 2, message: '{file}:{line}: not valid YAML: {detail}' },
  DDPM_ERR_CONFIG_UNKNOWN_KEY: { exitCode: 2, message: '{place}: there is no setting {key}. {hint}' },
  DDPM_ERR_CONFIG_VALUE: { exitCode: 2, message: '{place}: {key} {must}, but it is {value}.' },
  DDPM_ERR_CONFIG_SET: { exitCode: 2, message: '--set {pair}: write path=value, e.g. --set train.steps=100.' },
  DDPM_ERR_BATCH: {
    exitCode: 2,
    message:
      'the batch cannot be cut into slots: batch.globalBatchSize {whole}, batch.numSlots {numSlots}, batch.slotBatchSize {slot}. globalBatchSize must be numSlots x slotBatchSize; leave one of the three out.',
  },
  DDPM_ERR_IDENTITY: {
    exitCode: 2,
    message:
      'this is another run than the one that would be resumed: {list}. Keep these settings, or start a new run in another directory (--name or --run-dir).',
  },
  // engine
  // data
  // checkpoint
  // transport, protocol, coordinator, worker
  // launcher, cli
} as const satisfies Record<string, { exitCode: 1 | 2; message: string }>;

export type ErrorCode = keyof typeof table;

export const ERRORS: Record<ErrorCode, { exitCode: 1 | 2; message: string }> = table;
