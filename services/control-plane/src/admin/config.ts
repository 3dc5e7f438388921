import { ConfigReader, type Environment } from '@loguro/types/operations';
import type { RolePasswords } from '../database/roles.js';
import { readSecretKey } from '../keys/read-secret-key.js';

const PROTOCOLS = ['postgres:', 'postgresql:'];

/** What `migrate` reads from the environment. */
export interface MigrateConfig {
  /** The database's owner. */
  ownerUrl: string;
  passwords: RolePasswords;
}

/** @throws ConfigError naming every fault */
export function loadMigrateConfig(env: Environment): MigrateConfig {
  const reader = new ConfigReader(env);
  const ownerUrl = reader.url('LOGURO_MIGRATE_DATABASE_URL', PROTOCOLS, 'without it there is no database to migrate');
  const password = (variable: string, role: string) => {
    const value = reader.text(variable, `without it the role ${role} would have no password`);
    if (!/^[\x20-\x7e]*$/.test(value)) reader.fault(`${variable} may hold printable ASCII characters only`);
    return value;
  };
  const passwords = {
    control: password('LOGURO_CONTROL_PASSWORD', 'loguro_control'),
    query: password('LOGURO_QUERY_PASSWORD', 'loguro_query'),
    ingest: password('LOGURO_INGEST_PASSWORD', 'loguro_ingest'),
  };
  reader.done();
  return { ownerUrl, passwords };
}

/** What `restore` reads from the environment: what `migrate` does, and the secret key where it is at hand. */
export interface RestoreConfig extends MigrateConfig {
  secretKey: Buffer | null;
}

/** @throws ConfigError */
export function loadRestoreConfig(env: Environment): RestoreConfig {
  return { ...loadMigrateConfig(env), secretKey: optionalSecretKey(env) };
}

function optionalSecretKey(env: Environment): Buffer | null {
  return new ConfigReader(env).optionalText('LOGURO_SECRET_KEY') === undefined ? null : loadSecretKey(env);
}

/**
 * The database of the commands that create accounts and tokens: that of the control plane, or, when only that
 * is at hand, the owner's.
 *
 * @throws ConfigError naming every fault
 */
export function loadDatabaseUrl(env: Environment): string {
  const reader = new ConfigReader(env);
  const name =
    reader.optionalText('LOGURO_DATABASE_URL') === undefined && reader.optionalText('LOGURO_MIGRATE_DATABASE_URL')
      ? 'LOGURO_MIGRATE_DATABASE_URL'
      : 'LOGURO_DATABASE_URL';
  const url = reader.url(name, PROTOCOLS, 'without it there is no database to write to');
  reader.done();
  return url;
}

/**
 * The database's owner, for what no service may do.
 *
 * @throws ConfigError
 */
export function loadOwnerUrl(env: Environment): string {
  const reader = new ConfigReader(env);
  const url = reader.url('LOGURO_MIGRATE_DATABASE_URL', PROTOCOLS, "only the database's owner may do this");
  reader.done();
  return url;
}

/**
 * The key that encrypts the private signing keys.
 *
 * @throws ConfigError
 */
export function loadSecretKey(env: Environment): Buffer {
  const reader = new ConfigReader(env);
  const key = readSecretKey(reader, 'LOGURO_SECRET_KEY', 'private signing keys are encrypted with it');
  reader.done();
  return key;
}

/**
 * The key in use and the one to replace it with.
 *
 * @throws ConfigError
 */
export function loadSecretKeys(env: Environment): { from: Buffer; to: Buffer } {
  const reader = new ConfigReader(env);
  const from = readSecretKey(reader, 'LOGURO_SECRET_KEY', 'private signing keys are encrypted with it');
  const to = readSecretKey(reader, 'LOGURO_NEW_SECRET_KEY', 'private signing keys are to be encrypted with it');
  if (from.length > 0 && from.equals(to)) reader.fault('LOGURO_NEW_SECRET_KEY is the key that is in use already');
  reader.done();
  return { from, to };
}

/** What `doctor` looks at in the database; everything but the database itself may be missing. */
export interface DatabaseCheckConfig {
  databaseUrl: string;
  secretKey: Buffer | null;
}

/** @throws ConfigError */
export function loadDatabaseCheckConfig(env: Environment): DatabaseCheckConfig {
  const reader = new ConfigReader(env);
  const name = reader.optionalText('LOGURO_MIGRATE_DATABASE_URL')
    ? 'LOGURO_MIGRATE_DATABASE_URL'
    : 'LOGURO_DATABASE_URL';
  const databaseUrl = reader.url(name, PROTOCOLS, 'without it there is no database to look at');
  const secretKey = reader.optionalText('LOGURO_SECRET_KEY')
    ? readSecretKey(reader, 'LOGURO_SECRET_KEY', 'private signing keys are encrypted with it')
    : null;
  reader.done();
  return { databaseUrl, secretKey };
}

/**
 * Where `pg_dump` and `pg_restore` are; undefined: wherever the machine keeps them.
 */
export function postgresPrograms(env: Environment): string | undefined {
  return new ConfigReader(env).optionalText('LOGURO_POSTGRES_PROGRAMS');
}
