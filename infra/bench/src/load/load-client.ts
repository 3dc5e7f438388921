// The load generator: a process of its own, on bare sockets, so that it costs as little as it can and what is
// measured is the server. It reads a LoadSpec from its standard input and prints a LoadResult.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { LoadResult, LoadSpec } from './load-spec.js';

class Client {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #onAnswer: (client: Client, dueAt: number, ok: boolean) => void;
  #answerBytes = 0;
  #received = 0;
  #ok = true;
  #dueAt = 0;

  constructor(spec: LoadSpec, onAnswer: (client: Client, dueAt: number, ok: boolean) => void) {
    this.#request = Buffer.from(spec.request);
    this.#onAnswer = onAnswer;
    this.#socket = connect({ host: spec.host, port: spec.port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => {
      throw error;
    });
  }

  opened(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('connect', () => resolve()));
  }

  send(dueAt: number): void {
    this.#dueAt = dueAt;
    this.#socket.write(this.#request);
  }

  #take(chunk: Buffer): void {
    if (this.#received === 0) this.#ok = chunk.length > 9 && chunk[9] === 50; // "HTTP/1.1 2"
    this.#received += chunk.length;
    if (this.#answerBytes === 0) this.#answerBytes = answerLength(chunk);
    if (this.#received < this.#answerBytes) return;
    if (this.#received > this.#answerBytes) throw new Error('The answers are not all of one length.');
    this.#received = 0;
    this.#onAnswer(this, this.#dueAt, this.#ok);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The first answer comes in one piece on loopback; the others are taken to be as long. */
function answerLength(first: Buffer): number {
  const text = first.toString('latin1');
  const head = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head));
  if (head === -1 || length === null) throw new Error(`No Content-Length in the first answer:\n${text}`);
  return head + 4 + Number(length[1]);
}

async function run(spec: LoadSpec): Promise<LoadResult> {
  const latencies = new Float64Array(5_000_000);
  let count = 0;
  let errors = 0;
  const startAt = performance.now() + spec.warmupMs;
  const endAt = startAt + spec.measureMs;
  const idle: Client[] = [];
  const onAnswer = (client: Client, dueAt: number, ok: boolean) => {
    const now = performance.now();
    if (now >= startAt && now < endAt && count < latencies.length) {
      latencies[count] = now - dueAt;
      count += 1;
      if (!ok) errors += 1;
    }
    if (spec.ratePerSecond !== undefined) idle.push(client);
    else if (now < endAt) client.send(now);
  };
  const clients = Array.from({ length: spec.connections }, () => new Client(spec, onAnswer));
  await Promise.all(clients.map((client) => client.opened()));
  if (spec.ratePerSecond === undefined) for (const client of clients) client.send(performance.now());
  else paced(spec.ratePerSecond, idle, clients, endAt);
  await new Promise((resolve) => setTimeout(resolve, endAt - performance.now() + 50));
  for (const client of clients) client.close();
  const sorted = latencies.subarray(0, count).sort();
  const at = (quantile: number) => sorted[Math.min(count - 1, Math.floor(count * quantile))] ?? Number.NaN;
  const perSecond = count / (spec.measureMs / 1000);
  return { requests: count, errors, perSecond, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/**
 * Sends on schedule. A request that finds no free connection waits, and its wait counts: that is the server's doing.
 * How late our own timer is does not.
 */
function paced(ratePerSecond: number, idle: Client[], clients: readonly Client[], endAt: number): void {
  idle.push(...clients);
  const startAt = performance.now();
  const waiting: number[] = [];
  let noticed = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    const due = Math.floor(((now - startAt) * ratePerSecond) / 1000);
    for (; noticed < due; noticed += 1) waiting.push(now);
    while (waiting.length > 0 && idle.length > 0) idle.shift()?.send(waiting.shift() ?? now);
    if (now >= endAt) clearInterval(timer);
  }, 1);
}

const result = await run(JSON.parse(readFileSync(0, 'utf8')) as LoadSpec);
process.stdout.write(JSON.stringify(result));
process.exit(0);
