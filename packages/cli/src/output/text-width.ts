/** Text whose every character takes one cell: what most tables hold, with the dash of an empty cell and the mark of a cut one. */
const PLAIN = /^[\x20-\x7e–…]*$/;

/**
 * Measures these texts in cells of a terminal. What knows about wide characters and emoji is loaded only for texts that
 * have any: building its patterns would take a fifth of the start of every command.
 */
export async function measureOf(texts: readonly string[]): Promise<(text: string) => number> {
  if (texts.every((text) => PLAIN.test(text))) return (text) => text.length;
  const { default: stringWidth } = await import('string-width');
  return stringWidth;
}
