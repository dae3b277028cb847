import { coordinatorJob } from './coordinatorJob.js';
import { labels, metadata, PORT, type ClusterRequest, type Manifest } from './request.js';
import { workerJob } from './workerJob.js';

/** Everything but the Secret, which is not for printing. */
export function clusterManifests(request: ClusterRequest): Manifest[] {
  return [
    configMap(request),
    volumeClaim(request),
    service(request),
    coordinatorJob(request),
    workerJob(request),
  ];
}

/** @param files name of each key file -> its content */
export function keySecret(request: ClusterRequest, files: Readonly<Record<string, string>>): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(request, 'keys'),
    type: 'Opaque',
    stringData: files,
  };
}

function configMap(request: ClusterRequest): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(request, 'config'),
    data: { 'config.yaml': request.config },
  };
}

function volumeClaim(request: ClusterRequest): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(request, 'run'),
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(request.storageClass === undefined ? {} : { storageClassName: request.storageClass }),
      resources: { requests: { storage: request.storage } },
    },
  };
}

/** Headless: workers keep one connection each, and the name resolves before the coordinator is ready. */
function service(request: ClusterRequest): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(request, 'coordinator'),
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: labels(request, 'coordinator'),
      ports: [
        { name: 'control', port: PORT },
        { name: 'data', port: PORT + 1 },
      ],
    },
  };
}
