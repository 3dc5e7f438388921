/** What COPY's text format writes for NULL; a string of the same two characters has its backslash doubled. */
export const COPY_NULL = '\\N';

const SPECIAL = /[\\\n\r\t]/;
const EACH_SPECIAL = /[\\\n\r\t]/g;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value as COPY's text format wants it (PostgreSQL manual, COPY, "Text Format"). */
export function copyText(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH_SPECIAL, (character) => ESCAPES[character] as string) : text;
}

/** JSON as COPY text: JSON.stringify has turned every control character into an escape, so only those remain. */
export function copyJson(json: string): string {
  return json.includes('\\') ? json.replaceAll('\\', '\\\\') : json;
}

/** Whether PostgreSQL can hold the string: it has no U+0000 and can be written as UTF-8. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
