import { describe, expect, test } from '@jest/globals';
import { boundsOf, type Moment, momentOf, OPEN_MS } from './moment.js';

const MINUTE = 60_000;
const at = (minutes: number) => 1_800_000_000_000 + minutes * MINUTE;
const reading = (snapshot: string, minutes: number) => ({
  snapshot,
  at: at(minutes),
  blocks: 7,
  next: '',
  standby: false,
});

describe('how far back the ledger has to be read', () => {
  test('where nothing is open: a minute, for transactions that began and had no number yet', () => {
    expect(momentOf(reading('100:100:', 0), null).openSince).toBe(at(-1));
  });

  test('where something is open and nothing is known of before: as long as a transaction may last', () => {
    expect(momentOf(reading('90:100:90', 0), null).openSince).toBe(at(0) - OPEN_MS);
  });

  test('where all that is open got its number after the moment before: a minute before that', () => {
    const before = momentOf(reading('100:100:', 0), null);
    expect(momentOf(reading('100:120:100,110', 2), before).openSince).toBe(at(-1));
  });

  test('where something has been open since before: as far as then', () => {
    const first = momentOf(reading('100:100:', 0), null);
    const second = momentOf(reading('100:110:100', 2), first);
    const third = momentOf(reading('100:130:100', 3), second);
    expect([second.openSince, third.openSince]).toEqual([at(-1), at(-1)]);
    expect(momentOf(reading('130:140:130', 4), third).openSince).toBe(at(2));
  });

  test('on a replica: as long as a transaction may last, because it does not know what is open', () => {
    expect(momentOf({ ...reading('100:100:', 0), standby: true }, null).openSince).toBe(at(0) - OPEN_MS);
  });

  test('where something has been open for ever: not for ever', () => {
    let moment: Moment = momentOf(reading('100:100:', 0), null);
    for (let minute = 1; minute <= 60; minute++) moment = momentOf(reading('100:200:100', minute), moment);
    expect(moment.openSince).toBe(at(60) - OPEN_MS);
  });
});

test.each(['', '1:2', '1:2:3,', '1:2:x', ' 1:2:', '1:2:3;', '-1:2:', '12345678901234567890123:1:'])(
  '%j is no snapshot',
  (text) => {
    expect(boundsOf(text)).toBeNull();
  },
);
