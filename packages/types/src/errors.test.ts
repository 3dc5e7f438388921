import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ApiError, ERROR_CODES, ERRORS, MAX_ERROR_DETAILS, toApiError } from './errors.js';

const pages = new URL('../../../docs/errors/', import.meta.url);

test('every error code has a page, and every page an error code', () => {
  const documented = readdirSync(pages)
    .filter((name) => name !== 'README.md')
    .map((name) => name.replace(/\.md$/, ''));
  expect(documented.sort()).toEqual([...ERROR_CODES].sort());
});

test.each(ERROR_CODES)('the page of %s names its status', (code) => {
  const page = readFileSync(new URL(`${code}.md`, pages), 'utf8');
  expect(page).toContain(`# \`${code}\``);
  expect(page).toContain(`HTTP ${ERRORS[code].status}.`);
});

test('the index of error pages lists every code with its status', () => {
  const index = readFileSync(new URL('README.md', pages), 'utf8');
  for (const code of ERROR_CODES) {
    expect(index).toMatch(new RegExp(`\\| \\[\`${code}\`\\]\\(${code}\\.md\\) +\\| ${ERRORS[code].status} +\\|`));
  }
});

test('every 401 says how to authenticate, every 503 and 429 when to come back', () => {
  for (const code of ERROR_CODES) {
    const { status, headers } = new ApiError(code, 'A sentence.');
    expect(headers['WWW-Authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    expect(headers['Retry-After']).toBe(status === 503 || status === 429 ? '1' : undefined);
  }
});

test('what was not meant for the client never reaches it', () => {
  const error = toApiError(new Error('duplicate key value violates unique constraint "accounts_email_key"'));
  const body = JSON.stringify(error.toBody('r1'));
  expect(error.status).toBe(500);
  expect(body).not.toContain('accounts_email_key');
  expect(JSON.parse(body)).toMatchObject({ code: 'internal', requestId: 'r1' });
});

test('details are cut at the published maximum', () => {
  const details = Array.from({ length: MAX_ERROR_DETAILS + 50 }, (_, index) => ({
    index,
    path: '',
    message: 'is bad',
  }));
  expect(new ApiError('invalid_record', 'Bad.', { details }).toBody('r').details).toHaveLength(MAX_ERROR_DETAILS);
});
