import { describe, expect, test } from '@jest/globals';
import type { Fields } from '@loguro/types';
import { convertCells, convertObject } from './convert.js';
import { fieldName, fieldNames } from './field-name.js';
import { Mapping, type MappingOptions } from './mapping.js';
import { toTimestamp } from './time-format.js';

const FIELDS: Fields = { name: 'string', note: 'string?', n: 'number', flag: 'boolean?', at: 'timestamp?' };

function mapping(options: Partial<MappingOptions> = {}): Mapping {
  return new Mapping(FIELDS, {
    timestampColumn: 'timestamp',
    timeFormat: 'iso',
    nulls: [],
    extra: 'refuse',
    ignore: [],
    context: {},
    ...options,
  });
}

function cells(headings: string[], values: string[], options: Partial<MappingOptions> = {}) {
  const map = mapping(options);
  return convertCells(values, map.plan(headings), map);
}

const HEADINGS = ['timestamp', 'name', 'n'];
const T = '2026-06-01T00:00:00Z';

describe('a CSV cell becomes what its field asks for', () => {
  test.each([
    ['1', 1],
    ['-1.50', -1.5],
    ['+007', 7],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1,5', '1,5'],
    ['0x10', '0x10'],
    ['Infinity', 'Infinity'],
    [' 1', ' 1'],
    ['', null],
  ])('number %j → %j', (text, value) => {
    expect(cells(HEADINGS, [T, 'a', text])).toMatchObject({ n: value });
  });

  test.each([
    ['TRUE', true],
    ['y', true],
    ['0', false],
    ['No', false],
    ['maybe', 'maybe'],
    ['', null],
  ])('boolean %j → %j', (text, value) => {
    expect(cells([...HEADINGS, 'flag'], [T, 'a', '1', text])).toMatchObject({ flag: value });
  });

  test('an empty cell is the empty string where a string has to be, and nothing where nothing may be', () => {
    expect(cells([...HEADINGS, 'note'], [T, '', '1', ''])).toMatchObject({ name: '', note: null });
    expect(cells([...HEADINGS, 'note'], [T, 'NA', '1', 'NA'], { nulls: ['NA'] })).toMatchObject({
      name: '',
      note: null,
    });
  });

  test('columns without a field are refused by name, dropped, or kept in the context, as told', () => {
    const headings = [...HEADINGS, 'Extra col'];
    const values = [T, 'a', '1', 'x'];
    expect(() => cells(headings, values)).toThrow('no field for "Extra col"');
    expect(cells(headings, values, { extra: 'drop' })).not.toHaveProperty('Extra col');
    expect(cells(headings, values, { ignore: ['Extra col'] })).toMatchObject({ context: {} });
    expect(cells(headings, values, { extra: 'context', context: { a: 1 } })).toMatchObject({
      context: { a: 1, 'Extra col': 'x' },
    });
  });

  test('a heading that is no field name stands for the nearest one', () => {
    const map = new Mapping({ Order_ID: 'number' }, mapping().options);
    expect(convertCells([T, '7'], map.plan(['timestamp', 'Order ID']), map)).toMatchObject({ Order_ID: 7 });
  });

  test('headings that come to one name go to the fields that infer gave them', () => {
    const headings = ['timestamp', 'Order ID', 'context', 'Order_ID', '价格', '数量'];
    const names = fieldNames(headings.filter((heading) => !['timestamp', 'context'].includes(heading)));
    const map = new Mapping(Object.fromEntries(names.map((name) => [name, 'number?'])), mapping().options);
    expect(convertCells([T, '1', '', '2', '3', '4'], map.plan(headings), map)).toEqual({
      timestamp: T,
      context: {},
      Order_ID: 1,
      Order_ID_2: 2,
      f_: 3,
      f__2: 4,
    });
  });

  test('two columns for one field are refused, unless one is left out', () => {
    const plan = (ignore: string[]) => {
      const map = new Mapping({ Order_ID: 'number' }, { ...mapping().options, ignore });
      return convertCells([T, '1', '2'], map.plan(['timestamp', 'Order ID', 'Order_ID']), map);
    };
    expect(() => plan([])).toThrow('The columns "Order ID", "Order_ID" both stand for the field "Order_ID".');
    expect(plan(['Order ID'])).toMatchObject({ Order_ID: 2 });
    expect(plan(['Order_ID'])).toMatchObject({ Order_ID: 1 });
  });

  test('thousands of columns for the context take time in proportion', () => {
    const columns = Array.from({ length: 16_000 }, (_, i) => `c${i}`);
    const began = performance.now();
    cells([...HEADINGS, ...columns], [T, 'a', '1', ...columns], { extra: 'context' });
    // Tens of milliseconds; a new context for each column takes many seconds.
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('a context that is no object stays what it is, for validation to refuse', () => {
    const headings = [...HEADINGS, 'more', 'context', 'x'];
    expect(cells(headings, [T, 'a', '1', 'm', 'text', 'y'], { extra: 'context' })).toMatchObject({ context: 'text' });
  });

  test('a missing column is named, with what is there', () => {
    expect(() => cells(['timestamp', 'name'], [])).toThrow('has no column for "n"');
    expect(() => cells(['time', 'name', 'n'], [])).toThrow('no column "timestamp"');
    expect(cells(['time', 'name', 'n'], [T, 'a', '1'], { fixedTimestamp: T, extra: 'drop' })).toMatchObject({
      timestamp: T,
    });
  });
});

describe('the object of an NDJSON line', () => {
  test('keeps its values, gets a context, and renames its timestamp', () => {
    const object = { time: T, name: 'a', n: 1, context: { k: 1 } };
    expect(convertObject(object, mapping({ timestampColumn: 'time', context: { source: 'x' } }))).toEqual({
      timestamp: T,
      name: 'a',
      n: 1,
      context: { source: 'x', k: 1 },
    });
  });

  test('keeps unknown keys for validation to refuse, also __proto__', () => {
    const record = convertObject(JSON.parse(`{"timestamp":"${T}","__proto__":{"n":1},"x":1}`), mapping());
    expect(Object.keys(record)).toEqual(['timestamp', 'context', '__proto__', 'x']);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    const kept = convertObject(JSON.parse('{"__proto__":{"n":1}}'), mapping({ extra: 'context' }));
    expect(Object.keys(kept.context as object)).toEqual(['__proto__']);
  });
});

describe('timestamps', () => {
  test.each([
    ['iso', '2026-06-10 10:00', '2026-06-10 10:00'],
    ['iso-utc', '2026-06-10', '2026-06-10T00:00:00Z'],
    ['iso-utc', '2026-06-10 10:58', '2026-06-10T10:58:00Z'],
    ['iso-utc', '2026-06-10T10:58:01.25', '2026-06-10T10:58:01.25Z'],
    ['iso-utc', '2026-06-10 10:58:01+0200', '2026-06-10T10:58:01+02:00'],
    ['iso-utc', '2026-06-10 10:58:01 UTC', '2026-06-10T10:58:01Z'],
    ['iso-utc', '2026-06-10T10:58:01+02:00', '2026-06-10T10:58:01+02:00'],
    ['iso-utc', '10/06/2026', '10/06/2026'],
    ['epoch-s', '1780272000', '2026-06-01T00:00:00Z'],
    ['epoch-s', '1780272000.123456', '2026-06-01T00:00:00.123456Z'],
    ['epoch-s', '-0.5', '1969-12-31T23:59:59.5Z'],
    ['epoch-ms', '1780272000001', '2026-06-01T00:00:00.001Z'],
    ['epoch-ms', '1780272000001.5', '2026-06-01T00:00:00.0015Z'],
    ['epoch-ms', '99999999999999999', '99999999999999999'],
    ['epoch-s', 'now', 'now'],
  ] as const)('%s: %s → %s', (format, text, expected) => {
    expect(toTimestamp(text, format)).toBe(expected);
  });
});

describe('field names', () => {
  test.each([
    ['country', 'country'],
    ['Order ID', 'Order_ID'],
    ['Größe (cm)', 'Gro_e_cm'],
    ['2nd', 'f_2nd'],
    ['__secret', 'secret'],
    ['Timestamp', 'Timestamp_'],
    ['🙂', 'f_'],
  ])('%s → %s', (heading, name) => {
    expect(fieldName(heading)).toBe(name);
  });

  test('that collide, ignoring case, get numbers', () => {
    expect(fieldNames(['a b', 'A-b', 'a_b'])).toEqual(['a_b', 'A_b_2', 'a_b_3']);
    const taken = fieldNames(['a_b_2', 'a b', 'a_b', 'a-b']);
    expect(taken).toEqual(['a_b_2', 'a_b', 'a_b_3', 'a_b_4']);
    const many = fieldNames(Array.from({ length: 60_000 }, () => '价格'));
    expect(new Set(many).size).toBe(60_000);
  });
});
