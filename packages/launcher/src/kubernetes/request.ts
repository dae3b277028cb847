/** What a run on Kubernetes is made of. Resource amounts are in Kubernetes' notation, e.g. `4Gi`. */
export interface ClusterRequest {
  /** A DNS label: what objects are named after. */
  readonly name: string;
  readonly namespace?: string;
  readonly image: string;
  readonly workers: number;
  /** A whole GPU each; else CPUs. */
  readonly gpu: boolean;
  readonly threads: number;
  readonly workerMemory: string;
  /** The run's config, YAML. */
  readonly config: string;
  readonly steps?: number;
  readonly graceSeconds: number;
  /** Of the volume that holds journal and checkpoints. */
  readonly storage: string;
  readonly storageClass?: string;
  /** A claim that holds the images, and where the config looks for them. */
  readonly data?: { readonly claim: string; readonly path: string };
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export const PORT = 29_500;

export function metadata(request: ClusterRequest, part: string) {
  return {
    name: `${request.name}-${part}`,
    ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
    labels: labels(request, part),
  };
}

export function labels({ name }: ClusterRequest, part: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'ddpm-fleet',
    'app.kubernetes.io/instance': name,
    'app.kubernetes.io/component': part,
  };
}
