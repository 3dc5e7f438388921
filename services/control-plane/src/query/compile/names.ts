import { insteadOf } from '@loguro/types';

/** What to say about a name that is not known. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  return `names no ${kind}: ${JSON.stringify(name)}${insteadOf(name, known)}`;
}
