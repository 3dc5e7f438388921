import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { CliError } from '../cli-error.js';
import type { Host } from '../host.js';
import { barChart } from './bar-chart.js';
import { formatCsv, formatNdjson } from './formats.js';
import { lineChart } from './line-chart.js';
import { LineFeeds } from './line-feeds.js';
import { formatBytes, formatDuration, formatNumber } from './numbers.js';
import { Output, OutputClosed } from './output.js';
import { safeLine, safeText } from './safe-text.js';
import { formatItem, formatTable } from './table.js';

const plain = (text: string) => text;

describe('what is printed for a person', () => {
  test('is aligned by what it looks like, not by its code units', async () => {
    const rows = [
      { city: '東京', n: 5, note: null },
      { city: 'e\u0301tat', n: 1234, note: 'x'.repeat(80) },
    ];
    const columns = [{ key: 'city', title: 'city name' }, { key: 'n', align: 'right' } as const, { key: 'note' }];
    expect(await formatTable(rows, columns, plain)).toBe(
      `city name     n  note\n東京          5  –\ne\u0301tat       1234  ${'x'.repeat(59)}…\n`,
    );
    expect(await formatItem({ a: 1, long: { b: 2 } }, [{ key: 'a' }, { key: 'long' }], plain)).toBe(
      'a     1\nlong  {"b":2}\n',
    );
  });

  test('can not steer the terminal', () => {
    const nasty = 'a\u001b[2Jb\u009b1mc\u202ed\r\ne\tf\u0000';
    expect(safeLine(nasty)).toBe('a\\u001b[2Jb\\u009b1mc\\u202ed\\u000d\\ne\\tf\\u0000');
    expect(safeText('a\n\tb\u0007')).toBe('a\n\tb\\u0007');
    expect(safeLine('naïve 🙂 日本')).toBe('naïve 🙂 日本');
  });

  test('says numbers, sizes and times shortly', () => {
    expect([formatNumber(3), formatNumber(1 / 3), formatNumber(1234567.891)]).toEqual(['3', '0.333333', '1234570']);
    expect([formatBytes(0), formatBytes(1023), formatBytes(1536), formatBytes(5e9)]).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '4.7 GiB',
    ]);
    expect([400, 65_000, 3_725_000].map(formatDuration)).toEqual(['0 s', '1 min 05 s', '1 h 02 min']);
  });
});

describe('charts', () => {
  test('bars are as long as their values, whatever their labels', () => {
    const chart = barChart(
      [
        { label: 'a', value: 10 },
        { label: '日本\u001b[31m', value: 5 },
        { label: 'c', value: -1 },
      ],
      40,
    );
    const [a = '', b = '', c = ''] = chart.split('\n');
    expect(a).toMatch(/^a +╢█+ 10$/);
    const length = (line: string) => line.match(/█/g)?.length ?? 0;
    expect(Math.abs(length(a) - 2 * length(b))).toBeLessThanOrEqual(1);
    expect(b).toContain('日本\\u001b[31m');
    expect(c).toMatch(/^c +╢ -1$/);
  });

  test('lines fit the width and name their ends', () => {
    const points = Array.from({ length: 50 }, (_, i) => ({ label: `day ${i}`, value: i % 7 }));
    const chart = lineChart(points, 70);
    expect(Math.max(...chart.split('\n').map((line) => line.length))).toBeLessThanOrEqual(74);
    expect(chart).toContain('day 0');
    expect(chart).toContain('day 49');
    expect(lineChart([{ label: 'only', value: 3 }], 70)).toContain('3┤');
  });
});

describe('what is printed for programs', () => {
  test('CSV is quoted as RFC 4180 has it, null is empty and an object is JSON', () => {
    const rows = [{ a: 'x,"y"\nz', b: null, c: { k: 1 } }];
    expect(formatCsv(rows, [{ key: 'a' }, { key: 'b' }, { key: 'c' }])).toBe('a,b,c\n"x,""y""\nz",,"{""k"":1}"\n');
    expect(formatNdjson([{ a: 1 }, {}])).toBe('{"a":1}\n{}\n');
  });

  test('lines of CSV end with LF however it is cut, and what is between quotes stays', () => {
    const text = 'a,b\r\n"x\r\ny ""q""\r\n",2\r\n\r';
    for (let size = 1; size <= text.length; size++) {
      const feeds = new LineFeeds();
      let out = '';
      for (let at = 0; at < text.length; at += size) out += feeds.push(text.slice(at, at + size));
      expect(out + feeds.end()).toBe('a,b\n"x\r\ny ""q""\r\n",2\n\r');
    }
  });
});

describe('an answer that can not be written whole', () => {
  async function print(code: string) {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => setImmediate(done, Object.assign(new Error(code), { code })),
    });
    const out = new Output({ stdout, stderr: stdout, config: {} } as unknown as Host, { format: 'csv' });
    await out.data('a\n1\n');
    await out.end();
  }

  test('is a failure when the disk is full', async () => {
    await expect(print('ENOSPC')).rejects.toThrow(CliError);
    await expect(print('ENOSPC')).rejects.toThrow("The output can't be written (ENOSPC)");
  });

  test('is none when the reader went away', async () => {
    await expect(print('EPIPE')).rejects.toThrow(OutputClosed);
  });
});
