/** BullMQ's largest priority. */
const MAX_PRIORITY = 2_097_151;
/** Bytes that move a dataset back by one place, to begin with. */
const BYTES_PER_STEP = 64 * 1024;
/**
 * Each so many places a place comes to stand for twice as many bytes. With 64 KiB throughout, the places would have been
 * used up after 128 GiB without a pause, and all datasets would have shared the last one. So they last for 500 TiB; after
 * the first TiB shares are even to within 8 MiB.
 */
const PLACES_PER_DOUBLING = 2 ** 17;
/** Datasets remembered at the most; more than this with a backlog at once share the front. */
const MAX_DATASETS = 100_000;

/**
 * Start-time fair queueing among datasets, expressed in BullMQ priorities (lower goes first).
 *
 * Each dataset has a tag that grows with the bytes it queues; the queue's virtual time is the priority at
 * its front. A chunk gets the larger of the two: a dataset with a backlog queues behind its own backlog, a
 * dataset that comes new joins at the front. So a busy dataset takes what the others leave, and a small
 * one waits for about one job of each busy one, not for their backlogs.
 *
 * While the queue is short there is nothing to share out: every job then goes the plain first-in
 * first-out way, which is cheaper, and all tags are forgotten. Each API process keeps its own tags and they
 * meet in the virtual time that all of them read from the queue.
 */
export class FairShare {
  readonly #tags = new Map<number, number>();
  #virtualTime = 0;
  #contended = false;

  /** Whether priorities are given. */
  get contended(): boolean {
    return this.#contended;
  }

  /**
   * Takes note of the queue's state.
   *
   * @param contended whether enough waits for the order to matter
   * @param front priority of the job that is next, 0 when it has none
   */
  observe(contended: boolean, front: number): void {
    this.#contended = contended;
    if (!contended) {
      this.#tags.clear();
      this.#virtualTime = 0;
      return;
    }
    this.#virtualTime = Math.max(this.#virtualTime, front);
    for (const [dataset, tag] of this.#tags) if (tag <= this.#virtualTime) this.#tags.delete(dataset);
  }

  /** The priority of a chunk of so many bytes; 0: none, first in first out. */
  priority(dataset: number, bytes: number): number {
    if (!this.#contended) return 0;
    const start = Math.max(this.#virtualTime, this.#tags.get(dataset) ?? 0, 1);
    if (this.#tags.has(dataset) || this.#tags.size < MAX_DATASETS) {
      const step = BYTES_PER_STEP * 2 ** Math.floor(start / PLACES_PER_DOUBLING);
      this.#tags.set(dataset, start + bytes / step);
    }
    return Math.min(Math.floor(start), MAX_PRIORITY);
  }
}
