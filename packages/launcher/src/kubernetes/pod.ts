/** Parts that both kinds of pod have. */

/** The user that the image makes. */
const USER = 10_001;

export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
};

/** A pod that was told to go is no failure; one that was refused for good will be refused again. */
export const FAILURE_POLICY = {
  rules: [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [143] } },
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [2] } },
  ],
};

/** The group of the pod may read: the volume belongs to root. */
export function keyVolume(name: string, files: readonly string[]) {
  return {
    name: 'keys',
    secret: {
      secretName: `${name}-keys`,
      defaultMode: 0o440,
      items: files.map((file) => ({ key: file, path: file })),
    },
  };
}

export function dataVolume(data: { claim: string; path: string } | undefined) {
  return {
    volumes: data ? [{ name: 'data', persistentVolumeClaim: { claimName: data.claim, readOnly: true } }] : [],
    mounts: data ? [{ name: 'data', mountPath: data.path, readOnly: true }] : [],
  };
}
