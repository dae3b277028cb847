// `npm run survival`: what takes minutes. Each row of "What survives what", with real processes and real sockets.
export default {
  workerThreads: false,
  concurrency: 1,
  files: ['packages/*/dist/test/survival/**/*.survival.js', 'test/dist/survival/**/*.survival.js'],
  timeout: '15m',
};
