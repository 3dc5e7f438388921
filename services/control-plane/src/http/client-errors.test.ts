import { describe, expect, test } from '@jest/globals';
import { ApiError } from '@loguro/types';
import { toClientError } from './client-errors.js';

const coded = (code: string, message = 'secret detail') => Object.assign(new Error(message), { code });

describe('an error of the database that passes by itself becomes 503 with a constant sentence', () => {
  test.each([
    coded('ECONNREFUSED'),
    coded('ECONNRESET'),
    coded('EPIPE'),
    coded('57P01'),
    coded('57P03'),
    coded('53300'),
    coded('08006'),
    coded('55P03'),
    coded('40P01'),
    coded('40001'),
    coded('57014'),
    coded('P1001'),
    coded('P2024'),
    coded('P2028'),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    new Error('outer', { cause: coded('ECONNREFUSED') }),
    new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
    Object.assign(new Error('secret detail'), { name: 'PrismaClientInitializationError' }),
  ])('%o', (thrown) => {
    const error = toClientError(thrown);
    expect({ code: error.code, status: error.status }).toEqual({ code: 'unavailable', status: 503 });
    expect(error.message).not.toContain('secret');
    expect(error.cause).toBe(thrown);
  });
});

describe('anything else that is not meant for the client becomes a constant 500', () => {
  test.each([coded('42P01'), coded('23505'), coded('P2002'), new TypeError('secret'), 'secret', null, undefined, {}])(
    '%o',
    (thrown) => {
      const error = toClientError(thrown);
      expect({ code: error.code, status: error.status }).toEqual({ code: 'internal', status: 500 });
      expect(error.message).not.toContain('secret');
    },
  );
});

test('an error that is meant for the client stays as it is', () => {
  const error = new ApiError('last_owner', 'a sentence');
  expect(toClientError(error)).toBe(error);
});
