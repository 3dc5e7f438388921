import { expect, test } from '@jest/globals';
import { mayHaveSettled } from './store-job.js';

test.each([
  ['its first attempt', { attemptsStarted: 1, attemptsMade: 0 }, false],
  ['one before that nobody heard of again', { attemptsStarted: 2, attemptsMade: 0 }, true],
  [
    'one before that could not store anything',
    { attemptsStarted: 2, attemptsMade: 1, failedReason: '1 of 1 chunks could not be stored: canceling statement' },
    false,
  ],
  [
    'one before that stored, and could not tell the queue',
    { attemptsStarted: 2, attemptsMade: 1, failedReason: 'the database system is starting up' },
    true,
  ],
])('what a job finds stored may be its own after %s', (_what, attempts, own) => {
  expect(mayHaveSettled(attempts)).toBe(own);
});
