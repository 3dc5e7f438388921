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
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    let diagonal = i;
    row[0] = i + 1;
    for (let j = 0; j < b.length; j++) {
      const [above, left] = [row[j + 1] as number, row[j] as number];
      let edits = a[i] === b[j] ? diagonal : diagonal + 1;
      if (above < edits) edits = above + 1;
      if (left < edits) edits = left + 1;
      row[j + 1] = edits;
      diagonal = above;
    }
  }
  return row[b.length] as number;
}
