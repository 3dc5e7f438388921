const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const DOT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Numbers are judged by their text when they have at most so many digits and no exponent: every such text is a
 * double that is neither infinite nor rounded in more than its last digit, whoever reads it.
 */
const PLAIN_DIGITS = 15;

/**
 * Where the plain JSON value that starts at `at` ends, or -1 when it is not plain or no JSON.
 *
 * Plain are values whose text can be stored as it stands: strings without a backslash, numbers as above, literals,
 * arrays and objects of these. What is not plain is for JSON.parse, which also says what is wrong. The bytes are taken to be UTF-8.
 *
 * @param levels arrays and objects that may still be opened
 */
export function endOfPlain(bytes: Uint8Array, at: number, levels: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return endOfPlainString(bytes, at);
    case OPEN_OBJECT:
      return levels === 0 ? -1 : endOfMembers(bytes, at, CLOSE_OBJECT, levels - 1);
    case OPEN_ARRAY:
      return levels === 0 ? -1 : endOfMembers(bytes, at, CLOSE_ARRAY, levels - 1);
    case 0x74:
      return endOfWord(bytes, at, TRUE);
    case 0x66:
      return endOfWord(bytes, at, FALSE);
    case 0x6e:
      return endOfWord(bytes, at, NULL);
    default:
      return endOfPlainNumber(bytes, at);
  }
}

/** The three words of JSON, as bytes. */
export const TRUE = bytesOf('true');
export const FALSE = bytesOf('false');
export const NULL = bytesOf('null');

/** Where a word ends; -1 when it is not there. */
export function endOfWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  const end = at + word.length;
  if (end > bytes.length) return -1;
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return -1;
  return end;
}

/** Where a string without backslash and control characters ends, quotes included; -1 when it is not one. */
export function endOfPlainString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1;
  const end = bytes.length;
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next] as number;
    if (byte === QUOTE) return next + 1;
    if (byte < 0x20 || byte === BACKSLASH) return -1;
  }
  return -1;
}

/** Where a number of few digits and without an exponent ends; -1 when it is not one. */
export function endOfPlainNumber(bytes: Uint8Array, start: number): number {
  const negative = bytes[start] === MINUS ? 1 : 0;
  const whole = start + negative;
  let at = endOfDigits(bytes, whole);
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) return -1;
  if (bytes[at] === DOT) {
    const fraction = at + 1;
    at = endOfDigits(bytes, fraction);
    if (at === fraction) return -1;
  }
  // An exponent, or what is no JSON.
  if (at - whole > PLAIN_DIGITS || isWordByte(bytes[at])) return -1;
  return at;
}

/** After JSON's whitespace. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at] as number)) at += 1;
  return at;
}

/** JSON's four whitespace characters (RFC 8259 §2). */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The members of an object or the items of an array, to the closing bracket. */
function endOfMembers(bytes: Uint8Array, start: number, close: number, levels: number): number {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === close) return at + 1;
  for (;;) {
    if (close === CLOSE_OBJECT) {
      at = skipSpace(bytes, endOfKey(bytes, at));
      if (bytes[at] !== COLON) return -1;
      at = skipSpace(bytes, at + 1);
    }
    at = endOfPlain(bytes, at, levels);
    if (at === -1) return -1;
    at = skipSpace(bytes, at);
    const separator = bytes[at];
    at += 1;
    if (separator === close) return at;
    if (separator !== COMMA) return -1;
    at = skipSpace(bytes, at);
  }
}

/** A key; -1 also for those that JavaScript would move to the front, so that their order is always the same one. */
function endOfKey(bytes: Uint8Array, at: number): number {
  return isDigit(bytes[at + 1]) ? -1 : endOfPlainString(bytes, at);
}

function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

function isWordByte(byte: number | undefined): boolean {
  return byte !== undefined && !isSpace(byte) && byte !== COMMA && byte !== CLOSE_ARRAY && byte !== CLOSE_OBJECT;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
