import { afterAll, beforeAll, test } from '@jest/globals';
import { createQueryFixture } from './testing/record-fixture.js';

const fields = { name: 'string?', n: 'number?' } as const;
let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
beforeAll(async () => {
  fixture = await createQueryFixture({ statementTimeoutMs: 15000 });
});
afterAll(() => fixture.close());
test('bench', async () => {
  const target = await fixture.dataset(fields);
  await fixture.owner.query(
    `INSERT INTO records.dataset_${target.id} ("timestamp", "context", "__traceId", "name", "n")
     SELECT timestamptz '2026-01-01' + i * interval '1 second', '{"a":1}', 't', repeat(md5(i::text), 4), i FROM generate_series(1, 1000000) i`,
  );
  await fixture.owner.query('VACUUM ANALYZE');
  for (const select of [
    [{ field: 'n' }],
    [{ field: 'timestamp' }, { field: 'name' }, { field: 'n' }, { field: 'context' }],
  ])
    for (let i = 0; i < 4; i++) {
      const t = performance.now();
      const { chunks } = await fixture.service.stream(
        target,
        { range: { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z' }, select },
        'application/x-ndjson',
        new AbortController().signal,
      );
      const first = performance.now() - t;
      let n = 0;
      for await (const c of chunks) n += c.length;
      const total = performance.now() - t;
      process.stderr.write(
        `BENCH cols=${select.length} first=${first.toFixed(0)} rest=${(total - first).toFixed(0)} bytes=${n} rows/s after first=${Math.round(1e9 / (total - first))}\n`,
      );
    }
}, 300_000);
