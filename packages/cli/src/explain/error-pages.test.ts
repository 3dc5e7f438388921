import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ERROR_CODES } from '@loguro/types';
import { VERSION } from '../version.js';
import { ERROR_PAGES } from './error-pages.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

test.each(ERROR_CODES)(
  'the page of %s is the documentation as it is now (else: node scripts/embed-error-pages.mjs)',
  (code) => {
    expect(ERROR_PAGES[code]).toBe(read(`../../../../docs/errors/${code}.md`));
  },
);

test('the version is that of the package', () => {
  expect(VERSION).toBe((JSON.parse(read('../../package.json')) as { version: string }).version);
});
