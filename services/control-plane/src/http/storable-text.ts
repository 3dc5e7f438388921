import { ApiError, type ErrorDetail, MAX_ERROR_DETAILS } from '@loguro/types';

/** Deeper than any body of the contract, and far from what would exhaust a stack. */
const MAX_DEPTH = 64;
/** Of a path, in characters: names of properties come from the client and may be as long as a body. */
const PATH_LENGTH = 200;
/** With the `u` flag a pair is one code point, so only an unpaired half matches. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Refuses text that PostgreSQL can't store as it is, wherever in a JSON document it stands: U+0000, which it
 * refuses, and unpaired surrogates, which would silently become U+FFFD.
 *
 * @throws ApiError `invalid_request`, naming the places
 */
export function requireStorableText(body: unknown): void {
  const details: ErrorDetail[] = [];
  visit(body, '', 0, details);
  if (details.length > 0) throw new ApiError('invalid_request', 'The body holds what can not be stored.', { details });
}

function visit(value: unknown, path: string, depth: number, details: ErrorDetail[]): void {
  if (details.length === MAX_ERROR_DETAILS) return;
  if (typeof value === 'string') {
    const message = textFault(value);
    if (message !== null) details.push({ path, message });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) throw new ApiError('invalid_request', `The body is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(item, `${path}[${index}]`, depth + 1, details);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (details.length === MAX_ERROR_DETAILS) return;
    const message = textFault(key);
    if (message !== null) details.push({ path, message: `has a property whose name ${message}` });
    visit(item, cut(path === '' ? key : `${path}.${key}`), depth + 1, details);
  }
}

function cut(path: string): string {
  return path.length > PATH_LENGTH ? `${path.slice(0, PATH_LENGTH)}…` : path;
}

function textFault(text: string): string | null {
  if (text.includes('\u0000')) return 'contains the character U+0000';
  if (LONE_SURROGATE.test(text)) return 'contains an unpaired surrogate';
  return null;
}
