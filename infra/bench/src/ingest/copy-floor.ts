import { spawnSync } from 'node:child_process';
import { createReadStream, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { withClient } from '@loguro/servers';
import { from as copyFrom } from 'pg-copy-streams';
import { COLUMNS, copyLines } from './rows.js';

/** Writes the rows that the floor copies, as a file. */
export function writeRows(file: string, rows: number): void {
  writeFileSync(file, '');
  const PART = 20_000;
  for (let from = 0; from < rows; from += PART) {
    writeFileSync(file, copyLines(from, Math.min(PART, rows - from)), { flag: 'a' });
  }
}

/** What the floor is measured with: psql where the machine has it, else the same COPY from this process. */
export const COPY_TOOL = spawnSync('psql', ['--version'], { stdio: 'ignore' }).status === 0 ? 'psql' : 'COPY stream';

/**
 * Copies the file into the table as fast as one COPY can, into an empty table and an idle server.
 *
 * @returns rows per second
 */
export async function measureCopy(ownerUrl: string, table: string, file: string, rows: number): Promise<number> {
  await withClient(ownerUrl, (client) => client.query(`TRUNCATE ${table}; CHECKPOINT`).catch(() => undefined));
  const columns = COLUMNS.map((name) => `"${name}"`).join(', ');
  const started = performance.now();
  if (COPY_TOOL === 'psql') {
    const copied = spawnSync('psql', [ownerUrl, '-qXc', `\\copy ${table} (${columns}) FROM '${file}'`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (copied.status !== 0) throw new Error('psql could not copy the rows');
  } else {
    await withClient(ownerUrl, async (client) => {
      const sink = client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN`));
      await pipeline(createReadStream(file, { highWaterMark: 64 * 1024 }), sink);
    });
  }
  const seconds = (performance.now() - started) / 1000;
  await withClient(ownerUrl, (client) => client.query(`TRUNCATE ${table}`));
  return rows / seconds;
}
