import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readCompose, serviceOf, volumesOf } from '../compose.js';

const SCRIPT = new URL('../../make-secrets.mjs', import.meta.url).pathname;

/** The volumes of the `secrets` service, as folders of this machine. */
export class SecretVolumes {
  readonly #root = mkdtempSync(join(tmpdir(), 'loguro-secrets-'));
  /** By volume, the folder below /secrets it is mounted on. */
  readonly #folders: Map<string, string>;

  constructor() {
    const mounts = volumesOf(serviceOf(readCompose(), 'secrets'));
    this.#folders = new Map(mounts.map(([volume, target]) => [volume, basename(target)]));
    for (const folder of this.#folders.values()) mkdirSync(join(this.#root, folder));
  }

  /** Runs make-secrets.mjs as the service does. */
  make(args: readonly string[] = [], env: Record<string, string> = {}): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, this.#root, ...args], {
      env,
      encoding: 'utf8',
    });
    return { status, output: `${stdout}${stderr}` };
  }

  /** The content of a file. @throws Error when the volume or the file does not exist */
  read(volume: string, name: string): string {
    const folder = this.#folders.get(volume);
    if (folder === undefined) throw new Error(`The secrets service does not mount ${volume}.`);
    return readFileSync(join(this.#root, folder, name), 'utf8');
  }

  /** Every file of every volume: "secrets-control/secret_key" → content. */
  all(): Map<string, string> {
    const files = [...this.#folders.keys()].flatMap((volume) => this.list(volume).map((name) => [volume, name]));
    return new Map(files.map(([volume = '', name = '']) => [`${volume}/${name}`, this.read(volume, name)]));
  }

  list(volume: string): string[] {
    return readdirSync(join(this.#root, this.#folders.get(volume) ?? '')).sort();
  }

  delete(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
