#!/usr/bin/env node
// Writes docs/errors/*.md into src/explain/error-pages.ts, so that the published package can explain an error
// without the repository. A test fails when the two differ: run this after editing a page.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pages = fileURLToPath(new URL('../../../docs/errors/', import.meta.url));
const target = fileURLToPath(new URL('../src/explain/error-pages.ts', import.meta.url));
/** As the formatter writes it: in the quotes that need fewer escapes, single ones when it makes no difference. */
const literal = (text) => {
  const quote = text.split("'").length > text.split('"').length ? '"' : "'";
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('\n', '\\n') + quote;
};
const entries = readdirSync(pages)
  .filter((name) => /^[a-z_]+\.md$/.test(name))
  .sort()
  .map((name) => `  ${name.slice(0, -3)}:\n    ${literal(readFileSync(pages + name, 'utf8'))},\n`);
writeFileSync(
  target,
  `import type { ErrorCode } from '@loguro/types';

// Written by scripts/embed-error-pages.mjs from docs/errors: edit the pages there.

/** The documentation's page of every error code, Markdown. */
export const ERROR_PAGES: Record<ErrorCode, string> = {
${entries.join('')}};
`,
);
