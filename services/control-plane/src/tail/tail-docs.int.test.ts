import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { TailRequest } from '@loguro/types';
import type { TestRecord } from '../query/testing/record-fixture.js';
import { createTailFixture } from './testing/tail-fixture.js';

test('the examples of docs/tail.md answer as the page says', async () => {
  const page = readFileSync(new URL('../../../../docs/tail.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```\w+ (\w+)\n([\s\S]*?)^```$/gm)];
  expect(blocks.map(([, kind]) => kind)).toEqual(['request', 'answer', 'records', 'request', 'answer']);
  const fixture = await createTailFixture();
  try {
    const target = await fixture.dataset({ country: 'string', amount: 'number' });
    const writer = await fixture.writer();
    let answer: unknown;
    let cursor: string | undefined;
    for (const [, kind, text = ''] of blocks) {
      if (kind === 'records') {
        const records = text.trim().split('\n');
        await writer.store(
          target,
          records.map((line) => JSON.parse(line) as TestRecord),
        );
      } else if (kind === 'request') {
        const request = { ...(JSON.parse(text) as TailRequest), ...(cursor && { cursor }) };
        const result = await fixture.ask(target, request);
        cursor = result.cursor;
        answer = { ...result, cursor: '…' };
      } else expect(answer).toEqual(JSON.parse(text));
    }
  } finally {
    await fixture.close();
  }
});
