import { distance } from 'fastest-levenshtein';

/** The candidate that looks like a misspelling of the word, if one does: at most a third of it differs. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const scored = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const best = scored[0];
  return best !== undefined && best.far <= Math.ceil(word.length / 3) ? best.candidate : undefined;
}
