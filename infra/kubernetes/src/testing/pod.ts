import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readImages } from '@loguro/docker';
import { freePort, waitFor } from '@loguro/servers';
import { containerOf, environmentOf, find, type Workload } from '../manifests.js';
import type { KubernetesObject } from '../render.js';

/** Where the images' working folder comes from. */
const PACKAGES: Record<string, string> = {
  gateway: 'gateway',
  'control-plane': 'services/control-plane',
  'ingest-api': 'services/ingest',
  'ingest-worker': 'services/ingest',
};

/** A pod's process, run on this machine as its container would run it. */
export interface Pod {
  port: number;
  /** The status that a probe's request is answered with; 0 when there is no answer. */
  probe(kind: 'startupProbe' | 'livenessProbe' | 'readinessProbe'): Promise<number>;
  /** Runs a command as `kubectl exec` would. @throws Error with its output when it fails */
  exec(...command: string[]): string;
  /** SIGTERM; resolves with the exit code and the seconds it took. */
  stop(): Promise<{ code: number | null; seconds: number }>;
  kill(): void;
}

/** Runs the command of a Job to its end, in the environment of its pod. @throws Error with its output when it fails */
export function runJob(name: string, objects: readonly KubernetesObject[]): void {
  const job = find<Workload>(objects, 'Job', name);
  execute('control-plane', containerOf(job).command ?? [], environmentOf(job, objects, {}));
}

/**
 * Starts the process of a deployment in the environment that its pod has. Only addresses are others: all pods share
 * this machine's, so `over` says where the gateway finds the rest.
 */
export async function startPod(
  name: string,
  objects: readonly KubernetesObject[],
  over: Record<string, string> = {},
): Promise<Pod> {
  const workload = find<Workload>(objects, 'Deployment', name);
  const image = readImages().get(name);
  const [port, opsPort] = [await freePort(), await freePort()];
  const addresses = { LOGURO_HOST: '127.0.0.1', LOGURO_PORT: String(port), LOGURO_OPS_PORT: String(opsPort), ...over };
  const env = { ...environmentOf(workload, objects, image?.env ?? {}), ...addresses };
  // The image's command, without the program that would fill in secrets from files.
  const command = (image?.command ?? []).filter((word) => word !== '/opt/loguro/with-secrets.mjs');
  const child: ChildProcess = spawn(process.execPath, command.slice(1), { cwd: folderOf(name), env, stdio: 'ignore' });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const pod: Pod = {
    port,
    async probe(kind) {
      const path = containerOf(workload)[kind]?.httpGet?.path;
      const answer = await fetch(`http://127.0.0.1:${opsPort}${path}`).catch(() => undefined);
      return answer?.status ?? 0;
    },
    exec: (...words) => execute(name, words, env),
    async stop() {
      const start = performance.now();
      child.kill('SIGTERM');
      const [code] = await exited;
      return { code, seconds: (performance.now() - start) / 1000 };
    },
    kill: () => void child.kill('SIGKILL'),
  };
  await waitFor(async () => (await pod.probe('readinessProbe')) === 200, {
    timeoutMs: 60_000,
    what: `${name} to be ready`,
  }).catch((error: unknown) => {
    pod.kill();
    throw error;
  });
  return pod;
}

function folderOf(name: string): string {
  return fileURLToPath(new URL(`../../../../${PACKAGES[name]}`, import.meta.url));
}

function execute(name: string, [, ...words]: readonly string[], env: Record<string, string>): string {
  const done = spawnSync(process.execPath, words, { cwd: folderOf(name), env, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${words.join(' ')} ended with ${done.status}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}
