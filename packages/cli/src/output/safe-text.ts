/**
 * Characters that would move the cursor, recolour the screen or hide text when printed: C0 and C1 controls,
 * and the bidirectional overrides (Unicode TR36). Records come from strangers; a terminal obeys whatever it gets.
 */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

/** The text with everything unsafe, and line breaks and tabs too, shown as an escape such as `\u001b`. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** The text with everything unsafe shown as an escape; line feeds and tabs stay. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
