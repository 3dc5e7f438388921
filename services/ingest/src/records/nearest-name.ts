import { distance } from 'fastest-levenshtein';

/** Longer than any field may be; comparing more only costs time. */
const MAX_LENGTH = 80;

/**
 * The known name that a misspelt one most likely meant: the same but for case, or within a third of its
 * length of edits.
 *
 * @returns null when none is near
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > MAX_LENGTH) return null;
  const lower = name.toLowerCase();
  let best: string | null = null;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(lower, candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}
