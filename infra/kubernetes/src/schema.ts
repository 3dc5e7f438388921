import type { KubernetesObject } from './render.js';

/** The part of the models' classes that we use. */
interface Model {
  prototype: { validate(this: object): void };
}

/** Where the schemas of API groups that are not Kubernetes' own come from. */
const EXTENSIONS: Record<string, string> = {
  'keda.sh/v1alpha1': '@kubernetes-models/keda',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator',
};

/**
 * Checks an object against the OpenAPI schema of its kind. Kubernetes ignores fields it does not know; a misspelt probe
 * would be no probe, so here each is a fault.
 *
 * @returns a sentence for each fault
 */
export async function schemaFaults(object: KubernetesObject): Promise<string[]> {
  const name = `${object.kind} ${object.metadata.name}`;
  const { apiVersion, kind } = object;
  const models = (await import(`${EXTENSIONS[apiVersion] ?? 'kubernetes-models'}/${apiVersion}/${kind}`)) as Record<
    string,
    Model
  >;
  const model = models[kind];
  if (model === undefined) return [`${name}: there is no such kind in ${apiVersion}.`];
  const unread = new Set<string>();
  try {
    // Not of an instance: making one copies every field, and then all have been looked at.
    model.prototype.validate.call(watched(object, '', unread) as object);
  } catch (error) {
    return [`${name}: ${(error as Error).message}`];
  }
  return [...unread].map((path) => `${name}: no schema knows the field ${path}.`);
}

/**
 * The same value, and in `unread` the paths in it that nobody has looked at: a validator looks at every field that its
 * schema names, so what is left over is none of the schema's.
 */
function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const wrapped = new Map<PropertyKey, unknown>();
  const pathOf = (key: PropertyKey) => (Array.isArray(value) ? `${path}[${String(key)}]` : `${path}.${String(key)}`);
  for (const key of Object.keys(value)) unread.add(pathOf(key));
  return new Proxy(value, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      unread.delete(pathOf(key));
      if (typeof found !== 'object' || found === null) return found;
      if (!wrapped.has(key)) wrapped.set(key, watched(found, pathOf(key), unread));
      return wrapped.get(key);
    },
  });
}
