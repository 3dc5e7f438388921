import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { between } from './random.js';

/** What a request was told: `doubtful`: its answer was lost, or said that nobody knows; `refused`: nothing was accepted. */
export type Outcome = 'accepted' | 'doubtful' | 'refused';

/** What a client knows about a batch it sent. */
export interface SentBatch {
  /** Marks of its records, each unique. */
  marks: string[];
  dataset: number;
  /** Its `Idempotency-Key`, with which it may be sent again; null: it has none. */
  key: string | null;
  /** Of every request that carried it. */
  outcomes: Outcome[];
  receipts: Set<string>;
}

/** Records by what was said about them, those of repeats each time. */
export type Told = Record<Outcome, number>;

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

/** One batch in so many has a key; one request in so many repeats one of the latest of these, answered or not. */
const KEYED = 3;
const REPEATED = 5;
const LATEST = 8;

/** Sends batches over HTTP and keeps its own account of what it was told; it knows nothing else of the service. */
export class LoadClient {
  readonly batches: SentBatch[] = [];
  /** Answers that no crash explains. */
  readonly surprises: string[] = [];
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #told: Map<number, Told>;
  #latest: SentBatch[] = [];
  #running = false;
  #clients: Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#told = new Map(options.ports.map((port) => [port, { accepted: 0, doubtful: 0, refused: 0 }]));
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

  /** Batches of which the best that was said is this. */
  with(outcome: Outcome): SentBatch[] {
    return this.batches.filter((batch) => outcomeOf(batch) === outcome);
  }

  /** What was said so far, by the API on a port. */
  told(port: number): Told {
    return { ...(this.#told.get(port) as Told) };
  }

  async #client(): Promise<void> {
    while (this.#running) {
      await this.#send();
      await pause(between(0, this.#options.paceMs + 1));
    }
  }

  async #send(): Promise<void> {
    const { targets, ports } = this.#options;
    const again = between(0, REPEATED) === 0 ? this.#latest[between(0, LATEST)] : undefined;
    const batch = again ?? this.#newBatch(targets[between(0, targets.length)]?.dataset as number);
    const credential = targets.find(({ dataset }) => dataset === batch.dataset)?.key as string;
    const port = ports[between(0, ports.length)] as number;
    const answer = await this.#post(port, batch, credential);
    const outcome = this.#judge(answer);
    batch.outcomes.push(outcome);
    (this.#told.get(port) as Told)[outcome] += batch.marks.length;
    if (outcome === 'accepted') batch.receipts.add((JSON.parse(answer?.body ?? '') as { receipt: string }).receipt);
  }

  #newBatch(dataset: number): SentBatch {
    const id = randomUUID();
    const marks = Array.from({ length: 1 + between(0, 20) }, (_, index) => `${id}-${index}`);
    const key = between(0, KEYED) === 0 ? id : null;
    const batch: SentBatch = { marks, dataset, key, outcomes: [], receipts: new Set() };
    this.batches.push(batch);
    if (key !== null) this.#latest = [batch, ...this.#latest].slice(0, LATEST);
    return batch;
  }

  #judge(answer: Answer | null): Outcome {
    if (answer === null) return 'doubtful';
    if (answer.status === 202) return 'accepted';
    if (answer.status !== 503) this.surprises.push(`${answer.status} ${answer.body}`);
    return /may or may not/.test(answer.body) ? 'doubtful' : 'refused';
  }

  /** The answer; null when there was none, or it was cut short. */
  #post(port: number, { dataset, key, marks }: SentBatch, credential: string): Promise<Answer | null> {
    const body = JSON.stringify(
      marks.map((country) => ({ timestamp: '2026-06-10T10:58:00Z', context: {}, country, amount: 1 })),
    );
    const headers = {
      Authorization: `Bearer ${credential}`,
      'Content-Type': 'application/json',
      ...(key === null ? {} : { 'Idempotency-Key': key }),
    };
    const options = { port, path: `/datasets/${dataset}/batch`, method: 'POST', agent: this.#agent, headers };
    return new Promise((resolve) => {
      const sent = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const answer = { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() };
          resolve(response.complete ? answer : null);
        });
        response.on('error', () => resolve(null));
        response.on('aborted', () => resolve(null));
      });
      sent.on('error', () => resolve(null));
      sent.end(body);
    });
  }
}

interface Answer {
  status: number;
  body: string;
}

/** The best that was said about a batch. */
export function outcomeOf({ outcomes }: SentBatch): Outcome {
  if (outcomes.includes('accepted')) return 'accepted';
  return outcomes.includes('doubtful') ? 'doubtful' : 'refused';
}
