import type { Environment } from '@loguro/types/operations';

/** What the runner tells the tests. */
export interface TestConfig {
  /** Superuser of the run's PostgreSQL server. */
  postgresUrl: string;
  /** The run's Redis server, without a database number. */
  redisUrl: string;
  /** A Redis program for private servers. */
  redisProgram: string;
  /** The run's folder: private servers keep their data and leave their pid here. */
  runFolder: string;
  /** Where to ask for a project on the stack that test files share. */
  stackUrl: string;
}

const VARIABLES: Readonly<Record<keyof TestConfig, string>> = {
  postgresUrl: 'LOGURO_TEST_POSTGRES_URL',
  redisUrl: 'LOGURO_TEST_REDIS_URL',
  redisProgram: 'LOGURO_TEST_REDIS_PROGRAM',
  runFolder: 'LOGURO_TEST_RUN_FOLDER',
  stackUrl: 'LOGURO_TEST_STACK_URL',
};

/**
 * One of the runner's settings.
 *
 * @throws Error when the tests were not started by the runner
 */
export function testSetting(name: keyof TestConfig, env: Environment = process.env): string {
  const value = env[VARIABLES[name]];
  if (value === undefined || value === '') {
    throw new Error(
      `${VARIABLES[name]} is not set: start the tests with "npx pnpm test" or infra/testing/bin/test.mjs`,
    );
  }
  return value;
}

/** The same settings as environment variables. */
export function toEnvironment(config: Partial<TestConfig>): Record<string, string> {
  const entries = Object.entries(config) as [keyof TestConfig, string][];
  return Object.fromEntries(entries.map(([name, value]) => [VARIABLES[name], value]));
}
