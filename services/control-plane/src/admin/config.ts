import { ConfigReader, type Environment } from '@loguro/types/operations';
import type { RolePasswords } from '../database/roles.js';

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
