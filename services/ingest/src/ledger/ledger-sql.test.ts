import { describe, expect, test } from '@jest/globals';
import { timeOrderedId } from '../queue/time-ordered-id.js';
import { copyStep, ledgerInsert } from './ledger-sql.js';

/** What someone who can write to the queue might put where a number belongs. */
const NO_NUMBERS = [
  '1',
  '1; DROP TABLE x',
  '1 (a) FROM PROGRAM $$id$$ --',
  1.5,
  Number.NaN,
  null,
  {},
  ['1'],
] as unknown[];

describe('what a job says never becomes SQL', () => {
  test.each(NO_NUMBERS)('the dataset %p is refused', (dataset) => {
    expect(() => copyStep(dataset as number, '"a"', [Buffer.from('x\n')])).toThrow();
    expect(() => ledgerInsert([{ id: timeOrderedId(), dataset: dataset as number, records: 1 }], 1)).toThrow();
  });

  test.each(NO_NUMBERS)('the count %p is refused', (records) => {
    expect(() => ledgerInsert([{ id: timeOrderedId(), dataset: 1, records: records as number }], 1)).toThrow();
  });

  test.each(["');DROP TABLE x;--", '', `${timeOrderedId()}'`, `${timeOrderedId()}\n`])('the id %j is refused', (id) => {
    expect(() => ledgerInsert([{ id, dataset: 1, records: 1 }], 1)).toThrow('UUID');
  });

  test('ids and numbers are taken', () => {
    const id = timeOrderedId();
    expect(ledgerInsert([{ id, dataset: 13, records: 2 }], 7)).toContain(`('${id}',13,2,0,0,7)`);
    expect(copyStep(13, '"a"', []).sql).toBe('COPY records.dataset_13 ("a") FROM STDIN');
  });
});
