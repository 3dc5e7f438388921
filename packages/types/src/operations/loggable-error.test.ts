import { expect, test } from '@jest/globals';
import { loggableError, loggableMessage } from './loggable-error.js';

test('what drivers hang on their errors stays out: commands with their arguments, rows, whole URLs', () => {
  const error = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
    name: 'ReplyError',
    code: 'WRONGPASS',
    command: { name: 'auth', args: ['user', 'hunter2'] },
    detail: 'Failing row contains (hunter2).',
    input: 'redis://user:hunter2@cache',
  });
  const logged = loggableError(error);
  expect(logged).toEqual({
    type: 'ReplyError',
    code: 'WRONGPASS',
    message: 'WRONGPASS invalid username-password pair',
    stack: expect.stringMatching(/^ {4}at /),
  });
});

test('messages that quote a value are replaced: of PostgreSQL about data, of a parser about its text', () => {
  const refused = Object.assign(new Error('invalid input syntax for type double precision: "hunter2"'), {
    code: '22P02',
  });
  expect(JSON.stringify(loggableError(refused))).not.toContain('hunter2');
  expect(loggableError(refused).code).toBe('22P02');
  let parse: unknown;
  try {
    JSON.parse('{"country": hunter2}');
  } catch (error) {
    parse = error;
  }
  expect(JSON.stringify(loggableError(parse))).not.toContain('hunter2');
});

test('messages about anything else are kept, without what looks like a credential', () => {
  const denied = Object.assign(new Error('permission denied for table dataset_12'), { code: '42501' });
  expect(loggableMessage(denied)).toBe('permission denied for table dataset_12');
  expect(loggableMessage(new Error('can not reach postgres://u:hunter2@db/x'))).toBe(
    'can not reach postgres://[redacted]@db/x',
  );
});

test('causes are followed, and of several failed addresses the first is told', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' });
  const both = new AggregateError([refused]);
  const outer = new Error('the database is away', { cause: both });
  expect(loggableError(outer)).toMatchObject({
    message: 'the database is away',
    cause: { type: 'AggregateError', message: 'connect ECONNREFUSED ::1:5432', cause: { code: 'ECONNREFUSED' } },
  });
});

test('a circle of causes and things that are no errors are described all the same', () => {
  const error: Error & { cause?: unknown } = new Error('round');
  error.cause = error;
  expect(JSON.stringify(loggableError(error)).length).toBeLessThan(50_000);
  expect(loggableError('text')).toEqual({ type: 'string', message: 'text' });
  expect(loggableError(null)).toEqual({ type: 'object', message: 'null' });
  expect(loggableError({})).toEqual({ type: 'Error', message: 'no message' });
});

test('a message of any length is cut, so that a line of the log stays one', () => {
  expect(loggableMessage(new Error('x'.repeat(100_000))).length).toBeLessThan(600);
});
