import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../cli-error.js';

/** What a running local stack writes to `local.json`, as far as it is used here. */
export interface LocalStack {
  apiUrl: string;
  ingestUrl: string;
  project: string;
  pat: string;
  projectKey: string;
}

/**
 * Finds `<data dir>/local.json` in this folder or, when the data folder is relative, the nearest one above,
 * so that `--local` works anywhere inside the checkout.
 *
 * @throws CliError when no stack has left its file
 */
export async function readLocalStack(cwd: string, dataDir: string): Promise<LocalStack> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(resolve(folder, dataDir), 'local.json');
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text !== null) return parse(text, path);
    if (folder === dirname(folder) || resolve(folder, dataDir) === dataDir) break;
  }
  throw new CliError(
    `No local stack was found: there is no ${join(dataDir, 'local.json')} here or in a folder above.`,
    {
      hints: ['Start one in the checkout: npx pnpm start', 'If it keeps its data elsewhere, set LOGURO_DATA_DIR.'],
    },
  );
}

const KEYS = ['apiUrl', 'ingestUrl', 'project', 'pat', 'projectKey'] as const;

function parse(text: string, path: string): LocalStack {
  try {
    const value = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (KEYS.every((key) => typeof value[key] === 'string')) return value as unknown as LocalStack;
  } catch {
    // Falls through to the sentence below: half-written and foreign files are treated alike.
  }
  throw new CliError(`${path} is not the file of a running local stack.`, {
    hints: ['Start the stack once more: npx pnpm start'],
  });
}
