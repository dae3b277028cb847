// `npm run survival`: what takes minutes. Each row of "What survives what", with real processes and real sockets.
export default {
  workerThreads: false,
  concurrency: 1,
  // Of what npm test leaves out, the rest: it goes by this variable.
  environmentVariables: { DDPM_TEST_LONG: '1' },
  files: [
    'packages/*/dist/test/survival/**/*.survival.js',
    'test/dist/survival/**/*.survival.js',
    'packages/worker/dist/test/integration/survival.test.js',
    'packages/engine/dist/test/install/interrupted.test.js',
    'test/dist/e2e/derivedState.test.js',
  ],
  timeout: '15m',
};
