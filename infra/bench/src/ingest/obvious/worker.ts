// The obvious build's worker, for comparison only: one INSERT per job, with the statement that an ORM's
// createMany sends (a row of placeholders per record).
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { record } from '../rows.js';
import { startOps } from './ops.js';

const { LOGURO_OPS_PORT, LOGURO_QUEUE_URL = '', LOGURO_DATABASE_URL, BENCH_TABLE } = process.env;

interface ObviousJob {
  records: ReturnType<typeof record>[];
}

const pool = new pg.Pool({ connectionString: LOGURO_DATABASE_URL, max: 16 });
const COLUMNS = '"timestamp", "context", "__traceId", "country", "plan", "amount", "active", "signup_at"';
const WIDTH = 8;

const worker = new Worker<ObviousJob>(
  'obvious',
  async ({ data: { records } }) => {
    const rows = records.map(
      (_, row) => `(${Array.from({ length: WIDTH }, (_, column) => `$${row * WIDTH + column + 1}`).join(', ')})`,
    );
    const values = records.flatMap(({ timestamp, context, country, plan, amount, active, signup_at }) => [
      timestamp,
      JSON.stringify(context),
      'trace',
      country,
      plan,
      amount,
      active,
      signup_at,
    ]);
    await pool.query(`INSERT INTO ${BENCH_TABLE} (${COLUMNS}) VALUES ${rows.join(', ')}`, values);
  },
  { connection: new Redis(LOGURO_QUEUE_URL, { maxRetriesPerRequest: null }), concurrency: 16 },
);
startOps(Number(LOGURO_OPS_PORT));
process.once('SIGTERM', () => void worker.close().then(() => process.exit(0)));
