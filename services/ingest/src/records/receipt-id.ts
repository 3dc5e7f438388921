import { crc32 } from 'node:zlib';
import { timeOfId } from '../queue/time-ordered-id.js';

const SHAPE = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})-([0-9a-f]{8})$/;

/** What a receipt says by itself. */
export interface ReceiptId {
  /** The ledger's name for it. */
  chunkId: string;
  /** Milliseconds since the epoch. */
  madeAt: number;
}

/**
 * The receipt of a chunk: its id, and a checksum of the id and the dataset.
 *
 * The ledger knows only what has left the queue. By the checksum a receipt that was mistyped, cut short, or meant for
 * another dataset is told from one whose records are still on their way. It is a CRC-32: any one wrong character is
 * found, and of anything else all but one in four thousand million. It stands behind the id, because bits taken
 * from the id would have to come out of those that keep two chunks of one millisecond apart. It is no secret and
 * protects nothing: the ledger is read by id and dataset.
 *
 * @param chunkId a version 7 UUID in lower case
 */
export function receiptOf(chunkId: string, dataset: number): string {
  if (chunkId !== last.chunkId || dataset !== last.dataset) {
    last = { chunkId, dataset, receipt: `${chunkId}-${checksum(chunkId, dataset)}` };
  }
  return last.receipt;
}

/** The requests of one flush are answered one after the other, and those of a dataset share their chunk. */
let last = { chunkId: '', dataset: 0, receipt: '' };

/**
 * What a receipt says; null when it can't be one of this dataset.
 *
 * @param text in any case
 */
export function readReceiptId(text: string, dataset: number): ReceiptId | null {
  const [, chunkId, sum] = SHAPE.exec(text.toLowerCase()) ?? [];
  if (chunkId === undefined || sum !== checksum(chunkId, dataset)) return null;
  return { chunkId, madeAt: timeOfId(chunkId) };
}

function checksum(chunkId: string, dataset: number): string {
  return crc32(`${chunkId}/${dataset}`).toString(16).padStart(8, '0');
}
