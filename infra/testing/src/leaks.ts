import { withClient } from '@loguro/servers';
import { openConnections, TEST_DATABASE_PREFIX } from './database.js';
import { claimedDatabases } from './redis.js';
import { runningServers } from './run-folder.js';
import type { RunServers } from './servers.js';

/**
 * What tests left open, one sentence each. `drop()` reports a test's own connections while they can still
 * be told apart; this looks once more when every test has ended.
 */
export async function findLeaks({ postgresUrl, redisUrl }: RunServers, runFolder: string): Promise<string[]> {
  const connections = await openConnections(postgresUrl, '%');
  const { rows } = await withClient(postgresUrl, (client) =>
    client.query<{ datname: string }>('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
      TEST_DATABASE_PREFIX,
    ]),
  );
  const claims = await claimedDatabases(redisUrl);
  // Two are the run's own.
  const ours = new Set([new URL(postgresUrl).port, new URL(redisUrl).port]);
  const servers = runningServers(runFolder).length - ours.size;
  return [
    ...connections.map((words) => `a PostgreSQL connection is still open: ${words}`),
    ...rows.map(({ datname }) => `the database ${datname} was not dropped`),
    ...claims.map((claim) => `the Redis ${claim.replace('loguro-test:', '')} was not given back`),
    ...(servers > 0 ? [`${servers} private PostgreSQL or Redis servers were not stopped`] : []),
  ];
}
