import { CliError } from './cli-error.js';
import { EXIT } from './exit-codes.js';
import type { Host } from './host.js';

/**
 * Asks before something that can't be undone.
 *
 * @throws CliError when the answer is no, or nobody is there to ask and `--yes` was not given
 */
export async function confirmOrRefuse(host: Host, yes: boolean | undefined, question: string): Promise<void> {
  if (yes) return;
  if (!host.stdin.isTTY) {
    throw new CliError(`This can't be undone, and nobody is here to confirm it: ${question}`, {
      hints: ['Say so beforehand: --yes'],
    });
  }
  if (await host.prompts.confirm(question)) return;
  throw new CliError('Nothing was changed.', { exitCode: EXIT.interrupted });
}
