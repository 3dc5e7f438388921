import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oncePerRun } from '@loguro/testing';
import { runProgram } from './run-program.js';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** The SDK's folder. */
export const SDK = join(ROOT, 'packages/datasets');
export const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** A package of ours as somebody else would have it. */
export interface PackedPackage {
  /** The file that would be published. */
  tarball: string;
  /** An otherwise empty project that has it installed. */
  project: string;
  remove(): void;
}
export type PackedSdk = PackedPackage;

/** Packs the SDK as it would be published, and installs that into an empty project. */
export const packSdk = (): Promise<PackedSdk> => packPackage(SDK);

/**
 * Packs a package of the workspace as it would be published, and installs that into an empty project. Packing and
 * installing happen once per run; each caller has a copy of the project.
 */
export async function packPackage(source: string): Promise<PackedPackage> {
  const make = (folder: string) => packInto(folder, source);
  const packed = await oncePerRun(`packed-${basename(source)}`, { make });
  const folder = mkdtempSync(join(tmpdir(), 'loguro-packed-'));
  const project = join(folder, 'project');
  // The links in node_modules/.bin are relative, and stay so.
  cpSync(packed.project, project, { recursive: true, verbatimSymlinks: true });
  return { tarball: packed.tarball, project, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function packInto(folder: string, source: string): Promise<Omit<PackedPackage, 'remove'>> {
  await run('npx', ['--yes', 'pnpm', 'pack', '--pack-destination', folder], source);
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) as string);
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-update-notifier', tarball], project);
  return { tarball, project };
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await runProgram(program, args, { cwd });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}
