import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runLoad } from '../load/run-load.js';
import type { Figure } from '../report.js';
import { residentMb } from '../server-process.js';
import { REQUEST, startBareServer, startGatewayProcess } from './setup.js';

const IDLE_CLIENT = fileURLToPath(new URL('../load/idle-client.js', import.meta.url));
const CONNECTIONS = 10_000;

/** Rounds of traffic on other connections while the idle ones rest; memory is read after each. */
const ROUNDS = 6;

/** What 10,000 connections that rest between requests cost the gateway, and whether that grows. */
export async function measureIdle(say: (line: string) => void): Promise<Figure[]> {
  const backend = await startBareServer();
  const gateway = await startGatewayProcess(backend.port);
  const traffic = () =>
    runLoad({
      host: '127.0.0.1',
      port: gateway.port,
      connections: 32,
      request: REQUEST,
      warmupMs: 0,
      measureMs: 4_000,
    });
  try {
    await traffic();
    await traffic();
    const before = residentMb(gateway.pid);
    const idle = await openIdle(gateway.port);
    const samples: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      await traffic();
      samples.push(residentMb(gateway.pid));
      say(`${CONNECTIONS} resting connections, round ${round} of ${ROUNDS}: ${samples.at(-1)?.toFixed(0)} MB`);
    }
    const stillOpen = await idle.close();
    const [first = 0, last = 0] = [samples[0], samples.at(-1)];
    return [
      { what: 'gateway memory, no connection', value: before, unit: 'MB' },
      { what: `gateway memory, ${CONNECTIONS} resting connections`, value: last, unit: 'MB', reach: { atMost: 300 } },
      { what: 'its growth while they rest and others send', value: last / first, unit: '×', reach: { atMost: 1.1 } },
      {
        what: 'resting connections still usable at the end',
        value: stillOpen,
        unit: '',
        reach: { atLeast: CONNECTIONS },
      },
    ];
  } finally {
    await gateway.stop();
    await backend.stop();
  }
}

/** Opens connections in another process; each has sent one request and rests. */
async function openIdle(port: number): Promise<{ close(): Promise<number> }> {
  const child = spawn(process.execPath, [IDLE_CLIENT, String(port), String(CONNECTIONS), REQUEST], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [ready] = (await once(child.stdout, 'data')) as [Buffer];
  if (ready.toString() !== 'ready\n') throw new Error(`The resting connections could not be opened: ${ready}`);
  return {
    close: async () => {
      child.stdin.end('again\n');
      const [usable] = (await once(child.stdout, 'data')) as [Buffer];
      await once(child, 'exit');
      return Number(usable);
    },
  };
}
