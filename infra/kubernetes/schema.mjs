// Cuts the schemas that the manifests need out of Kubernetes' own OpenAPI document
// (api/openapi-spec/swagger.json of k8s.io/kubernetes, Apache-2.0):
//   node infra/kubernetes/schema.mjs swagger.json v1.33.0 > test/golden/kubernetes-schema.json
// Descriptions are left out; unknown fields are forbidden, as `kubectl apply --validate=strict` does.
import { readFileSync } from 'node:fs';

const KINDS = {
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
  Job: 'io.k8s.api.batch.v1.Job',
  PersistentVolumeClaim: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  Secret: 'io.k8s.api.core.v1.Secret',
  Service: 'io.k8s.api.core.v1.Service',
};
const KEPT = ['type', 'required', 'enum', 'items', 'properties', 'additionalProperties', '$ref'];

const { definitions, info } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const kept = {};
for (const name of Object.values(KINDS)) keep(name);

function keep(name) {
  if (name in kept) return;
  kept[name] = {};
  kept[name] = slim(definitions[name], name);
}

function slim(schema, name) {
  if (schema.$ref) {
    const target = schema.$ref.replace('#/definitions/', '');
    keep(target);
    return { $ref: schema.$ref };
  }
  // Quantities, and int-or-string, are written as either.
  if (/\.(Quantity|IntOrString)$/.test(name ?? '')) return { type: ['string', 'integer'] };
  const out = {};
  for (const key of KEPT) if (key in schema) out[key] = schema[key];
  if (out.items) out.items = slim(out.items);
  if (out.properties) {
    out.properties = Object.fromEntries(Object.entries(out.properties).map(([k, v]) => [k, slim(v)]));
    out.additionalProperties = false;
  } else if (typeof out.additionalProperties === 'object') {
    out.additionalProperties = slim(out.additionalProperties);
  }
  return out;
}

process.stdout.write(
  `${JSON.stringify({ source: `Kubernetes ${process.argv[3] ?? info.version}, api/openapi-spec/swagger.json, Apache-2.0`, kinds: KINDS, definitions: kept })}\n`,
);
