import { expect, test } from '@jest/globals';
import { ApiError, type Query } from '@loguro/types';
import { compileQuery } from './compile-query.js';

const dataset = {
  id: 1,
  fields: { route: 'string', status: 'number', ok: 'boolean', deployed_at: 'timestamp?' } as const,
};

/** The refusal as one text, a fault a line. */
function refusal(query: Query): string {
  try {
    compileQuery(dataset, query, { now: new Date('2026-06-10T12:00:00Z') });
  } catch (error) {
    if (error instanceof ApiError)
      return (error.details ?? []).map(({ path, message }) => `${path} ${message}`).join('\n');
    throw error;
  }
  throw new Error('the query was not refused');
}

const groupBy = ['route'];
const FIELDS = '"timestamp", "route", "status", "ok", "deployed_at"';

test.each<[string, Query, string]>([
  ['every field', { select: [{ field: '*' }] }, `select[0].field must name one field; there is ${FIELDS}`],
  [
    'the count of everything',
    { select: [{ aggregate: 'count', field: '*' }] },
    'select[0].field is not needed to count records: write {"aggregate":"count"}',
  ],
  [
    'a part of context',
    { where: [{ field: 'context.source', op: '=', value: 'x' }] },
    'where[0].field names a part of "context", which can be selected as it is and nothing else',
  ],
  [
    'a number as text',
    { where: [{ field: 'status', op: '=', value: '500' }] },
    'where[0].value is a string, but "status" is a number: write it without quotes',
  ],
  [
    'text that is no number',
    { where: [{ field: 'status', op: '=', value: '5xx' }] },
    'where[0].value is a string, but "status" is a number',
  ],
  [
    'true as text',
    { where: [{ field: 'ok', op: '=', value: 'true' }] },
    'where[0].value is a string, but "ok" is a boolean: write it without quotes',
  ],
  [
    'a number for a string',
    { where: [{ field: 'route', op: '=', value: 5 }] },
    'where[0].value is a number, but "route" is a string: put it in quotes',
  ],
  [
    'seconds for a timestamp',
    { where: [{ field: 'deployed_at', op: '>', value: 1764400000 }] },
    'where[0].value is a number, but "deployed_at" is a timestamp, such as "2026-06-10T10:00:00Z"',
  ],
  [
    'text compared with an aggregate',
    { groupBy, having: [{ aggregate: 'max', field: 'status', op: '>', value: 'x' }] },
    'having[0].value is a string, but max of "status" is a number',
  ],
  [
    'text compared with a count',
    { groupBy, having: [{ aggregate: 'count', op: '>', value: '5' }] },
    'having[0].value is a string, but count is a number: write it without quotes',
  ],
  [
    'one value where a list belongs',
    { where: [{ field: 'route', op: 'in', value: '/' }] },
    'where[0].value must be a list for "in": put it in [ ]',
  ],
  [
    'an operator of strings on a number',
    { where: [{ field: 'status', op: 'starts_with', value: '5' }] },
    'where[0].op "starts_with" compares strings, but "status" is a number',
  ],
  [
    'an aggregate as a filter',
    { groupBy, where: [{ field: 'count', op: '>', value: 5 }] },
    'where[0].field names no field: "count"; aggregates are compared in "having", as {"aggregate":"count"}',
  ],
  [
    'a bucket as a filter',
    { where: [{ field: 'hour', op: '=', value: 5 }] },
    'where[0].field names no field: "hour"; times are compared as they are, such as {"field":"timestamp","op":">=","value":"2026-06-10T10:00:00Z"}',
  ],
  [
    'an aggregate as a group key',
    { groupBy: ['count'] },
    'groupBy[0] names no field: "count"; groups are made of fields and time buckets',
  ],
  [
    'the field of an aggregate that is one itself',
    { select: [{ aggregate: 'max', field: 'count' }] },
    `select[0].field names no field: "count"; there is ${FIELDS}`,
  ],
  [
    'a field of records as a condition on groups',
    { groupBy, having: [{ field: 'status', op: '>', value: 1 }] },
    'having[0].field names a field of records, not of groups: filter it in "where", or compare an aggregate, such as {"aggregate":"max","field":"status"}',
  ],
  [
    'a field of records as the order of groups',
    { groupBy, orderBy: [{ field: 'status' }] },
    'orderBy[0].field names a field of records, not of groups: add it to "groupBy", or order by an aggregate, such as {"aggregate":"max","field":"status"}',
  ],
  [
    'the order of records that are only counted',
    { orderBy: [{ field: 'timestamp', direction: 'desc' }] },
    'orderBy[0].field orders records, but without "select" they are counted: add "select", such as [{"field":"timestamp"}]',
  ],
  [
    'the city of a time zone',
    { groupBy: [{ bucket: 'day', field: 'timestamp', timezone: 'bucharest' }] },
    'groupBy[0].timezone names no IANA time zone: "bucharest"; did you mean "Europe/Bucharest"?',
  ],
  [
    'a misspelt time zone',
    { groupBy: [{ bucket: 'day', field: 'timestamp', timezone: 'Europe/Bukarest' }] },
    'groupBy[0].timezone names no IANA time zone: "Europe/Bukarest"; did you mean "Europe/Bucharest"?',
  ],
  [
    'a misspelt group key in select',
    { groupBy: [{ bucket: 'day', field: 'timestamp', as: 'weekday' }], select: [{ field: 'weekdya' }] },
    'select[0].field names no field or group key: "weekdya"; did you mean "weekday"?',
  ],
])('%s', (_, query, expected) => {
  expect(refusal(query)).toBe(expected);
});
