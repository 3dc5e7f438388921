import { randomBytes } from 'node:crypto';
import { createTestDatabase } from '@loguro/testing';
import { Client } from 'pg';

/** Runs something with a client of its own. */
export async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The passwords that the roles of the test server have, so that a migration in a test changes nothing for others. */
export const TEST_PASSWORDS = { control: 'loguro_control', query: 'loguro_query', ingest: 'loguro_ingest' };

/** An empty, never migrated database on the run's server. */
export interface EmptyDatabase {
  ownerUrl: string;
  as(role: string): string;
  drop(): Promise<void>;
}

/** Creates one. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const anchor = await createTestDatabase();
  const name = `test_empty_${randomBytes(6).toString('hex')}`;
  await withClient(anchor.ownerUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = (change: (url: URL) => void) => {
    const copy = new URL(anchor.ownerUrl);
    copy.pathname = `/${name}`;
    change(copy);
    return copy.href;
  };
  return {
    ownerUrl: url(() => undefined),
    as: (role) =>
      url((copy) => {
        copy.username = role;
        copy.password = role;
      }),
    async drop() {
      await withClient(anchor.ownerUrl, (client) => client.query(`DROP DATABASE ${name}`));
      await anchor.drop();
    },
  };
}
