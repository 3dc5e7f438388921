/** Longer than any field may be. */
const MAX_LENGTH = 80;

/** The known name that a misspelt one most likely meant, within a third of its length of edits, ignoring case. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let least = Math.ceil(name.length / 3) + 1;
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Insertions, deletions and replacements from one text to the other (Levenshtein), a row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const [diagonal, above, left] = [row[j], row[j + 1], next[j]] as [number, number, number];
      next.push(Math.min(diagonal + (a[i] === b[j] ? 0 : 1), above + 1, left + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
