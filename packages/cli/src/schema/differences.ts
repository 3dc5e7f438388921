import type { Fields } from '@loguro/types';

/** One field that is not the same here and there. */
export interface Difference {
  field: string;
  /** Type in the definition; null when it has no such field. */
  definition: string | null;
  /** Type on the server; null when it has no such field. */
  server: string | null;
}

/** Every field that differs, in the definition's order, then the server's. The order of fields says nothing. */
export function differences(definition: Fields, server: Fields): Difference[] {
  const names = [...new Set([...Object.keys(definition), ...Object.keys(server)])];
  return names
    .map((field) => ({ field, definition: typeIn(definition, field), server: typeIn(server, field) }))
    .filter((pair) => pair.definition !== pair.server);
}

function typeIn(fields: Fields, name: string): string | null {
  return Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;
}
