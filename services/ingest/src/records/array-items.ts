const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** How a body fails to be a JSON array whose items can be told apart. */
export class NotAnArrayError extends Error {
  /** Byte of the body, from 0. */
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.name = 'NotAnArrayError';
    this.position = position;
  }
}

/**
 * Cuts a JSON array into its items without parsing them: `[start, end)` byte offsets of each, whitespace
 * included. What is between two commas may still be no JSON; that is for JSON.parse to say.
 *
 * JSON.parse of a whole 10 MiB body can block the process for seconds (ten million brackets, say) and
 * holds all of it as objects at once. Cut first, a body is read item by item, with pauses in between, and
 * one too deeply nested or with too many items is refused before anything is built from it.
 *
 * @param maxDepth levels of arrays and objects in an item that are still worth parsing
 * @throws NotAnArrayError when the body is not one array, or an item is nested deeper
 */
export function* arrayItems(body: Uint8Array, maxDepth: number): Generator<readonly [start: number, end: number]> {
  const end = body.length;
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_ARRAY) throw new NotAnArrayError('a batch is a JSON array of records', at);
  at += 1;
  if (body[skipSpace(body, at)] === CLOSE_ARRAY) {
    checkRest(body, skipSpace(body, at) + 1);
    return;
  }
  for (;;) {
    const start = at;
    at = endOfItem(body, start, maxDepth);
    if (at >= end) throw new NotAnArrayError('the array has no end', end);
    yield [start, at];
    const separator = body[at];
    at += 1;
    if (separator === CLOSE_ARRAY) break;
  }
  checkRest(body, at);
}

/** Where the item that starts here is followed by a comma or the array's end; the body's length when it never is. */
function endOfItem(body: Uint8Array, start: number, maxDepth: number): number {
  const end = body.length;
  let depth = 0;
  for (let at = start; at < end; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1;
        if (depth > maxDepth) throw new NotAnArrayError(`nested deeper than ${maxDepth} levels`, at);
        break;
      case CLOSE_OBJECT:
        depth -= 1;
        break;
      case CLOSE_ARRAY:
        if (depth <= 0) return at;
        depth -= 1;
        break;
      case COMMA:
        if (depth <= 0) return at;
        break;
      default:
    }
  }
  return end;
}

/** The closing quote of a string, or the body's length. */
function endOfString(body: Uint8Array, start: number): number {
  const end = body.length;
  for (let at = start + 1; at < end; at++) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return end;
}

function checkRest(body: Uint8Array, from: number): void {
  const at = skipSpace(body, from);
  if (at < body.length) throw new NotAnArrayError('something follows the array', at);
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from;
  while (at < body.length && isSpace(body[at] as number)) at += 1;
  return at;
}

/** JSON's four whitespace characters (RFC 8259 §2). */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
