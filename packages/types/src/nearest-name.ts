import { distance } from 'fastest-levenshtein';

/** Longer than any field may be; comparing more only costs time. */
const MAX_LENGTH = 80;

/**
 * The known name that a misspelt one most likely meant: the same but for case, or within a third of its
 * length of edits, rounded up.
 *
 * @returns undefined when none is near
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const lower = name.toLowerCase();
  let best: string | undefined;
  let least = Math.ceil(name.length / 3) + 1;
  for (const candidate of known) {
    const edits = distance(lower, candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** Names that a sentence has room for. */
const LISTED = 12;

/** How a sentence about an unknown name goes on: with the nearest one that is known, else with those there are. */
export function insteadOf(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `; did you mean ${JSON.stringify(nearest)}?`;
  if (known.length === 0) return '';
  const listed = known.slice(0, LISTED).map((other) => JSON.stringify(other));
  return `; there is ${listed.join(', ')}${known.length > LISTED ? ` and ${known.length - LISTED} more` : ''}`;
}
