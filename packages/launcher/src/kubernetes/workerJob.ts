import { CONTAINER_SECURITY, dataVolume, FAILURE_POLICY, keyVolume, POD_SECURITY } from './pod.js';
import { labels, metadata, PORT, type ClusterRequest, type Manifest } from './request.js';

/** A worker hands its slots back and leaves: seconds at most. */
const GRACE_SECONDS = 30;

/**
 * An Indexed Job: one index a worker, whose name is stable over restarts. A worker that is told to leave exits with
 * 143 here, because Kubernetes takes 0 for the end of its index and would not start it elsewhere.
 */
export function workerJob(request: ClusterRequest): Manifest {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(request, 'worker'),
    spec: {
      completionMode: 'Indexed',
      completions: request.workers,
      parallelism: request.workers,
      backoffLimitPerIndex: 20,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: FAILURE_POLICY,
      template: {
        metadata: { labels: labels(request, 'worker') },
        spec: podSpec(request),
      },
    },
  };
}

function podSpec(request: ClusterRequest) {
  const data = dataVolume(request.data);
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: POD_SECURITY,
    containers: [container(request, data.mounts)],
    volumes: [keyVolume(request.name, ['worker.json']), ...data.volumes],
  };
}

function container(request: ClusterRequest, dataMounts: readonly object[]) {
  const { name, gpu, threads, workerMemory } = request;
  return {
    name: 'worker',
    image: request.image,
    args: [
      ...['worker', '--join', `tcp://${name}-coordinator:${PORT}`, '--key-file', '/keys/worker.json'],
      ...['--id', 'worker-$(WORKER_INDEX)', '--threads', String(threads)],
    ],
    env: [
      {
        name: 'WORKER_INDEX',
        valueFrom: {
          fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" },
        },
      },
      { name: 'DDPM_FLEET_LEFT_EXIT_CODE', value: '143' },
    ],
    resources: {
      requests: { cpu: String(threads), memory: workerMemory },
      limits: { memory: workerMemory, ...(gpu ? { 'nvidia.com/gpu': '1' } : {}) },
    },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [{ name: 'keys', mountPath: '/keys', readOnly: true }, ...dataMounts],
  };
}
