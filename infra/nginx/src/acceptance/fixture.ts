import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { exchange, RawClient, type RawResponse, StandIn } from '@loguro/gateway/testing';
import type { Router, RunningRouter } from './routers.js';

/** One router in front of two stand-ins, for a group of tests. */
export class Fixture {
  readonly control = new StandIn();
  readonly ingest = new StandIn();
  #router: RunningRouter | undefined;
  readonly #clients: RawClient[] = [];
  readonly #answer = this.control.answer;

  get port(): number {
    if (this.#router === undefined) throw new Error('The router has not been started yet');
    return this.#router.port;
  }

  async start(router: Router, options = {}): Promise<void> {
    await this.control.listen();
    await this.ingest.listen();
    this.#router = await router.start({
      controlUpstreams: [this.control.origin],
      ingestUpstreams: [this.ingest.origin],
      ...options,
    });
  }

  /** Sends one request on a connection of its own. */
  send(bytes: string | Buffer): Promise<RawResponse> {
    return exchange(this.port, bytes);
  }

  connect(): RawClient {
    const client = new RawClient({ port: this.port });
    this.#clients.push(client);
    return client;
  }

  /** Forgets what one test saw and set. */
  reset(): void {
    for (const client of this.#clients.splice(0)) client.close();
    for (const service of [this.control, this.ingest]) {
      service.seen.length = 0;
      service.answer = this.#answer;
      service.takeOver = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#router?.close();
    await this.control.close();
    await this.ingest.close();
  }
}

/** A fixture that is started before the tests of the enclosing group, reset after each and closed at the end. */
export function useFixture(router: Router, options = {}): Fixture {
  const fixture = new Fixture();
  beforeAll(() => fixture.start(router, options));
  afterEach(() => fixture.reset());
  afterAll(() => fixture.close());
  return fixture;
}
