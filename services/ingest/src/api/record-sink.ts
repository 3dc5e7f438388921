import type { Hash } from 'node:crypto';
import type { Span } from '@loguro/telemetry';
import type { Database } from '../cache/database.js';
import type { IngestQueue } from '../queue/ingest-queue.js';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import type { Access } from './access.js';
import { withinCreateSpan } from './create-span.js';
import type { Encoded } from './encode-body.js';
import { chunkForKey } from './idempotency.js';

/** Puts good records where they are safe. */
export class RecordSink {
  readonly #queue: IngestQueue;
  readonly #database: Database;

  constructor(queue: IngestQueue, database: Database) {
    this.#queue = queue;
    this.#database = database;
  }

  /**
   * Queues the records; when it resolves, they will be stored exactly once.
   *
   * @param idempotencyKey null: the request may be stored as often as it is sent
   * @param body with a key: the hash of everything in the request that decides what is stored
   * @param span the request's; null unless traces are on
   * @returns the id of the chunk that carries them
   * @throws ApiError `overloaded`, `unavailable` or `idempotency_key_reused`: nothing was accepted, as far as
   *   the client may rely on it
   */
  store(
    access: Access,
    encoded: Encoded,
    idempotencyKey: string | null,
    body: Hash | null,
    span: Span | null,
  ): Promise<string> {
    if (span === null) return this.#queueUp(access, encoded, idempotencyKey, body, undefined);
    return withinCreateSpan(span, { dataset: access.dataset, records: encoded.good }, (trace) =>
      this.#queueUp(access, encoded, idempotencyKey, body, trace),
    );
  }

  /** The same for a request that may be stored as often as it is sent, when traces are off. */
  append({ dataset }: Access, { lines, good: count }: Encoded): Promise<string> {
    return this.#queue.append({ dataset, lines, count });
  }

  async #queueUp(
    { key, dataset }: Access,
    { lines, good: count }: Encoded,
    idempotencyKey: string | null,
    body: Hash | null,
    trace: string | undefined,
  ): Promise<string> {
    if (idempotencyKey === null || body === null) return this.#queue.append({ dataset, lines, count, trace });
    const id = await chunkForKey(this.#database, {
      project: key.project,
      dataset,
      key: idempotencyKey,
      body: body.digest(),
      chunkId: timeOrderedId(),
    });
    await this.#queue.appendChunk({ id, dataset, count, at: Date.now(), lines }, trace);
    return id;
  }
}
