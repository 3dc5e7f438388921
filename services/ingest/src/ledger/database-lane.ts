import pg from 'pg';
import { CopyTransaction, type Step, type StepFailure } from './copy-transaction.js';

/** Options of {@link DatabaseLane}. */
export interface LaneOptions {
  /** As the role loguro_ingest. */
  url: string;
  /**
   * A statement that runs longer is cancelled by the server, in milliseconds. It also bounds how long a
   * worker that was frozen in the middle of a COPY holds its ledger rows.
   */
  statementTimeoutMs: number;
  /** A statement that waits longer for a lock fails, in milliseconds, so that one table can't hold up all. */
  lockTimeoutMs: number;
}

/** The server is given this much longer than its own timeout before we hang up, in milliseconds. */
const ANSWER_GRACE_MS = 5000;
const CONNECT_MS = 5000;
const GOODBYE_MS = 1000;

/**
 * One connection for the length of a transaction. When it is lost everything asked of it fails: it never
 * becomes another connection, on which the rest of the transaction would be committed statement by statement.
 */
export interface Session {
  /** Runs the steps in one round trip; see {@link CopyTransaction}. Rejects never. */
  run(steps: readonly Step[]): Promise<StepFailure | null>;
  /** @throws Error of the server or of the connection */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Hangs up at once. */
  drop(): void;
}

/** Says goodbye to the server, and hangs up when it does not answer: a frozen one would be waited for as long as it is. */
export async function endClient(client: pg.Client): Promise<void> {
  const hangingUp = setTimeout(() => client.connection.stream.destroy(), GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(hangingUp);
}

/** A place for one transaction at a time; it connects when first used and again after a loss. */
export class DatabaseLane {
  readonly #options: LaneOptions;
  #client: pg.Client | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** @throws Error when the database can't be reached */
  async session(): Promise<Session> {
    const client = await this.#connected();
    return {
      run: (steps) => this.#run(client, steps),
      query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
        const { rows } = await this.#answered(client, () => client.query<Row>(text, values));
        return rows;
      },
      drop: () => this.#drop(client),
    };
  }

  /** Runs a whole transaction in one round trip; rejects never. */
  async run(steps: readonly Step[]): Promise<StepFailure | null> {
    try {
      return await this.#run(await this.#connected(), steps);
    } catch (error) {
      return { error: error as Error, step: 0 };
    }
  }

  /** Hangs up at once: a transaction that waits for a silent server fails now, and only the ledger knows what became of it. */
  hangUp(): void {
    if (this.#client !== undefined) this.#drop(this.#client);
  }

  /** Hangs up; a transaction in progress is undone by the server. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endClient(client);
  }

  #run(client: pg.Client, steps: readonly Step[]): Promise<StepFailure | null> {
    return this.#answered(client, () => client.query(new CopyTransaction(steps)).outcome);
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    client.connection.stream.destroy(new Error('The database did not answer in time.'));
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const { url, statementTimeoutMs, lockTimeoutMs } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: 'loguro-ingest-worker',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: statementTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
    });
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      await client.connect();
    } catch (error) {
      this.#drop(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  /** A server that does not answer at all is given up, or its silence would last for ever. */
  async #answered<T>(client: pg.Client, ask: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#drop(client), this.#options.statementTimeoutMs + ANSWER_GRACE_MS);
    try {
      return await ask();
    } finally {
      clearTimeout(timer);
    }
  }
}
