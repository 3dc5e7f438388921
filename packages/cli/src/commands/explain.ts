import { ERROR_CODES, ERRORS, type ErrorCode, nearestName } from '@loguro/types';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import { explainError } from '../explain/explain-error.js';
import { columnsOf } from '../output/formats.js';
import type { Context, Registry } from '../program.js';

export function addExplain(program: Command, { run }: Registry): void {
  program
    .command('explain')
    .argument('[code]', 'as printed behind an error; without one, all are listed')
    .description('Say what an error code means and what to do about it.')
    .addHelpText('after', '\nExamples:\n  $ loguro explain schema_conflict\n  $ loguro explain\n')
    .action(run(explain));
}

async function explain({ out }: Context, code?: string): Promise<undefined> {
  if (code === undefined) {
    const rows = ERROR_CODES.map((one) => ({ code: one, ...ERRORS[one] }));
    await out.rows(rows, columnsOf('code', 'status', 'summary'), { document: { errors: rows } });
    return undefined;
  }
  if (!(ERROR_CODES as readonly string[]).includes(code)) {
    const near = nearestName(code, ERROR_CODES);
    throw new CliError(`There is no error code "${code}".`, {
      exitCode: EXIT.notFound,
      hints: [...(near === undefined ? [] : [`Did you mean ${near}?`]), 'List them: loguro explain'],
    });
  }
  const explanation = explainError(code as ErrorCode);
  if (out.format === 'json') await out.json(explanation);
  else await out.data(explanation.text);
  return undefined;
}
