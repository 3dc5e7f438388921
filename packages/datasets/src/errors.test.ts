import { expect, test } from '@jest/globals';
import { type ErrorCode, isLoguroError, LoguroError } from './errors.js';

test('the message carries the first places at fault, so that a log line is enough to understand it', () => {
  const details = [
    { path: 'amount', message: 'must be a number' },
    { index: 3, path: 'country', message: 'is required' },
    { index: 4, path: '', message: 'must be an object' },
    { path: 'plan', message: 'is not a field' },
  ];
  expect(new LoguroError('invalid_record', 'Four things are wrong', { details }).message).toBe(
    'Four things are wrong (amount must be a number; record 3: country is required; record 4: must be an object; and 1 more)',
  );
  expect(new LoguroError('internal', 'Something went wrong').message).toBe('Something went wrong');
});

test.each<[ErrorCode, number | undefined, boolean]>([
  ['network_error', undefined, true],
  ['timeout', undefined, true],
  ['rate_limited', 429, true],
  ['overloaded', 503, true],
  ['unavailable', 503, true],
  ['internal', 500, true],
  ['request_timeout', 408, true],
  ['invalid_response', 502, true],
  ['query_timeout', 504, false],
  ['invalid_record', 400, false],
  ['invalid_credential', 401, false],
  ['dataset_not_found', 404, false],
  ['idempotency_key_reused', 422, false],
  ['aborted', undefined, false],
  ['invalid_response', 200, false],
])('%s with status %s is retryable: %s', (code, status, retryable) => {
  expect(new LoguroError(code, 'A sentence', { status }).retryable).toBe(retryable);
});

test('an error is recognised by its code, also when it comes from another copy of the package', () => {
  const error = new LoguroError('schema_conflict', 'A sentence');
  expect(isLoguroError(error)).toBe(true);
  expect(isLoguroError(error, 'schema_not_found', 'schema_conflict')).toBe(true);
  expect(isLoguroError(error, 'schema_not_found')).toBe(false);
  const foreign = Object.assign(new Error('A sentence'), { name: 'LoguroError', code: 'schema_conflict' });
  expect(isLoguroError(foreign, 'schema_conflict')).toBe(true);
  expect(isLoguroError(new Error('A sentence'))).toBe(false);
  expect(isLoguroError('LoguroError')).toBe(false);
  expect(isLoguroError(undefined)).toBe(false);
});

test('a cause is kept, and none is made up', () => {
  const cause = new Error('reset');
  expect(new LoguroError('network_error', 'A sentence', { cause }).cause).toBe(cause);
  expect('cause' in new LoguroError('network_error', 'A sentence')).toBe(false);
});
