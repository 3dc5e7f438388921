import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';

/** The server did not even answer that it gave up. */
export class UnresponsiveError extends Error {
  constructor() {
    super('the database does not answer on an open connection');
    this.name = 'UnresponsiveError';
  }
}

/** How much later than the database's own timeout we give up on the database, in milliseconds. */
const PATIENCE_MS = 3000;

/**
 * Waits for work that the database ends by itself after a time.
 *
 * @param timeoutMs the database's own timeout
 * @throws UnresponsiveError when it has not
 */
export async function untilUnresponsive<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnresponsiveError()), timeoutMs + PATIENCE_MS);
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a statement and returns all of it, or throws; an {@link UnresponsiveError} when the database is silent. */
export type Ask = <Row extends QueryResultRow>(
  statement: string | QueryConfig,
  values?: unknown[],
) => Promise<QueryResult<Row>>;

/**
 * Asks over one connection.
 *
 * @param timeoutMs the session's statement timeout
 */
export function askOf(client: PoolClient, timeoutMs: number): Ask {
  return (statement, values) => untilUnresponsive(client.query(statement as string, values), timeoutMs);
}

/** A connection of the pool that is given back once; one that broke, or that no longer answers, is thrown away. */
export interface Lease {
  client: PoolClient;
  /**
   * Waits for work, but no longer than the connection holds: a cursor that waits for an answer would not hear of its
   * end. One piece of work at a time.
   */
  unlessLost<T>(work: Promise<T>): Promise<T>;
  /** Has it thrown away when it is given back, because its session may not be as it was. */
  discard(): void;
  release(failure?: unknown): void;
}

/** Takes a connection of the pool. */
export async function lease(pool: Pool): Promise<Lease> {
  const client = await pool.connect();
  let broken = false;
  const discard = () => {
    broken = true;
  };
  let lost: Error | undefined;
  let onLost: (error: Error) => void = () => undefined;
  const onError = (error: Error) => {
    discard();
    lost = error;
    onLost(error);
  };
  client.on('error', onError);
  return {
    client,
    // Racing each time with one promise that lives as long as the connection would keep every result in memory.
    unlessLost: (work) =>
      new Promise((resolve, reject) => {
        onLost = reject;
        work.then(resolve, reject);
        if (lost !== undefined) reject(lost);
      }),
    discard,
    release(failure) {
      client.off('error', onError);
      client.release(broken || failure instanceof UnresponsiveError);
    },
  };
}

/** Takes a connection of the pool for one piece of work. */
export async function withConnection<T>(
  pool: Pool,
  work: (client: PoolClient, connection: Lease) => Promise<T>,
): Promise<T> {
  const connection = await lease(pool);
  const { client, release } = connection;
  try {
    const value = await work(client, connection);
    release();
    return value;
  } catch (error) {
    release(error);
    throw error;
  }
}
