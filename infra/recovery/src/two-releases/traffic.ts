import { type Answer, type Call, SteadyClient, waitFor } from '@loguro/testing';
import { differences } from './differences.js';

/** A record that was accepted. */
export interface Accepted {
  dataset: number;
  number: number;
}

/** Options of {@link Traffic}. */
export interface TrafficOptions {
  /** Of the gateways' load balancer. */
  url: string;
  /** A token of the owner of the project. */
  pat: string;
  project: string;
  /** A question, and the rows that always answer it. */
  question: { path: string; body: object; pat: string; rows: unknown };
}

const INGEST = 'ingest.localhost';
const CONTROL = 'localhost';
const BATCH = 20;
/** What makes tables and keys is slower than what fills them. */
const MAKING_MS = 250;
/** What is promised of a revocation, and what a poll may be late. */
const REVOKED_WITHIN_MS = 1500;

/** Of a turn that went well, and of one that didn't. */
const [WELL, BADLY] = [200, 0];

/**
 * Clients that each keep one connection and never repeat a request: single records, batches, idempotent repeats,
 * receipts, queries, new datasets with schemas, new keys that are used at once and revoked. Every record has a number of its own.
 */
export class Traffic {
  readonly accepted: Accepted[] = [];
  readonly #options: TrafficOptions;
  readonly #clients: Record<string, SteadyClient>;
  #phase = '';
  readonly #failures: string[] = [];
  #sent = 0;
  #made = 0;
  #key = '';
  #dataset = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const kinds = ['single', 'single too', 'batch', 'repeat', 'receipt', 'query', 'schema', 'key'];
    this.#clients = Object.fromEntries(kinds.map((kind) => [kind, new SteadyClient(options.url)]));
  }

  /** Records that were sent, accepted or not. */
  get sent(): number {
    return this.#sent;
  }

  /** What went wrong so far, each with the step it happened in. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** From now on failures belong to this step. */
  enter(phase: string): void {
    this.#phase = phase;
  }

  /** Makes a dataset and a key, and starts. */
  async start(): Promise<void> {
    const maker = this.#client('schema');
    this.#dataset = await this.#makeDataset(maker);
    this.#key = (await this.#makeKey(maker)).secret;
    const run = (kind: string, turn: (client: SteadyClient) => Promise<void>, restMs?: number) => {
      const client = this.#client(kind);
      client.start(WELL, () => this.#turn(kind, () => turn(client)), restMs);
    };
    run('single', (client) => this.#post(client));
    run('single too', (client) => this.#post(client));
    run('batch', (client) => this.#postBatch(client));
    run('repeat', (client) => this.#repeat(client));
    run('receipt', (client) => this.#followReceipt(client));
    run('query', (client) => this.#ask(client));
    run('schema', async (client) => this.#post(client, { dataset: await this.#makeDataset(client) }), MAKING_MS);
    run('key', (client) => this.#useKey(client), MAKING_MS);
  }

  /** Resolves when each kind of client has done what it does `times` times more. */
  async more(times: number): Promise<void> {
    const turns = (client: SteadyClient) => client.answered + client.failures.length;
    const goals = Object.entries(this.#clients).map(([kind, client]) => [kind, client, turns(client) + times] as const);
    for (const [kind, client, goal] of goals) {
      await waitFor(() => turns(client) >= goal, { timeoutMs: 60_000, what: `${times} more turns of "${kind}"` });
    }
  }

  /** Ends all clients when what is in flight has been answered. */
  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#clients).map((client) => client.close()));
  }

  /** Turns that went well, by kind. */
  counts(): string {
    return Object.entries(this.#clients)
      .map(([kind, client]) => `${kind} ${client.answered}`)
      .join(', ');
  }

  #client(kind: string): SteadyClient {
    return this.#clients[kind] as SteadyClient;
  }

  async #turn(kind: string, work: () => Promise<void>): Promise<Answer> {
    try {
      await work();
      return { status: WELL, body: '' };
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#failures.push(`${this.#phase}: ${kind}: ${words}`);
      return { status: BADLY, body: words };
    }
  }

  #ingest(path: string, more: Partial<Call>): Call {
    return { method: 'POST', path, host: INGEST, credential: this.#key, ...more };
  }

  #control(method: string, path: string, body?: object): Call {
    return { method, path: `/api${path}`, host: CONTROL, credential: this.#options.pat, body };
  }

  async #makeDataset(client: SteadyClient): Promise<number> {
    const { project } = this.#options;
    const name = `Numbers ${this.#made++}`;
    const { dataset } = await expecting(201, client, this.#control('POST', `/datasets/${project}`, { name }));
    const path = `/datasets/${project}/${dataset.id}/schema`;
    await expecting(201, client, this.#control('POST', path, { number: 'number' }));
    return dataset.id;
  }

  async #makeKey(client: SteadyClient): Promise<{ key: { id: number }; secret: string }> {
    const path = `/projects/${this.#options.project}/keys`;
    return expecting(201, client, this.#control('POST', path, { name: `key ${this.#made++}` }));
  }

  #record() {
    return { timestamp: new Date().toISOString(), context: {}, number: this.#sent++ };
  }

  /** One record; its answer. */
  async #post(client: SteadyClient, { dataset = this.#dataset, ...more }: Partial<Call> & { dataset?: number } = {}) {
    const record = this.#record();
    const answer = await expecting(202, client, this.#ingest(`/datasets/${dataset}`, { body: record, ...more }));
    this.accepted.push({ dataset, number: record.number });
    return answer;
  }

  async #postBatch(client: SteadyClient): Promise<void> {
    const body = Array.from({ length: BATCH }, () => this.#record());
    await expecting(202, client, this.#ingest(`/datasets/${this.#dataset}/batch`, { body }));
    this.accepted.push(...body.map(({ number }) => ({ dataset: this.#dataset, number })));
  }

  /** The same request twice: it is answered alike and stored once, whichever releases answer. */
  async #repeat(client: SteadyClient): Promise<void> {
    const body = this.#record();
    const headers = { 'Idempotency-Key': `repeat ${body.number}` };
    const call = this.#ingest(`/datasets/${this.#dataset}`, { body, headers });
    const first = await expecting(202, client, call);
    this.accepted.push({ dataset: this.#dataset, number: body.number });
    const second = await expecting(202, client, call);
    if (first.receipt !== second.receipt) throw new Error(`a repeat has ${second.receipt}, not ${first.receipt}`);
  }

  /** What one process promised, another must know of. */
  async #followReceipt(client: SteadyClient): Promise<void> {
    const { receipt } = await this.#post(client);
    const path = `/datasets/${this.#dataset}/receipts/${receipt}`;
    await expecting(200, client, this.#ingest(path, { method: 'GET' }));
  }

  async #ask(client: SteadyClient): Promise<void> {
    const { path, body, pat, rows } = this.#options.question;
    const answer = await expecting(200, client, { ...this.#control('POST', path, body), credential: pat });
    const [difference] = differences(rows, answer.rows);
    if (difference !== undefined) throw new Error(`the rows of a query changed: ${difference}`);
  }

  /** A key works as soon as it is made, and no longer than it is promised once it is revoked. */
  async #useKey(client: SteadyClient): Promise<void> {
    const { key, secret } = await this.#makeKey(client);
    await this.#post(client, { credential: secret });
    await expecting(204, client, this.#control('DELETE', `/projects/${this.#options.project}/keys/${key.id}`));
    const refused = async () => {
      const body = this.#record();
      const { status } = await client.call(this.#ingest(`/datasets/${this.#dataset}`, { credential: secret, body }));
      if (status === 202) this.accepted.push({ dataset: this.#dataset, number: body.number });
      return status === 401;
    };
    const what = 'a revoked key to be refused';
    await waitFor(refused, { timeoutMs: REVOKED_WITHIN_MS, intervalMs: 50, what });
  }
}

/** @throws Error with the answer when it is another than the expected one */
async function expecting(status: number, client: SteadyClient, call: Call): Promise<ReturnType<typeof JSON.parse>> {
  const answer = await client.call(call);
  if (answer.status !== status) {
    throw new Error(
      `${call.method} ${call.path} was answered ${answer.status}, not ${status}: ${answer.body.slice(0, 300)}`,
    );
  }
  return answer.body === '' ? undefined : JSON.parse(answer.body);
}
