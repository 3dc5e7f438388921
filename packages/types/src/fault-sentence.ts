import type { ErrorDetail } from './errors.js';

/**
 * One sentence about a request with faults, for whoever reads no further: with the first of them, and how many more
 * there are.
 *
 * @param what is wrong with the whole, e.g. `The body is not acceptable`
 */
export function faultSentence(what: string, details: readonly ErrorDetail[]): string {
  const [first] = details;
  if (first === undefined) return `${what}.`;
  const more = details.length - 1;
  const rest = more === 0 ? '' : ` (and ${more} more: see "details")`;
  const fault = `${placeOf(first)} ${first.message}${rest}`;
  return `${what}: ${fault}${fault.endsWith('?') ? '' : '.'}`;
}

function placeOf({ index, path }: ErrorDetail): string {
  if (index === undefined) return path === '' ? 'it' : path;
  return path === '' ? `record ${index}` : `in record ${index}, ${path}`;
}
