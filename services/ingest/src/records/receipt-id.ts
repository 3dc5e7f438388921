import { crc32 } from 'node:zlib';

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Where the three hexadecimal digits of RFC 9562's "rand_a" stand. */
const TAG_START = 15;
const TAG_END = 18;

/**
 * Binds a chunk's id to its dataset, so that a receipt that was mistyped, made up or meant for another
 * dataset is told from one whose records are still on their way, which the ledger alone can't do.
 *
 * The twelve bits that version 7 of UUIDs leaves free beside the time (RFC 9562 §6.2) become a checksum of
 * everything else and the dataset. One wrong id in 4096 passes; it is then reported as queued, never as
 * another dataset's. It is no secret and protects nothing: the ledger is read by id and dataset.
 *
 * @param id a version 7 UUID in lower case
 */
export function receiptId(id: string, dataset: number): string {
  return id.slice(0, TAG_START) + tag(id, dataset) + id.slice(TAG_END);
}

/**
 * When the receipt was made, in milliseconds since the epoch; null when it can't be one of this dataset.
 *
 * @param text in any case
 */
export function receiptTime(text: string, dataset: number): number | null {
  const id = text.toLowerCase();
  if (!SHAPE.test(id) || id.slice(TAG_START, TAG_END) !== tag(id, dataset)) return null;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

function tag(id: string, dataset: number): string {
  const sum = crc32(`${id.slice(0, TAG_START)}${id.slice(TAG_END)}/${dataset}`);
  return (sum & 0xfff).toString(16).padStart(3, '0');
}
