import { isAscii, isUtf8 } from 'node:buffer';

const BACKSLASH = 0x5c;

/** JSON text taken from bytes. */
export interface JsonText {
  text: string;
  /** No backslash in it; see {@link RecordEncoder.encode}. */
  clean: boolean;
}

/**
 * Bytes as text; null when they are not UTF-8. ASCII, the common case, becomes a string of one byte a
 * character, which JSON.parse and the encoder get through fastest.
 */
export function jsonText(bytes: Buffer): JsonText | null {
  const clean = bytes.indexOf(BACKSLASH) === -1;
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), clean };
  return isUtf8(bytes) ? { text: bytes.toString(), clean } : null;
}

/** What can be told of a failed JSON.parse: the engine's own words, which name the character and often the place. */
export function jsonFault(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return message.toWellFormed() || 'it can not be read';
}
