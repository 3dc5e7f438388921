import { runLoad } from '../load/run-load.js';
import { type Figure, median, rangeOf } from '../report.js';
import { REQUEST, startBareServer, startGatewayProcess, startNginxProcess } from './setup.js';

const ROUNDS = 7;
const CONNECTIONS = 32;
const TIMES = { warmupMs: 1_000, measureMs: 3_000 };

/** A way to the bare server. */
interface Way {
  name: 'direct' | 'gateway' | 'nginx';
  port: number;
}

/**
 * Throughput through the gateway and through nginx as ratios to the backend reached directly, and the 99th percentile
 * at half the gateway's throughput, where queues don't hide what a hop costs. Interleaved, so that a busy machine
 * disturbs all three alike.
 */
export async function measureSpeed(say: (line: string) => void): Promise<Figure[]> {
  const backend = await startBareServer();
  const gateway = await startGatewayProcess(backend.port);
  const nginx = await startNginxProcess(backend.port);
  const ways: Way[] = [
    { name: 'direct', port: backend.port },
    { name: 'gateway', port: gateway.port },
    { name: 'nginx', port: nginx.port },
  ];
  try {
    const full = await rounds(ways, throughput, 'requests/s', say);
    const rate = Math.round(median(full.gateway) / 2);
    const paced = await rounds(ways, (way) => p99(way, rate), `ms at the 99th percentile, ${rate} requests/s`, say);
    return [
      figure('single POST through the gateway, requests/s to direct', full.gateway, full.direct, { atLeast: 0.35 }),
      figure('single POST through nginx, requests/s to direct', full.nginx, full.direct),
      figure('99th percentile through the gateway to direct, half load', paced.gateway, paced.direct, { atMost: 2 }),
      figure('99th percentile through nginx to direct, half load', paced.nginx, paced.direct),
    ];
  } finally {
    await Promise.all([nginx.close(), gateway.stop()]);
    await backend.stop();
  }
}

async function throughput({ port }: Way): Promise<number> {
  const load = { host: '127.0.0.1', port, connections: CONNECTIONS, request: REQUEST, ...TIMES };
  return (await runLoad(load)).perSecond;
}

async function p99({ port }: Way, ratePerSecond: number): Promise<number> {
  const load = { host: '127.0.0.1', port, connections: CONNECTIONS, request: REQUEST, ratePerSecond, ...TIMES };
  return (await runLoad(load)).p99;
}

async function rounds(
  ways: readonly Way[],
  measure: (way: Way) => Promise<number>,
  unit: string,
  say: (line: string) => void,
): Promise<Record<Way['name'], number[]>> {
  const seen: Record<Way['name'], number[]> = { direct: [], gateway: [], nginx: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const way of ways) seen[way.name].push(await measure(way));
    const latest = ways.map(({ name }) => `${name} ${seen[name].at(-1)?.toFixed(unit === 'requests/s' ? 0 : 2)}`);
    say(`round ${round} of ${ROUNDS}: ${latest.join(', ')} ${unit}`);
  }
  return seen;
}

/** The median of the ratios within each round. */
function figure(what: string, values: number[], floor: number[], reach?: Figure['reach']): Figure {
  const ratios = values.map((value, round) => value / (floor[round] as number));
  return { what, value: median(ratios), unit: '×', range: rangeOf(ratios), ...(reach === undefined ? {} : { reach }) };
}
