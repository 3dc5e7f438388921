import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A built state of this repository. */
export interface Release {
  /** As git shortens its commit. */
  name: string;
  /** Its folder. */
  root: string;
  /** The program that migrates with it. */
  admin: string;
}

/** Every state with migrations has this one; newer ones have `loguro-admin` as well, which runs the same. */
const ADMIN = 'services/control-plane/dist/admin/main.js';

/** The repository as it is, built. */
export async function presentRelease(root: string): Promise<Release> {
  const { stdout } = await run('git', ['describe', '--always', '--dirty'], { cwd: root });
  return { name: stdout.trim(), root, admin: join(root, ADMIN) };
}

/**
 * An earlier state in a git worktree of its own, installed and built.
 *
 * @param revision whatever git understands: a tag, a commit
 * @throws Error when there is no such commit, or it can't be built
 */
export async function earlierRelease(root: string, revision: string): Promise<Release & { remove(): Promise<void> }> {
  const { stdout } = await run('git', ['rev-parse', '--short', `${revision}^{commit}`], { cwd: root });
  // As git lists it.
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'loguro-earlier-')));
  const folder = join(parent, 'release');
  mkdirSync(folder);
  const remove = async () => {
    await run('git', ['worktree', 'remove', '--force', folder], { cwd: root }).catch(() => undefined);
    rmSync(parent, { recursive: true, force: true });
    await run('git', ['worktree', 'prune'], { cwd: root });
  };
  try {
    await run('git', ['worktree', 'add', '--quiet', '--detach', folder, revision], { cwd: root });
    const pnpm = (...args: string[]) => run('npx', ['pnpm', ...args], { cwd: folder, maxBuffer: 2 ** 26 });
    await pnpm('install', '--frozen-lockfile', '--prefer-offline');
    const services = ['control-plane', 'ingest', 'gateway'].map((name) => `--filter=@loguro/${name}`);
    await pnpm('exec', 'turbo', 'run', 'build', '--output-logs=errors-only', ...services);
    return { name: stdout.trim(), root: folder, admin: join(folder, ADMIN), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
