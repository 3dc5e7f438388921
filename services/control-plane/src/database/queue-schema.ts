import { createHash } from 'node:crypto';
import { INGEST_QUEUE, QUEUE_SCHEMA } from '@loguro/types';
import { runMigrations } from 'bullmq';
import { type Client, escapeIdentifier } from 'pg';
import { ROLES } from './roles.js';

/**
 * Brings the tables of BullMQ's PostgreSQL backend up to date and lets the ingest role use them. BullMQ
 * takes its own lock, so two runs at once are safe.
 *
 * BullMQ would create a queue's id sequence on the first job, for which the ingest role would need CREATE on
 * the schema; made here beforehand, it needs none.
 */
export async function ensureQueueSchema(client: Client): Promise<void> {
  await runMigrations(client, QUEUE_SCHEMA);
  const schema = escapeIdentifier(QUEUE_SCHEMA);
  const role = escapeIdentifier(ROLES.ingest);
  const sequence = escapeIdentifier(`bullmq_jid_${createHash('md5').update(INGEST_QUEUE).digest('hex')}`);
  await client.query(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('loguro:queue-schema'));
    CREATE SEQUENCE IF NOT EXISTS ${schema}.${sequence};
    GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role};
    REVOKE INSERT, UPDATE, DELETE ON ${schema}."migration" FROM ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};
    COMMIT;`);
}
