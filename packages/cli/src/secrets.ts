import { isWellFormedPat, looksLikePat } from '@loguro/types';
import { CliError } from './cli-error.js';
import { EXIT } from './exit-codes.js';
import type { Host } from './host.js';

/** The first line of stdin, or what a person types without seeing it. Secrets are never read from arguments. */
export async function readSecret(host: Host, what: string): Promise<string> {
  const secret = (host.stdin.isTTY ? await host.prompts.secret(`${what}:`) : await firstLine(host)).trim();
  if (secret !== '') return secret;
  throw new CliError(`No ${what} was given.`, {
    hints: [`Pipe it in (… < file), or run the command in a terminal and paste it.`],
  });
}

/** @throws CliError when the text can't be a personal access token; says what it looks like instead */
export function assertPat(token: string): void {
  if (isWellFormedPat(token)) return;
  if (looksLikePat(token)) {
    throw new CliError('This token is incomplete or mistyped: its checksum does not fit.', {
      exitCode: EXIT.credential,
      hints: ['Copy it once more, whole: pat_ and 38 letters and digits.'],
    });
  }
  const sentence = looksLikeProjectKey(token)
    ? 'This is a project API key; logging in takes a personal access token.'
    : 'This is not a personal access token: those begin with pat_.';
  throw new CliError(sentence, {
    exitCode: EXIT.credential,
    hints: looksLikeProjectKey(token) ? ['Store a project key with: loguro keys use'] : [],
  });
}

/** Whether the text has the three parts of a JWT. */
export function looksLikeProjectKey(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

async function firstLine(host: Host): Promise<string> {
  let text = '';
  for await (const chunk of host.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MAX_SECRET) break;
  }
  return text.split('\n', 1)[0] ?? '';
}

/** No credential is longer; a file piped in by mistake is not read whole. */
const MAX_SECRET = 8192;
