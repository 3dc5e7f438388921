import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** What came of a request; status 0 when its answer was lost. */
export interface Answer {
  status: number;
  body: string;
}

/** What {@link SteadyClient} asks for. */
export interface Call {
  method: string;
  path: string;
  /** Decides at the gateway which service is meant. */
  host: 'ingest.localhost' | 'localhost';
  credential: string;
  body?: unknown;
  /** Further ones. */
  headers?: Record<string, string>;
}

/**
 * One client with one connection that it keeps, as long as the gateway does. It never repeats a request: a failure
 * is counted, not mended.
 */
export class SteadyClient {
  readonly failures: string[] = [];
  answered = 0;
  readonly #gateway: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #running = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(gateway: string) {
    this.#gateway = new URL(gateway);
  }

  /** Repeats `turn` with a rest between, in milliseconds; an answer other than `status` is a failure. */
  start(status: number, turn: () => Promise<Answer>, restMs = 10): void {
    this.#running = true;
    this.#loop = (async () => {
      while (this.#running) {
        const answer = await turn();
        if (answer.status === status) this.answered += 1;
        else this.failures.push(`${answer.status} ${answer.body}`);
        // Processes are to be replaced under a load, not under a flood.
        await pause(restMs);
      }
    })();
  }

  /** Resolves when what is in flight has been answered. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#agent.destroy();
  }

  call({ method, path, host, credential, body, headers: further }: Call): Promise<Answer> {
    const { hostname, port } = this.#gateway;
    const fixed = { Host: host, Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json' };
    const headers = { ...fixed, ...further };
    return new Promise((resolve) => {
      const lost = (error: Error) => resolve({ status: 0, body: error.message });
      const sent = request({ hostname, port, path, method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
        response.on('error', lost);
      });
      sent.on('error', lost);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
