import { FIELD_NAME_PATTERN, IMPLIED_FIELDS, RESERVED_FIELD_PREFIX } from '@loguro/types';

const VALID = new RegExp(FIELD_NAME_PATTERN);
const MAX_LENGTH = 63;

/**
 * The field name a column's heading stands for: itself when it may be one, else the nearest that may:
 * `Order ID` → `Order_ID`, `Größe` → `Gro_e`, `2nd` → `f_2nd`. Reading the same file, `schema infer` and
 * `ingest` come to the same names.
 */
export function fieldName(heading: string): string {
  const trimmed = heading.trim();
  if (isFieldName(trimmed)) return trimmed;
  const plain = trimmed
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  const lettered = /^[A-Za-z]/.test(plain) ? plain : `f_${plain}`;
  const free = isImplied(lettered) ? `${lettered}_` : lettered;
  return free.slice(0, MAX_LENGTH);
}

/** The names of all columns; a name that is taken already (ignoring case) gets a number. */
export function fieldNames(headings: readonly string[]): string[] {
  const taken = new Set<string>();
  /** The number to go on with: counting from 2 again would take the square of their number. */
  const next = new Map<string, number>();
  return headings.map((heading) => {
    const name = fieldName(heading);
    const base = name.slice(0, MAX_LENGTH - 4);
    let free = name;
    let n = next.get(base.toLowerCase()) ?? 2;
    for (; taken.has(free.toLowerCase()); n++) free = `${base}_${n}`;
    next.set(base.toLowerCase(), n);
    taken.add(free.toLowerCase());
    return free;
  });
}

function isFieldName(name: string): boolean {
  return VALID.test(name) && !name.startsWith(RESERVED_FIELD_PREFIX) && !isImplied(name);
}

function isImplied(name: string): boolean {
  return (IMPLIED_FIELDS as readonly string[]).includes(name.toLowerCase());
}
