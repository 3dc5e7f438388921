import { randomBytes } from 'node:crypto';
import { waitFor, withClient, withUrl } from '@loguro/servers';
import { testSetting } from './config.js';
import { cloneTemplate } from './template.js';

/** The names of test databases start so. */
export const TEST_DATABASE_PREFIX = 'test_';

/** A database of one test's own, migrated. */
export interface TestDatabase {
  name: string;
  /** The superuser, who owns everything. */
  ownerUrl: string;
  /** As `loguro_control`. */
  controlUrl: string;
  /** As `loguro_query`. */
  queryUrl: string;
  /** As `loguro_ingest`; also works as `LOGURO_QUEUE_URL`. */
  ingestUrl: string;
  /**
   * Drops it. Whatever used it must be closed by then.
   *
   * @throws Error that names the connections still open; the database is dropped all the same
   */
  drop(): Promise<void>;
}

/** A fresh database on the run's server, cloned from the migrated template; takes some tens of milliseconds. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabaseOn(testSetting('postgresUrl'));
}

/** The same on any server that has the template. */
export async function createDatabaseOn(superuserUrl: string): Promise<TestDatabase> {
  const name = `${TEST_DATABASE_PREFIX}${randomBytes(6).toString('hex')}`;
  await cloneTemplate(superuserUrl, name);
  const as = (role: string) => withUrl(superuserUrl, { database: name, user: role, password: role });
  return {
    name,
    ownerUrl: withUrl(superuserUrl, { database: name }),
    controlUrl: as('loguro_control'),
    queryUrl: as('loguro_query'),
    ingestUrl: as('loguro_ingest'),
    drop: () => dropDatabase(superuserUrl, name),
  };
}

/** Connections of a database, in words. */
export async function openConnections(superuserUrl: string, database: string): Promise<string[]> {
  return withClient(superuserUrl, async (client) => {
    const { rows } = await client.query<{ words: string }>(
      `SELECT format('%s (%s, %s), last: %s', usename, coalesce(nullif(application_name, ''), 'no application name'),
                     coalesce(state, 'starting'), coalesce(nullif(left(query, 120), ''), 'nothing')) AS words
         FROM pg_stat_activity
        WHERE datname LIKE $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      [database],
    );
    return rows.map((row) => row.words);
  });
}

async function dropDatabase(superuserUrl: string, name: string): Promise<void> {
  let open: string[] = [];
  // A closed socket's backend takes a moment to notice.
  await waitFor(
    async () => {
      open = await openConnections(superuserUrl, name);
      return open.length === 0;
    },
    { timeoutMs: 3000, what: 'connections to close' },
  ).catch(() => undefined);
  await withClient(superuserUrl, (client) => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`));
  if (open.length > 0) {
    throw new Error(
      `${open.length} connection(s) were still open when the test dropped its database:\n  ${open.join('\n  ')}`,
    );
  }
}
