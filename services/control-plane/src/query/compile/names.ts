import { distance } from 'fastest-levenshtein';

/**
 * What to say about a name that is not known: the nearest one that is, when it is near enough to be a slip
 * (a third of its letters, at least one), ignoring case.
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
  return `names no ${kind}: ${JSON.stringify(name)}${best === undefined ? '' : `; did you mean ${JSON.stringify(best)}?`}`;
}
