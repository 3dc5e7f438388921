import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayOptions } from '@loguro/gateway';
import { freePort, waitFor } from '@loguro/servers';
import { findNginx } from './nginx-binary.js';
import { ERRORS_FILE, renderNginx, renderStandalone } from './render.js';

/** A running nginx that routes as the gateway does. */
export interface RunningNginx {
  port: number;
  pid: number;
  /** What it has written to its log so far. */
  log(): string;
  close(): Promise<void>;
}

/** How many processes serve. One is what the gateway has. */
export interface StartNginxOptions {
  workers?: number;
}

/**
 * Starts nginx in a folder of its own on a free port.
 *
 * @throws Error with nginx's own words when it refuses the configuration
 */
export async function startNginx(
  options: GatewayOptions,
  { workers = 1 }: StartNginxOptions = {},
): Promise<RunningNginx> {
  const program = findNginx({ path: process.env.PATH ?? '', say: console.log });
  const folder = mkdtempSync(join(tmpdir(), 'loguro-nginx-'));
  // Its workers give up root and must still reach their folders.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  const listen = `127.0.0.1:${port}`;
  const rules = renderNginx(options, { listen, accessLog: join(folder, 'access.log'), errorsFile: ERRORS_FILE });
  writeFileSync(join(folder, 'loguro.conf'), rules);
  writeFileSync(config, renderStandalone({ folder, workers, connections: options.client.maxConnections * 2 }));
  const args = ['-p', folder, '-c', config, '-e', 'stderr'];
  const tested = spawnSync(program, [...args, '-t'], { encoding: 'utf8' });
  if (tested.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`nginx refuses its configuration: ${tested.stderr}`);
  }
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const running = { port, pid: child.pid ?? 0, log: () => log, close: () => stop(child, folder) };
  try {
    await waitFor(() => accepts(port), { what: `nginx to listen on ${port}` });
  } catch (cause) {
    await running.close();
    throw new Error(`nginx did not start: ${log}`, { cause });
  }
  return running;
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
