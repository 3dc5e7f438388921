import { expect, test } from '@jest/globals';
import { flightCount, readFlights } from './flights.js';
import { differences, questions } from './questions.js';
import { table } from './table.js';

const flight = (origin: string, delay: number, day = '05', distance = 2000, destination = 'LAX') => ({
  timestamp: `2001-01-${day}T10:00:00.000Z`,
  delay,
  distance,
  origin,
  destination,
});
const FLIGHTS = [
  flight('SFO', 10),
  flight('SFO', 20),
  flight('ORD', 90, '06', 500),
  flight('ATL', 61, '06', 1001, 'BOS'),
];

function answers() {
  const asked = questions();
  for (const seen of FLIGHTS) for (const { tally } of asked) tally.add(seen);
  return asked.map(({ tally }) => tally.rows());
}

test('the three questions are answered from the flights themselves', () => {
  expect(answers()).toEqual([
    [
      { origin: 'SFO', flights: 2, averageDelay: 15 },
      { origin: 'ATL', flights: 1, averageDelay: 61 },
      { origin: 'ORD', flights: 1, averageDelay: 90 },
    ],
    [
      { day: '2001-01-05T00:00:00Z', flights: 2, averageDelay: 15 },
      { day: '2001-01-06T00:00:00Z', flights: 2, averageDelay: 75.5 },
    ],
    [{ destination: 'BOS', flights: 1, worstDelay: 61 }],
  ]);
});

test('an answer that differs in a number, a text, an instant or its length is found', () => {
  const expected = [{ day: '2001-01-05T00:00:00Z', flights: 2, averageDelay: 15 }];
  const [row] = expected as [(typeof expected)[0]];
  expect(differences(expected, [{ ...row, day: '2001-01-05T00:00:00.000000Z', averageDelay: 15 + 1e-14 }])).toEqual([]);
  expect(differences(expected, [{ ...row, flights: 3 }])).toEqual(['row 1: flights is 3, the file says 2']);
  expect(differences(expected, [{ ...row, averageDelay: 15.0001 }])).toHaveLength(1);
  expect(differences(expected, [{ ...row, day: '2001-01-06T00:00:00Z' }])).toHaveLength(1);
  expect(differences([{ origin: 'SFO' }], [{ origin: 'ORD' }])).toHaveLength(1);
  expect(differences(expected, [])).toContain('0 rows instead of 1');
  expect(differences([], [row])).toEqual(['1 rows instead of 0']);
});

test('rows are printed aligned, numbers to the right, and the rest is counted', () => {
  const rows = [
    { origin: 'SFO', flights: 12345.678 },
    { origin: 'ORD', flights: 9 },
    { origin: 'ATL', flights: 1 },
  ];
  expect(table(rows, 2)).toBe(
    ['    origin    flights', '    SFO     12,345.68', '    ORD             9', '    … and 1 more'].join('\n'),
  );
});

test('the file holds three million real flights, read a part at a time', async () => {
  expect(await flightCount()).toBe(3_000_000);
  const parts = [];
  for await (const part of readFlights(3)) parts.push(part);
  expect(parts).toHaveLength(1);
  expect(parts[0]).toHaveLength(3);
  expect(parts[0]?.[0]).toEqual({
    timestamp: '2001-01-01T00:01:00.000Z',
    delay: 33,
    distance: 2176,
    origin: 'LAS',
    destination: 'PHL',
  });
});
