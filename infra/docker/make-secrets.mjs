// Makes the secrets that are not there yet, each only in the volumes of the services that need it, mounted under the folder
// given. A secret that is there is never changed: databases and signing keys depend on it.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , root = '/secrets'] = process.argv;

/** Secrets and the volumes they go to. */
const SECRETS = {
  postgres_password: ['postgres', 'migrate'],
  control_password: ['migrate', 'control'],
  query_password: ['migrate', 'control'],
  ingest_password: ['migrate', 'ingest'],
  redis_password: ['ingest'],
  secret_key: ['control'],
};

for (const [name, volumes] of Object.entries(SECRETS)) {
  const files = volumes.map((volume) => join(root, volume, name));
  const known = files.find((file) => existsSync(file));
  // Passwords go into URLs: hexadecimal needs no escaping.
  const fresh = () => (name === 'secret_key' ? randomBytes(32).toString('base64') : randomBytes(24).toString('hex'));
  const value = known === undefined ? fresh() : readFileSync(known, 'utf8');
  for (const file of files) if (!existsSync(file)) writeFileSync(file, value, { mode: 0o444 });
  console.log(`${name}: ${known === undefined ? 'made' : 'kept'}`);
}

const redis = join(root, 'redis', 'redis.conf');
if (!existsSync(redis)) {
  const password = readFileSync(join(root, 'ingest', 'redis_password'), 'utf8');
  const lines = [
    'dir /data',
    // What was accepted survives a power failure; grouped writes make it cheap.
    'appendonly yes',
    'appendfsync always',
    // Anything else may drop queued records.
    'maxmemory 400mb',
    'maxmemory-policy noeviction',
    'save ""',
    `requirepass ${password}`,
  ];
  writeFileSync(redis, `${lines.join('\n')}\n`, { mode: 0o444 });
}
