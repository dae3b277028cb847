export default {
  // zeromq sockets abort the process when a worker thread is terminated with a receive pending.
  workerThreads: false,
  files: ['packages/*/dist/test/**/*.test.js', 'dist/test/**/*.test.js', 'test/dist/**/*.test.js'],
  timeout: '5m',
};
