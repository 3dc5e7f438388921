import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@loguro/local';
import { waitFor } from '@loguro/servers';
import { stringify } from 'yaml';
import { holds } from './command.js';
import { OURS } from './crashes.js';
import type { Project } from './project.js';

/** Who sends what. */
export interface Credentials {
  pat: string;
  key: string;
  dataset: number;
}

interface SeenSpan {
  service: string;
  instance: string;
  name: string;
  traceId: string;
}

const RECORDS = 30;
const RECEIVER = readFileSync(new URL('./span-receiver.js', import.meta.url), 'utf8');

/**
 * Turns traces on as docs/operations/tracing.md says, with a receiver in the networks of the stack. Each record's trace has to
 * reach from the gateway through the API to a worker, whichever it is, and a query's to the control plane.
 *
 * @returns how many workers took part
 */
export async function traces(project: Project, scale: string, { pat, key, dataset }: Credentials): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-trial-'));
  try {
    const file = join(folder, 'traces.yml');
    writeFileSync(file, overrides(project.image('gateway')));
    const files = ['-f', 'docker-compose.yml', '-f', file];
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    await project.composeWith(env, ...files, 'up', '--detach', '--scale', scale);
    await project.healthy();
    const { id } = await project.container('collector');
    const path = `/datasets/${dataset}`;
    const sent: string[] = [];
    for (let i = 0; i < RECORDS; i += 1) {
      const body = { timestamp: new Date().toISOString(), context: {}, number: -1 - i };
      sent.push(await traced({ baseUrl: project.ingestUrl, path, token: key, body, expected: 202 }));
    }
    const query = `/api/datasets/local/${dataset}/query`;
    const asked = await traced({ baseUrl: project.apiUrl, path: query, token: pat, body: {}, expected: 200 });
    let spans: SeenSpan[] = [];
    const servicesOf = (trace: string) =>
      spans.filter(({ traceId }) => traceId === trace).map(({ service }) => service);
    const complete = async () => {
      spans = spansIn(await project.docker('logs', id));
      const stored = sent.every((trace) => includesAll(servicesOf(trace), ['gateway', 'ingest-api', 'ingest-worker']));
      return stored && includesAll(servicesOf(asked), ['gateway', 'control-plane']);
    };
    await waitFor(complete, { timeoutMs: 60_000, intervalMs: 500, what: 'every trace to be whole' }).catch((cause) => {
      const seen = sent.map((trace) => servicesOf(trace).join(' ')).join('; ');
      throw new Error(`Traces of records reach ${seen}; that of a query ${servicesOf(asked).join(' ')}.`, { cause });
    });
    return new Set(spans.filter(({ name }) => name === 'process ingest').map(({ instance }) => instance)).size;
  } finally {
    rmSync(folder, { recursive: true });
    await project.compose('up', '--detach', '--remove-orphans', '--scale', scale);
    await project.healthy();
  }
}

/** The collector that docs/operations/tracing.md adds; and JSON instead of protobuf, which it would need a library to read. */
function overrides(image: string): string {
  const collector = {
    image,
    // Compose would take a dollar sign for a variable.
    entrypoint: ['node', '--input-type=module', '--eval', RECEIVER.replaceAll('$', '$$$$')],
    healthcheck: { disable: true },
    networks: ['data', 'services', 'public'],
  };
  const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  const ours = OURS.map((service) => [service, { environment }]);
  return stringify({ services: { collector, ...Object.fromEntries(ours) } });
}

interface Traced {
  baseUrl: string;
  path: string;
  token: string;
  body: object;
  expected: number;
}

/** Sends a request with a trace of its own; the trace's id. */
async function traced({ expected, ...request }: Traced): Promise<string> {
  const trace = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01` };
  const { status, body } = await call({ ...request, method: 'POST', headers });
  holds(status === expected, `${request.path} was answered ${status}: ${JSON.stringify(body)}`);
  return trace;
}

function spansIn(log: string): SeenSpan[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as SeenSpan);
}

function includesAll(found: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((one) => found.includes(one));
}
