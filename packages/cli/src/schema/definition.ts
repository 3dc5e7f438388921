import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { type Fields, parseFields } from '@loguro/types';
import { CliError } from '../cli-error.js';
import type { Host } from '../host.js';

/** The largest definition: 200 fields of 63 characters fit many times. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the fields of a definition: JSON, `{ "fields": { … } }` or the fields alone.
 *
 * @param path `-` for stdin
 * @throws CliError when there is no such file or it is not JSON
 * @throws ApiError `invalid_schema`, naming every field that breaks a rule
 */
export async function readDefinition(host: Host, path: string): Promise<Fields> {
  const text = path === '-' ? await readStdin(host) : await readText(host, path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`${path === '-' ? 'stdin' : path} is not JSON: ${(error as Error).message}`, {
      hints: ['Write {"fields": {"country": "string", "amount": "number", "plan": "string?"}}.'],
      cause: error,
    });
  }
  return parseFields(value);
}

/** `country:string` flags as fields. */
export function parseFieldFlags(flags: readonly string[]): Fields {
  const entries = flags.map((flag): [string, string] => {
    const at = flag.indexOf(':');
    if (at > 0) return [flag.slice(0, at).trim(), flag.slice(at + 1).trim()];
    throw new CliError(`--field "${flag}" can't be read.`, { hints: ['Write name and type: --field amount:number?'] });
  });
  const twice = entries.find(([name], i) => entries.findIndex(([other]) => other === name) !== i);
  if (twice) throw new CliError(`The field "${twice[0]}" is given twice.`);
  return parseFields({ fields: Object.fromEntries(entries) });
}

/** All of stdin, as far as a definition or a query may be long. */
export async function readStdin(host: Host): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(host.signal, host.stdin)) {
    const bytes = Buffer.from(chunk as Buffer | string);
    chunks.push(bytes);
    size += bytes.length;
    if (size > MAX_BYTES) throw new CliError('There is more on stdin than this command reads.');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws CliError when the file can't be read */
export async function readText(host: Host, path: string): Promise<string> {
  return readFile(resolve(host.cwd, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `can't be read (${error.code})`;
    throw new CliError(`${path} ${why}.`, { hints: ['Name a file, or - to read from stdin.'], cause: error });
  });
}
