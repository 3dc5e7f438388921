import { distance } from 'fastest-levenshtein';

/**
 * What to say about a name that is not known: the nearest one that is, when it is near enough to be a slip
 * (a third of its letters, at least one), ignoring case; else what there is.
 */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.ceil(name.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  const hint = best === undefined ? listOf(known) : `; did you mean ${JSON.stringify(best)}?`;
  return `names no ${kind}: ${JSON.stringify(name)}${hint}`;
}

/** Names that a sentence has room for. */
const LISTED = 10;

function listOf(names: readonly string[]): string {
  if (names.length === 0) return '';
  const listed = names.slice(0, LISTED).map((name) => JSON.stringify(name));
  return `; there is ${listed.join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`;
}
