import type { Query } from '@loguro/types';

/** One question in the three languages it is asked in. */
export interface Question {
  name: string;
  query: Query;
  /** The best SQL for it that we could write by hand, knowing the data. */
  sql: string;
  values: string[];
  /** The same for DuckDB. */
  duck: string;
}

/**
 * The everyday questions of dashboards and analysts.
 *
 * @param table qualified, in PostgreSQL
 * @param range of seven days, RFC 3339
 * @param rowsPerSecond at the end of the range, for whoever writes by hand and knows it
 */
export function questions(table: string, range: { from: string; to: string }, rowsPerSecond: number): Question[] {
  const { from, to } = range;
  const within = '"timestamp" BETWEEN $1::timestamptz AND $2::timestamptz';
  const duckWithin = `"timestamp" BETWEEN '${from}'::TIMESTAMPTZ AND '${to}'::TIMESTAMPTZ`;
  const hour = `date_bin('1 hour'::interval, "timestamp", '0001-01-01 00:00:00+00'::timestamptz)`;
  // Three times as long as a hundred rows take.
  const newest = new Date(Date.parse(to) - (300 / rowsPerSecond) * 1000).toISOString();
  const columns = '"timestamp", country, plan, amount, active, signup_at, context';
  const select = ['timestamp', 'country', 'plan', 'amount', 'active', 'signup_at', 'context'];
  return [
    {
      name: 'count in 7 days',
      query: { range },
      sql: `SELECT count(*) FROM ${table} WHERE ${within}`,
      values: [from, to],
      duck: `SELECT count(*) FROM t WHERE ${duckWithin}`,
    },
    {
      name: 'by country, two filters',
      query: {
        range,
        select: [
          { field: 'country' },
          { aggregate: 'count' },
          { aggregate: 'sum', field: 'amount' },
          { aggregate: 'avg', field: 'amount' },
        ],
        where: [
          { field: 'plan', op: '=', value: 'pro' },
          { field: 'amount', op: '>', value: 20 },
        ],
        groupBy: ['country'],
      },
      sql: `SELECT country, count(*), sum(amount), avg(amount) FROM ${table} WHERE ${within} AND plan = $3 AND amount > $4::float8 GROUP BY country ORDER BY country`,
      values: [from, to, 'pro', '20'],
      duck: `SELECT country, count(*), sum(amount), avg(amount) FROM t WHERE ${duckWithin} AND plan = 'pro' AND amount > 20 GROUP BY country ORDER BY country`,
    },
    {
      name: 'hourly buckets',
      query: { range, groupBy: [{ bucket: 'hour', field: 'timestamp' }], limit: 1000 },
      sql: `SELECT ${hour} AS hour, count(*) FROM ${table} WHERE ${within} GROUP BY 1 ORDER BY 1`,
      values: [from, to],
      duck: `SELECT date_trunc('hour', "timestamp") AS hour, count(*) FROM t WHERE ${duckWithin} GROUP BY 1 ORDER BY 1`,
    },
    {
      name: 'newest 100',
      query: { select: select.map((field) => ({ field })), orderBy: [{ field: 'timestamp', direction: 'desc' }] },
      sql: `SELECT ${columns} FROM ${table} WHERE ${within} ORDER BY "timestamp" DESC LIMIT 100`,
      values: [newest, to],
      duck: `SELECT ${columns} FROM t WHERE ${duckWithin} ORDER BY "timestamp" DESC LIMIT 100`,
    },
    {
      name: 'p95 by country',
      query: { range, select: [{ field: 'country' }, { aggregate: 'p95', field: 'amount' }], groupBy: ['country'] },
      sql: `SELECT country, percentile_cont(0.95) WITHIN GROUP (ORDER BY amount) FROM ${table} WHERE ${within} GROUP BY country ORDER BY country`,
      values: [from, to],
      duck: `SELECT country, quantile_cont(amount, 0.95) FROM t WHERE ${duckWithin} GROUP BY country ORDER BY country`,
    },
  ];
}
