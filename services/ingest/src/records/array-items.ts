import { skipSpace } from './json-scan.js';

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

/** Whether a body begins like a JSON array. */
export function isArray(body: Uint8Array): boolean {
  return body[skipSpace(body, 0)] === OPEN_ARRAY;
}

/**
 * Walks through the items of a JSON array without parsing them. What is between two commas may still be no
 * JSON; that is for JSON.parse to say.
 *
 * JSON.parse of a whole 10 MiB body can block the process for seconds (ten million brackets, say) and
 * holds all of it as objects at once. Cut first, a body is read item by item, with pauses in between, and
 * one too deeply nested or with too many items is refused before anything is built from it.
 */
export class ArrayItems {
  readonly #body: Uint8Array;
  readonly #maxDepth: number;
  /** Where the present item starts, in bytes. */
  start: number;
  /** There is no further item. */
  done = false;

  /**
   * @param maxDepth levels of arrays and objects in an item that are still worth parsing
   * @throws NotAnArrayError when the body is not an array
   */
  constructor(body: Uint8Array, maxDepth: number) {
    this.#body = body;
    this.#maxDepth = maxDepth;
    const open = skipSpace(body, 0);
    if (body[open] !== OPEN_ARRAY) throw new NotAnArrayError('a batch is a JSON array of records', open);
    this.start = skipSpace(body, open + 1);
    if (body[this.start] === CLOSE_ARRAY) this.#finish(this.start + 1);
  }

  /**
   * Where the present item ends, whitespace included.
   *
   * @throws NotAnArrayError when it never does, or is nested deeper than allowed
   */
  end(): number {
    const end = endOfItem(this.#body, this.start, this.#maxDepth);
    if (end < this.#body.length) return end;
    throw new NotAnArrayError('the array has no end', end);
  }

  /**
   * Goes on behind an item that ends here.
   *
   * @throws NotAnArrayError when neither another one nor the array's end follows
   */
  next(end: number): void {
    const at = skipSpace(this.#body, end);
    switch (this.#body[at]) {
      case COMMA:
        this.start = skipSpace(this.#body, at + 1);
        break;
      case CLOSE_ARRAY:
        this.#finish(at + 1);
        break;
      case undefined:
        throw new NotAnArrayError('the array has no end', at);
      default:
        throw new NotAnArrayError('a comma or the end of the array must follow a record', at);
    }
  }

  #finish(end: number): void {
    checkRest(this.#body, end);
    this.done = true;
  }
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
