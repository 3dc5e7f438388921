// Prints the Secrets of an installation with fresh passwords, for `kubectl create`, which leaves alone what exists:
//   node infra/kubernetes/bin/secrets.mjs | kubectl create --namespace loguro --filename -
// LOGURO_MIGRATE_DATABASE_URL and LOGURO_QUEUE_URL in the environment say where PostgreSQL (as its owner) and Redis are.
// Without them they are those of the trial, whose own Secrets are printed too.
import { randomBytes } from 'node:crypto';

const password = () => randomBytes(24).toString('hex');

const { LOGURO_MIGRATE_DATABASE_URL: ownerUrl, LOGURO_QUEUE_URL: queueUrl } = process.env;
if ((ownerUrl === undefined) !== (queueUrl === undefined)) {
  console.error('Set both LOGURO_MIGRATE_DATABASE_URL and LOGURO_QUEUE_URL, or neither for a trial.');
  process.exit(1);
}
const trial = { postgres: password(), redis: password() };
const owner = ownerUrl ?? `postgres://postgres:${trial.postgres}@postgres:5432/loguro`;
const queue = queueUrl ?? `redis://:${trial.redis}@redis:6379/0`;
if (!URL.canParse(owner) || !URL.canParse(queue)) {
  console.error(
    'LOGURO_MIGRATE_DATABASE_URL and LOGURO_QUEUE_URL must be URLs; special characters in passwords are percent-encoded.',
  );
  process.exit(1);
}

/** The owner's URL with another login; host, database and parameters (sslmode, …) are the same. */
function loginAs(role, secret) {
  const url = new URL(owner);
  url.username = role;
  url.password = secret;
  return url.href;
}

const passwords = { control: password(), query: password(), ingest: password() };
const redisConf = [
  'dir /data',
  'appendonly yes',
  'appendfsync always',
  'maxmemory 700mb',
  'maxmemory-policy noeviction',
  'save ""',
  `requirepass ${trial.redis}`,
];
const secrets = {
  'loguro-migrate': {
    LOGURO_MIGRATE_DATABASE_URL: owner,
    LOGURO_CONTROL_PASSWORD: passwords.control,
    LOGURO_QUERY_PASSWORD: passwords.query,
    LOGURO_INGEST_PASSWORD: passwords.ingest,
  },
  'loguro-control': {
    LOGURO_DATABASE_URL: loginAs('loguro_control', passwords.control),
    LOGURO_QUERY_DATABASE_URL: loginAs('loguro_query', passwords.query),
    LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
  },
  'loguro-ingest': { LOGURO_DATABASE_URL: loginAs('loguro_ingest', passwords.ingest), LOGURO_QUEUE_URL: queue },
  ...(ownerUrl === undefined && {
    postgres: { password: trial.postgres },
    redis: { 'redis.conf': `${redisConf.join('\n')}\n` },
  }),
};
const items = Object.entries(secrets).map(([name, stringData]) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, labels: { 'app.kubernetes.io/part-of': 'loguro' } },
  type: 'Opaque',
  stringData,
}));
console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2));
