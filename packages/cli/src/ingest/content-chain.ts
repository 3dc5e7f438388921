import { createHash, type Hash } from 'node:crypto';
import type { RawRecord } from '../records/splitter.js';

const LINE_FEED = '\n';

/**
 * Identifies "this file up to here" by its content: the same records in the same order give the same digest,
 * wherever the file lies and whatever it is called, and one changed byte gives another. Blank lines and the kind
 * of line break make no difference.
 */
export class ContentChain {
  readonly #hash: Hash = createHash('sha256');

  add({ bytes, oversize, start, end }: RawRecord): void {
    // The bytes of an oversize record are gone; that it is there, and how long it is, still counts.
    if (oversize) this.#hash.update(`\u0000${end - start}`);
    else this.#hash.update(bytes);
    this.#hash.update(LINE_FEED);
  }

  /** The digest so far; more can be added afterwards. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/**
 * The `Idempotency-Key` of a batch. It follows from the content of the file up to the batch's end, the dataset and
 * the options, and from nothing else: the same command on the same file sends the same keys, whether it goes on
 * after an interruption or starts again on another machine.
 *
 * @param salt distinguishes a deliberate second ingest of the same file
 */
export function batchKey(chain: string, datasetId: number, options: string, salt: string): string {
  return `loguro-${createHash('sha256').update([chain, datasetId, options, salt].join('|')).digest('base64url')}`;
}
