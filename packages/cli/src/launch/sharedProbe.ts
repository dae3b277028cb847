/** Where a host answers a probe in a shared directory; the probe itself for ''. */
export function answerFile(probe: string, host: string): string {
  return host === '' ? probe : `${probe}-${host.replace(/[^\w.-]/g, '-')}`;
}
