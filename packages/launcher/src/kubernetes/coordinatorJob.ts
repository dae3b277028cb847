import { shellWord } from '@ddpm-fleet/core';
import { CONTAINER_SECURITY, dataVolume, FAILURE_POLICY, keyVolume, POD_SECURITY } from './pod.js';
import { labels, metadata, PORT, type ClusterRequest, type Manifest } from './request.js';

/** What a checkpoint on its way to the volume may take beyond the run's own grace. */
const MARGIN_SECONDS = 30;

/**
 * A Job, not a StatefulSet: a run ends. `launch --workers 0` prepares the run, or goes on with the one on the volume,
 * and supervises the coordinator.
 */
export function coordinatorJob(request: ClusterRequest): Manifest {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(request, 'coordinator'),
    spec: {
      backoffLimit: 20,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: FAILURE_POLICY,
      template: {
        metadata: { labels: labels(request, 'coordinator') },
        spec: podSpec(request),
      },
    },
  };
}

function podSpec(request: ClusterRequest) {
  const data = dataVolume(request.data);
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: request.graceSeconds + MARGIN_SECONDS,
    securityContext: POD_SECURITY,
    containers: [container(request, data.mounts)],
    volumes: [
      { name: 'run', persistentVolumeClaim: { claimName: `${request.name}-run` } },
      { name: 'config', configMap: { name: `${request.name}-config` } },
      keyVolume(request.name, ['coordinator.json', 'worker.json', 'reader.json']),
      ...data.volumes,
    ],
  };
}

function container(request: ClusterRequest, dataMounts: readonly object[]) {
  const steps = request.steps === undefined ? [] : ['--steps', String(request.steps)];
  return {
    name: 'coordinator',
    image: request.image,
    args: [
      ...['launch', '/config/config.yaml', '--run-dir', `/runs/${request.name}`, '--resume', 'auto-or-new'],
      ...[
        '--workers',
        '0',
        '--port',
        String(PORT),
        '--set',
        'fleet.bind=0.0.0.0',
        '--keys',
        '/keys',
        ...steps,
      ],
    ],
    ports: [
      { name: 'control', containerPort: PORT },
      { name: 'data', containerPort: PORT + 1 },
    ],
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '4Gi' } },
    securityContext: CONTAINER_SECURITY,
    ...probes(request),
    // A checkpoint before the grace period begins: what follows then costs little.
    lifecycle: { preStop: { exec: { command: ['sh', '-c', 'kill -USR1 1; sleep 2'] } } },
    volumeMounts: [
      { name: 'run', mountPath: '/runs' },
      { name: 'config', mountPath: '/config', readOnly: true },
      { name: 'keys', mountPath: '/keys', readOnly: true },
      ...dataMounts,
    ],
  };
}

/**
 * The coordinator writes live.json twice a second. A TCP probe would knock at an encrypted port and be logged as
 * somebody who has no key.
 */
function probes({ name }: ClusterRequest) {
  const file = shellWord(`/runs/${name}/live.json`);
  const exec = (seconds: number) => ({
    command: ['sh', '-c', `test $(($(date +%s) - $(stat -c %Y ${file}))) -lt ${seconds}`],
  });
  return {
    startupProbe: { exec: exec(10), periodSeconds: 5, failureThreshold: 120 },
    readinessProbe: { exec: exec(10), periodSeconds: 5 },
    livenessProbe: { exec: exec(60), periodSeconds: 20, failureThreshold: 3 },
  };
}
