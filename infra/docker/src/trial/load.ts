import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { call } from '@loguro/local';
import { waitFor } from '@loguro/servers';

/** Options of {@link Load}. */
export interface LoadOptions {
  ingestUrl: string;
  dataset: number;
  key: string;
  /** Clients that send at once. */
  clients: number;
}

const RECORDS = 20;
/** Between two requests of a client: things are to be killed under a load, not under a flood. */
const PACE_MS = 20;
/** As long as something that was killed may take to be back. */
const RETRY_MS = 180_000;

/**
 * Sends numbered records and repeats each request until it is answered 202, as a careful producer does: with one
 * `Idempotency-Key` for all tries. So each number has to be stored once, whatever is killed meanwhile.
 */
export class Load {
  accepted = 0;
  /** Requests that failed and were repeated. */
  repeated = 0;
  readonly #options: LoadOptions;
  #next = 0;
  #running = false;
  #clients: Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    this.#clients = Array.from({ length: this.#options.clients }, () => this.#client());
    // Whatever goes wrong is thrown by stop().
    for (const client of this.#clients) client.catch(() => undefined);
  }

  /** Resolves when everything that was sent has been accepted. @throws Error when something could not be */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  /** Resolves when `count` more records have been accepted. */
  async more(count: number): Promise<void> {
    const goal = this.accepted + count;
    await waitFor(() => this.accepted >= goal, { timeoutMs: RETRY_MS, what: `${count} more records to be accepted` });
  }

  async #client(): Promise<void> {
    while (this.#running) {
      await this.#send();
      await pause(PACE_MS);
    }
  }

  async #send(): Promise<void> {
    const { ingestUrl, dataset, key } = this.#options;
    const first = this.#next;
    this.#next += RECORDS;
    const timestamp = new Date().toISOString();
    const body = Array.from({ length: RECORDS }, (_, index) => ({ timestamp, context: {}, number: first + index }));
    const headers = { 'Idempotency-Key': randomUUID() };
    const path = `/datasets/${dataset}/batch`;
    const accepted = async () => {
      const answer = await call({ baseUrl: ingestUrl, method: 'POST', path, token: key, body, headers }).catch(
        () => undefined,
      );
      if (answer?.status !== 202) this.repeated += 1;
      return answer?.status === 202;
    };
    await waitFor(accepted, { timeoutMs: RETRY_MS, intervalMs: 200, what: `records from ${first} on to be accepted` });
    this.accepted += RECORDS;
  }
}
