import { checkDatabase, clockCheck } from '@loguro/control-plane/admin/database-checks';
import { checkQueue } from '@loguro/ingest/dist/admin/queue-checks.js';
import { type Check, type CommandResult, type Environment, parseOptions } from '@loguro/types/operations';

const SIGNS: Record<Check['state'], string> = {
  ok: 'ok      ',
  warning: 'WARNING ',
  failed: 'FAILED  ',
  skipped: 'skipped ',
};

/** `doctor`: looks at everything an installation stands on, and changes nothing. */
export async function runDoctor(args: readonly string[], env: Environment): Promise<CommandResult> {
  parseOptions(args, {});
  const checks = [...(await checkDatabase(env)), ...(await queueChecks(env))];
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  const lines = checks.map(({ name, state, sentence }) => `${SIGNS[state]}${name}: ${sentence}`);
  const [failed, warnings, skipped] = [count('failed'), count('warning'), count('skipped')];
  const verdict =
    failed + warnings + skipped === 0
      ? 'All is well.'
      : `${failed} failed, ${warnings} to look at, ${skipped} skipped.`;
  return { json: { healthy: failed === 0, checks }, text: [...lines, '', verdict].join('\n'), failed: failed > 0 };
}

async function queueChecks(env: Environment): Promise<Check[]> {
  const found = await checkQueue(env);
  if (found === null) return [{ name: 'queue', state: 'skipped', sentence: 'LOGURO_QUEUE_URL is not set here.' }];
  const { checks, skewMs } = found;
  return skewMs === null ? checks : [...checks, clockCheck('redis clock', "Redis'", skewMs)];
}
