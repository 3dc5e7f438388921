const SHOWN_CHARACTERS = 40;

/** The text, cut when it is long. Well-formed whatever is cut, so that it can be sent. */
export function shortened(text: string, characters: number): string {
  return (text.length <= characters ? text : `${text.slice(0, characters)}…`).toWellFormed();
}

/** A value in words for an error message: `the string "12"`, `the number 12`, `an array`, `null`. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : `the string ${JSON.stringify(shortened(value, SHOWN_CHARACTERS))}`;
    case 'object':
      return 'an object';
    default:
      return `the ${typeof value} ${String(value)}`;
  }
}
