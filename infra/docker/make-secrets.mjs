// Makes the secrets that are not there yet, each only in the volumes of the services that need it, mounted under the folder
// given. A secret that is there is never changed by itself: databases and signing keys depend on it.
//   --renew NAME[,NAME…]    replaces passwords that take effect when the services are started again
//   LOGURO_NEW_SECRET_KEY   replaces secret_key, after `signing-keys reencrypt` with the same value
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , root = '/secrets', option, list = ''] = process.argv;
const { LOGURO_NEW_SECRET_KEY: newSecretKey = '' } = process.env;

/** Secrets and the volumes they go to. */
const SECRETS = {
  postgres_password: ['postgres', 'migrate', 'admin'],
  control_password: ['migrate', 'control', 'admin'],
  query_password: ['migrate', 'control', 'admin'],
  ingest_password: ['migrate', 'ingest', 'admin'],
  redis_password: ['ingest', 'admin'],
  secret_key: ['control', 'admin'],
};
/** The migration gives the first three to their roles, Redis reads the last one when it starts. */
const RENEWABLE = ['control_password', 'query_password', 'ingest_password', 'redis_password'];

function refuse(sentence) {
  console.error(sentence);
  process.exit(1);
}

const renewed = list.split(',').filter((name) => name !== '');
const unknown = renewed.filter((name) => !RENEWABLE.includes(name));
if ((option !== undefined && option !== '--renew') || unknown.length > 0 || (option && renewed.length === 0)) {
  refuse(`Name what to renew, separated by commas: --renew ${RENEWABLE.join(',')}`);
}
if (newSecretKey !== '' && Buffer.from(newSecretKey, 'base64').length !== 32) {
  refuse('LOGURO_NEW_SECRET_KEY must be 32 bytes in base64: openssl rand -base64 32');
}

/** A crash leaves the old file or the new one, never half of it. */
function write(file, content) {
  writeFileSync(`${file}.new`, content, { mode: 0o444 });
  renameSync(`${file}.new`, file);
}

// Passwords go into URLs: hexadecimal needs no escaping.
const fresh = (name) => (name === 'secret_key' ? randomBytes(32).toString('base64') : randomBytes(24).toString('hex'));

for (const [name, volumes] of Object.entries(SECRETS)) {
  const files = volumes.map((volume) => join(root, volume, name));
  const known = files.find((file) => existsSync(file));
  const replaced = renewed.includes(name) || (name === 'secret_key' && newSecretKey !== '');
  const keep = known !== undefined && !replaced;
  const value = keep ? readFileSync(known, 'utf8') : (name === 'secret_key' && newSecretKey) || fresh(name);
  for (const file of files) if (!keep || !existsSync(file)) write(file, value);
  console.log(`${name}: ${keep ? 'kept' : 'made'}`);
}

const redisConf = [
  'dir /data',
  // What was accepted survives a power failure; grouped writes make it cheap.
  'appendonly yes',
  'appendfsync always',
  // Anything else may drop queued records.
  'maxmemory 400mb',
  'maxmemory-policy noeviction',
  'save ""',
  `requirepass ${readFileSync(join(root, 'ingest', 'redis_password'), 'utf8')}`,
];
write(join(root, 'redis', 'redis.conf'), `${redisConf.join('\n')}\n`);
