import type { Command } from 'commander';
import { type Check, type CheckResult, type Findings, runCheck } from '../doctor/check.js';
import { project, projectKey, token } from '../doctor/credentials.js';
import { roundTrip } from '../doctor/round-trip.js';
import { clock, controlPlane, ingest } from '../doctor/surfaces.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { columnsOf } from '../output/formats.js';
import { safeText } from '../output/safe-text.js';
import type { Context, Registry } from '../program.js';

const CHECKS: readonly Check[] = [controlPlane, ingest, clock, token, project, projectKey];

export function addDoctor(program: Command, { run }: Registry): void {
  program
    .command('doctor')
    .description('Check hosts, clock and credentials; write a record and read it back.')
    .option('--no-write', 'leave out the record')
    .addHelpText(
      'after',
      `
The record goes into a dataset of its own that is deleted afterwards. Exits with 8 when something is wrong.

Examples:
  $ loguro doctor
  $ loguro doctor --no-write --json
`,
    )
    .action(run<{ write: boolean }>(doctor));
}

async function doctor(context: Context<{ write: boolean }>): Promise<ExitCode> {
  const { out, flags } = context;
  const findings: Findings = {};
  const results: CheckResult[] = [];
  for (const check of flags.write ? [...CHECKS, roundTrip] : CHECKS) {
    const result = await runCheck(check, context, findings);
    results.push(result);
    if (out.format === 'table') await out.data(formatResult(result, out));
  }
  const healthy = results.every(({ status }) => status !== 'failed');
  if (out.format !== 'table') {
    const rows = results.map((result) => ({ ...result }));
    await out.rows(rows, columnsOf('name', 'status', 'message', 'ms'), { document: { healthy, checks: results } });
  }
  return healthy ? EXIT.ok : EXIT.unhealthy;
}

function formatResult({ name, status, message, hints = [] }: CheckResult, { colors }: Context['out']): string {
  const mark = {
    ok: colors.green('✓'),
    warning: colors.yellow('!'),
    failed: colors.red('✗'),
    skipped: colors.dim('–'),
  }[status];
  const skipped = status === 'skipped' ? 'skipped: ' : '';
  const lines = [`${mark} ${colors.bold(name)}: ${skipped}${safeText(message)}`];
  for (const hint of hints) lines.push(`  ${colors.cyan('→')} ${safeText(hint)}`);
  return `${lines.join('\n')}\n`;
}
