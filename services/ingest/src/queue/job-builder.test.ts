import { describe, expect, test } from '@jest/globals';
import { FairShare } from './fair-share.js';
import { type Append, buildJobs } from './job-builder.js';
import { newJobId, parseJobId } from './job-id.js';
import { timeOfId, timeOrderedId } from './time-ordered-id.js';

const append = (dataset: number, bytes: number, at = 1): Append => ({
  lines: { dataset, lines: `${'x'.repeat(bytes - 1)}\n`, count: 1 },
  at,
});

describe('building jobs', () => {
  test('groups appends by dataset, in order, under the time of the first', () => {
    const { jobs, chunkIds } = buildJobs([append(1, 3, 10), append(2, 2, 11), append(1, 4, 12)], new FairShare());
    expect(jobs).toHaveLength(1);
    expect(jobs[0]?.data).toEqual({
      v: 1,
      chunks: [
        { id: chunkIds[0], dataset: 1, count: 2, at: 10, lines: 'xx\nxxx\n' },
        { id: chunkIds[1], dataset: 2, count: 1, at: 11, lines: 'x\n' },
      ],
    });
    expect(chunkIds[2]).toBe(chunkIds[0]);
  });

  test('leaves a chunk with an id of its own as it is', () => {
    const chunk = { id: timeOrderedId(), dataset: 1, count: 2, at: 5, lines: 'a\nb\n' };
    const { jobs, chunkIds } = buildJobs([append(1, 2), { chunk }], new FairShare());
    expect(chunkIds[1]).toBe(chunk.id);
    expect(jobs[0]?.data.chunks[1]).toEqual(chunk);
  });

  test('starts a new chunk, and a new job, when one is full, and divides no append', () => {
    const large = 700 * 1024;
    const { jobs, chunkIds } = buildJobs([append(1, large), append(1, large), append(1, large)], new FairShare());
    expect(new Set(chunkIds).size).toBe(3);
    expect(jobs.map(({ data }) => data.chunks.length)).toEqual([2, 1]);
  });

  test('gives chunks of different priority jobs of their own', () => {
    const fair = new FairShare();
    fair.observe(true, 0);
    fair.priority(1, 1024 * 1024);
    const { jobs } = buildJobs([append(1, 10), append(2, 10), append(3, 10)], fair);
    expect(jobs.map(({ data }) => data.chunks.map(({ dataset }) => dataset))).toEqual([[1], [2, 3]]);
    expect((jobs[0]?.opts.priority ?? 0) > (jobs[1]?.opts.priority ?? 0)).toBe(true);
  });
});

test('the id of a job tells its size and when it was queued', () => {
  const before = Date.now();
  const size = parseJobId(newJobId(12, 3456));
  expect(size).toMatchObject({ records: 12, bytes: 3456 });
  expect(size?.queuedAt).toBeGreaterThanOrEqual(before);
  expect(parseJobId('17')).toBeNull();
});

test('ids are UUIDs of version 7 that grow with time and never repeat', () => {
  const ids = Array.from({ length: 2000 }, (_, ms) => timeOrderedId(1_750_000_000_000 + ms));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(timeOfId(ids[7] as string)).toBe(1_750_000_000_007);
});
