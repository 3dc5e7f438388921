import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { between } from './random.js';

/** What a client knows about a batch it sent. */
export interface SentBatch {
  /** Marks of its records, each unique. */
  marks: string[];
  dataset: number;
  /** `accepted`: 202; `refused`: any other answer; `unknown`: the answer was lost. */
  outcome: 'accepted' | 'refused' | 'unknown';
  receipt: string | null;
}

/** Options of {@link LoadClient}. */
export interface LoadOptions {
  /** Ports of the APIs; each request goes to one of them. */
  ports: readonly number[];
  /** Datasets with the key of their project. */
  targets: readonly { dataset: number; key: string }[];
  /** Requests in flight at once. */
  clients: number;
  /** Between two requests of a client, in milliseconds at the most: crashes are to meet a load, not a flood. */
  paceMs: number;
}

/** Sends batches over HTTP and keeps its own account of what it was told; it knows nothing else of the service. */
export class LoadClient {
  readonly batches: SentBatch[] = [];
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  #running = false;
  #clients: Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    this.#clients = Array.from({ length: this.#options.clients }, () => this.#client());
  }

  /** Resolves when every request has been answered or lost. */
  async pause(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async close(): Promise<void> {
    await this.pause();
    this.#agent.destroy();
  }

  /** Batches with an outcome. */
  with(outcome: SentBatch['outcome']): SentBatch[] {
    return this.batches.filter((batch) => batch.outcome === outcome);
  }

  async #client(): Promise<void> {
    while (this.#running) {
      await this.#send();
      await pause(between(0, this.#options.paceMs + 1));
    }
  }

  async #send(): Promise<void> {
    const { targets, ports } = this.#options;
    const { dataset, key } = targets[between(0, targets.length)] as LoadOptions['targets'][number];
    const id = randomUUID();
    const marks = Array.from({ length: 1 + between(0, 20) }, (_, index) => `${id}-${index}`);
    const batch: SentBatch = { marks, dataset, outcome: 'unknown', receipt: null };
    this.batches.push(batch);
    const body = JSON.stringify(
      marks.map((country) => ({ timestamp: '2026-06-10T10:58:00Z', context: {}, country, amount: 1 })),
    );
    const answer = await this.#post(ports[between(0, ports.length)] as number, `/datasets/${dataset}/batch`, key, body);
    if (answer === null) return;
    batch.outcome = answer.status === 202 ? 'accepted' : 'refused';
    batch.receipt = answer.status === 202 ? (JSON.parse(answer.body) as { receipt: string }).receipt : null;
  }

  /** The answer; null when there was none, or it was cut short. */
  #post(port: number, path: string, key: string, body: string): Promise<{ status: number; body: string } | null> {
    return new Promise((resolve) => {
      const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
      const sent = request({ port, path, method: 'POST', agent: this.#agent, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          resolve(
            response.complete ? { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() } : null,
          );
        });
        response.on('error', () => resolve(null));
        response.on('aborted', () => resolve(null));
      });
      sent.on('error', () => resolve(null));
      sent.end(body);
    });
  }
}
