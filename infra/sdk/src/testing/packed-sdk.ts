import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.js';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** The SDK's folder. */
export const SDK = join(ROOT, 'packages/datasets');
export const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** The SDK as somebody else would have it. */
export interface PackedSdk {
  /** The file that would be published. */
  tarball: string;
  /** An otherwise empty project that has it installed. */
  project: string;
  remove(): void;
}

/** Packs the SDK as it would be published, and installs that into an empty project. */
export async function packSdk(): Promise<PackedSdk> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-sdk-'));
  try {
    await run('npx', ['--yes', 'pnpm', 'pack', '--pack-destination', folder], SDK);
    const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) as string);
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--no-update-notifier', tarball], project);
    return { tarball, project, remove: () => rmSync(folder, { recursive: true, force: true }) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await runProgram(program, args, { cwd });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}
