import { COMPONENTS } from '@loguro/types';

const byId = new Map(COMPONENTS.map((schema) => [(schema as { $id?: string }).$id, schema]));

/**
 * The schema as one document: components it refers to, directly or through others, become its `$defs`. What
 * describes the tool to a model is so the schema that validates its input, and the service's own.
 */
export function publishSchema(schema: object): object {
  const defs = new Map<string, unknown>();
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== 'object' || value === null) return value;
    const { $id, $ref, ...rest } = value as Record<string, unknown>;
    const copy = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, inline(item)]));
    if (typeof $ref !== 'string') return copy;
    if (!defs.has($ref)) {
      // Before it is looked into: a component may refer to itself.
      defs.set($ref, undefined);
      defs.set($ref, inline(byId.get($ref)));
    }
    return { ...copy, $ref: `#/$defs/${$ref}` };
  };
  const document = inline(schema) as object;
  return defs.size === 0 ? document : { ...document, $defs: Object.fromEntries(defs) };
}
