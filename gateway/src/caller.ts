import { addressKey } from '@loguro/types/rate-limits';
import { clientOrigin } from './client-address.js';
import type { ClientConnection } from './client-connection.js';
import type { GatewayContext } from './context.js';
import type { Surface } from './hosts.js';
import type { RequestHeaders } from './request-headers.js';

/** Who makes one request: from where, and with which credential. */
export class Caller {
  readonly #context: GatewayContext;
  readonly #connection: ClientConnection;
  readonly #credential: string | undefined;
  /** The client's address, as far as those in between are trusted. */
  readonly address: string;
  /** The same, as the guard counts it. */
  #key = '';

  /** Drops from `headers.forwardedFor` what nobody trusted has seen. */
  constructor(context: GatewayContext, connection: ClientConnection, headers: RequestHeaders, peer: string) {
    this.#context = context;
    this.#connection = connection;
    this.#credential = headers.authorization;
    const { address, forwardedFor } = clientOrigin(peer, headers.forwardedFor, context.isTrusted);
    this.address = address;
    headers.forwardedFor = forwardedFor;
    if (context.guard === null) return;
    if (address === peer) connection.addressKey ??= addressKey(address);
    this.#key = address === peer ? (connection.addressKey as string) : addressKey(address);
  }

  /**
   * @throws ApiError `rate_limited` for one whose address got too many credentials wrong
   */
  admit(method: string): void {
    const { guard, metrics } = this.#context;
    // A preflight carries no credential, and nothing can be guessed with it.
    if (guard === null || method === 'OPTIONS') return;
    const refusal = guard.check(this.#key, this.#credential, this.#connection);
    if (refusal === undefined) return;
    metrics.heldBack();
    throw refusal;
  }

  /** Takes note of what a service made of the credential. */
  learn(status: number, credentialIsGood: boolean, method: string, surface: Surface): void {
    const { guard } = this.#context;
    if (guard === null) return;
    if (status === 401) guard.failed(this.#key, this.#credential, this.#connection);
    else if (this.#credential === undefined) return;
    // Ingest takes no POST without a good key; it is spared saying so with every answer.
    else if (credentialIsGood || (status < 300 && method === 'POST' && surface === 'ingest')) {
      guard.proved(this.#credential, this.#connection);
    }
  }
}
