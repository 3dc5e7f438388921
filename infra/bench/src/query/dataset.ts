/** The dataset every query figure is measured with. */
export const FIELDS = {
  country: 'string',
  plan: 'string',
  amount: 'number',
  active: 'boolean',
  signup_at: 'timestamp',
} as const;

/** How much time the rows span. */
export const DAYS = 60;

/**
 * SQL that fills a record table: rows in order of time up to `end`, most seconds late and one in a thousand hours;
 * ten countries and four plans with a long tail, amounts of a log-normal kind.
 *
 * @param table qualified
 * @param end RFC 3339
 */
export function fillTable(table: string, rows: number, end: string): string[] {
  const span = (DAYS * 86_400) / rows;
  return [
    'SELECT setseed(0.42)',
    `INSERT INTO ${table} ("timestamp", "context", "__traceId", "country", "plan", "amount", "active", "signup_at")
     SELECT timestamptz '${end}' - (${rows} - i) * ${span} * interval '1 second'
              - CASE WHEN a < 0.001 THEN c * interval '6 hours' ELSE c * interval '3 seconds' END,
            json_build_object('source', (ARRAY['billing', 'web', 'mobile', 'api'])[1 + floor(b * 4)::int], 'host', 'app-' || i % 250),
            'req-' || substr(md5(i::text), 1, 16),
            (ARRAY['US', 'DE', 'RO', 'FR', 'GB', 'IN', 'BR', 'JP', 'ES', 'PL'])[1 + floor(10 * power(b, 2.2))::int],
            (ARRAY['free', 'pro', 'team', 'enterprise'])[1 + floor(4 * power(c, 2))::int],
            round(exp(3 + 2.4 * (a + b + c - 1.5))::numeric, 2)::float8,
            c < 0.7,
            timestamptz '${end}' - floor(a * 240 * 86400) * interval '1 second'
       FROM (SELECT i, random() AS a, random() AS b, random() AS c FROM generate_series(1, ${rows}) AS i) AS random`,
    `VACUUM ANALYZE ${table}`,
  ];
}
