import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Fields, Query } from '@loguro/types';
import type { QueryTarget } from './query-service.js';
import { createQueryFixture, type TestRecord } from './testing/record-fixture.js';

/** The fenced blocks of the page: what follows the three backticks, and the text. */
const page = readFileSync(new URL('../../../../docs/queries.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```(\w+ [^\n]+)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const blockOf = (kind: string) => blocks.find((block) => block.kind === kind)?.text as string;
const examples = blocks.flatMap((block, i) =>
  block.kind.startsWith('json query')
    ? [{ number: i, kind: block.kind, query: JSON.parse(block.text) as Query, answer: blocks[i + 1]?.text as string }]
    : [],
);
const never = new AbortController().signal;

let fixture: Awaited<ReturnType<typeof createQueryFixture>>;
let target: QueryTarget;
beforeAll(async () => {
  fixture = await createQueryFixture({ now: () => new Date('2026-06-10T12:00:00Z') });
  const records = blockOf('ndjson records')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TestRecord);
  target = await fixture.dataset(JSON.parse(blockOf('json fields')) as Fields, records);
});
afterAll(() => fixture.close());

test('the page has an example for every part of the language', () => {
  const keys = new Set(examples.flatMap(({ query }) => Object.keys(query)));
  expect([...keys].sort()).toEqual(['fill', 'groupBy', 'having', 'limit', 'orderBy', 'range', 'select', 'where']);
  expect(examples.length).toBeGreaterThan(15);
});

test.each(examples)(
  'example $number of docs/queries.md answers as it says ($kind)',
  async ({ kind, query, answer }) => {
    if (kind === 'json query csv') {
      let text = '';
      for await (const chunk of (await fixture.service.stream(target, query, 'text/csv', never)).chunks) text += chunk;
      expect(text.replaceAll('\r\n', '\n')).toBe(answer);
      return;
    }
    if (kind === 'json query fails') {
      await expect(fixture.service.run(target, query, never)).rejects.toMatchObject({
        code: 'invalid_query',
        details: JSON.parse(answer),
      });
      return;
    }
    const first = await fixture.service.run(target, query, never);
    const { rows } =
      kind === 'json query continued'
        ? await fixture.service.run(target, { ...query, cursor: first.nextCursor as string }, never)
        : first;
    expect(rows).toEqual(JSON.parse(answer));
  },
);
