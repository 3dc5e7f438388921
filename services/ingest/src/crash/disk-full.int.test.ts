import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { BACKENDS, type Bench, createBench, metric } from '../testing/backends.js';
import { createDataset, type TestDataset, testLine } from '../testing/dataset.js';

const undo: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/**
 * Makes PostgreSQL say "disk full" for a table, and returns how to make room. As root the table is moved to a
 * file system that is full; others can't mount one, so a trigger says it with the same SQLSTATE.
 */
async function fillDisk(bench: Bench, { id }: TestDataset): Promise<() => Promise<void>> {
  if (userInfo().uid === 0) return fillSmallFileSystem(bench, id);
  await bench.owner.query(`
    CREATE FUNCTION records.full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full BEFORE INSERT ON records.dataset_${id} EXECUTE FUNCTION records.full()`);
  return async () => {
    await bench.owner.query(`DROP TRIGGER full ON records.dataset_${id}`);
  };
}

async function fillSmallFileSystem(bench: Bench, id: number): Promise<() => Promise<void>> {
  const { rows } = await bench.owner.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  const owner = Number(
    execFileSync('stat', ['-c', '%u', (rows[0] as { folder: string }).folder], { encoding: 'utf8' }),
  );
  const folder = mkdtempSync(join(tmpdir(), 'loguro-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0755', 'tmpfs', folder]);
  undo.push(() => {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });
  chownSync(folder, owner, owner);
  const space = `small_${id}`;
  await bench.owner.query(`CREATE TABLESPACE ${space} LOCATION '${folder}'`);
  await bench.owner.query(`ALTER TABLE records.dataset_${id} SET TABLESPACE ${space}`);
  const { bavail, bsize } = statfsSync(folder);
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  return async () => rmSync(ballast);
}

test.each(BACKENDS)(
  'with a full disk nothing is lost, and everything is stored once there is room, over %s',
  async (backend) => {
    const bench = await createBench(backend);
    const dataset = await createDataset(bench.owner);
    const makeRoom = await fillDisk(bench, dataset);
    const queue = await bench.openQueue();
    const { worker, registry } = await bench.startWorker();
    const line = (job: number) => testLine(`t-${job}-${'x'.repeat(500)}`);
    for (let job = 0; job < 50; job += 1) {
      await queue.append({ dataset: dataset.id, lines: line(job).repeat(20), count: 20 });
    }
    const problems = await waitFor(async () => (await worker.problems()).join(' '), {
      what: 'the worker to report it',
    });
    expect(problems).toMatch(/space|extend/);
    await waitFor(async () => (await metric(registry, 'loguro_ingest_storage_failures_total')) > 2, {
      what: 'more tries',
    });
    expect(await dataset.count()).toBe(0);
    await makeRoom();
    await waitFor(async () => (await dataset.count()) === 1000, { timeoutMs: 20_000, what: 'everything to be stored' });
    await waitFor(async () => (await worker.problems()).length === 0, { what: 'the worker to be ready again' });
    expect(await metric(registry, 'loguro_ingest_dead_records_total')).toBe(0);
    expect(await metric(registry, 'loguro_ingest_stored_records_total')).toBe(1000);
    await bench.owner.query(`DROP TABLE records.dataset_${dataset.id}`);
    await bench.owner.query(`DROP TABLESPACE IF EXISTS small_${dataset.id}`);
    await bench.close();
  },
  60_000,
);
