import pg from 'pg';

/** A PostgreSQL URL with another database, user or password. */
export function withUrl(url: string, change: { database?: string; user?: string; password?: string }): string {
  const next = new URL(url);
  if (change.database !== undefined) next.pathname = `/${encodeURIComponent(change.database)}`;
  if (change.user !== undefined) next.username = encodeURIComponent(change.user);
  if (change.password !== undefined) next.password = encodeURIComponent(change.password);
  return next.href;
}

/** Runs `work` on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  // A server that ends while the client is idle makes it emit; the next query reports the same.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
