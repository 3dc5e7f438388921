import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts, waitFor } from '@loguro/servers';

/** A process of the ingest service, or of the obvious build. */
export interface Service {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

const ENTRIES = {
  api: '../../../../services/ingest/dist/api/main.js',
  worker: '../../../../services/ingest/dist/worker/main.js',
  'obvious api': './obvious/api.js',
  'obvious worker': './obvious/worker.js',
} as const;

/** Starts one and returns when it is ready. */
export async function startService(entry: keyof typeof ENTRIES, env: Record<string, string>): Promise<Service> {
  const [port, opsPort] = (await freePorts(2)) as [number, number];
  const child = spawn(process.execPath, [fileURLToPath(new URL(ENTRIES[entry], import.meta.url))], {
    env: {
      LOGURO_PORT: String(port),
      LOGURO_OPS_PORT: String(opsPort),
      LOGURO_LOG_LEVEL: 'error',
      LOGURO_DRAIN_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`the ${entry} ended with ${child.exitCode}`);
      return (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok;
    },
    { what: `the ${entry} to be ready`, timeoutMs: 20_000 },
  );
  return { port, pid: child.pid ?? 0, stop };
}
