import type { FetchAnswer } from '@loguro/datasets';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import type { Context } from '../program.js';
import type { Check, Finding, Findings } from './check.js';

/** Two clocks that differ by more make `--from 1h` and "the last 7 days" mean something else than expected. */
const SKEW_WARNING_MS = 5000;
const SKEW_FAILURE_MS = 60_000;
const TIMEOUT_MS = 10_000;

// These two requests carry no credential on purpose: they ask who answers, not what we may do.

export const controlPlane: Check = {
  name: 'control plane',
  async run({ host, session }, findings) {
    const { apiUrl } = await session.settings();
    const sentAt = host.now();
    const answer = await probe(host.fetch, `${apiUrl.value}/api/openapi.json`, 'GET');
    rememberSkew(findings, answer, sentAt, host.now());
    const body = await bodyOf(answer);
    if (answer.status === 200 && typeof body.openapi === 'string') {
      findings.controlPlane = true;
      return { status: 'ok', message: `${apiUrl.value} answers (from ${apiUrl.source})` };
    }
    return stranger(apiUrl.value, apiUrl.source, answer, body);
  },
};

export const ingest: Check = {
  name: 'ingest',
  async run({ host, session }, findings) {
    const { ingestUrl } = await session.settings();
    const answer = await probe(host.fetch, `${ingestUrl.value}/datasets/1/batch`, 'POST');
    const body = await bodyOf(answer);
    if (answer.status === 401 && body.code === 'missing_credential') {
      findings.ingest = true;
      return { status: 'ok', message: `${ingestUrl.value} answers (from ${ingestUrl.source})` };
    }
    return stranger(ingestUrl.value, ingestUrl.source, answer, body);
  },
};

export const clock: Check = {
  name: 'clock',
  skip: ({ skewMs }) => (skewMs === undefined ? 'the control plane told no time' : undefined),
  async run(_context, { skewMs = 0 }) {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const off = `this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the service`;
    const hints = ['Synchronise the clock of this machine (NTP): ranges such as --from 1h start from it.'];
    if (Math.abs(skewMs) >= SKEW_FAILURE_MS) return { status: 'failed', message: off, hints };
    if (Math.abs(skewMs) >= SKEW_WARNING_MS) return { status: 'warning', message: off, hints };
    return { status: 'ok', message: 'agrees with the service' };
  },
};

async function probe(fetch: Context['host']['fetch'], url: string, method: string): Promise<FetchAnswer> {
  return fetch(url, { method, headers: { accept: 'application/json' }, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: Error & { cause?: { message?: string; code?: string } }) => {
      const why = error.cause?.message || error.cause?.code || error.message;
      throw new CliError(`${url} can't be reached: ${why}`, {
        exitCode: EXIT.unavailable,
        hints: ['Is the address right, is the service running, is a proxy in between?'],
      });
    },
  );
}

/** The server's second began somewhere between asking and getting the answer; its Date has no fractions. */
function rememberSkew(findings: Findings, answer: FetchAnswer, sentAt: number, receivedAt: number): void {
  const date = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(date)) return;
  if (receivedAt < date) findings.skewMs = receivedAt - date;
  else if (sentAt > date + 1000) findings.skewMs = sentAt - (date + 1000);
  else findings.skewMs = 0;
}

async function bodyOf(answer: FetchAnswer): Promise<{ openapi?: unknown; code?: unknown; error?: unknown }> {
  try {
    return (JSON.parse(await answer.text()) ?? {}) as object;
  } catch {
    return {};
  }
}

function stranger(
  url: string,
  source: string,
  { status }: FetchAnswer,
  body: { code?: unknown; error?: unknown },
): Finding {
  const said = typeof body.code === 'string' ? `${status} ${body.code}` : `${status}, not in the way of this API`;
  const swapped = body.code === 'wrong_api_surface' || body.code === 'missing_credential';
  return {
    status: 'failed',
    message: `${url} (from ${source}) answered ${said}`,
    hints: swapped
      ? ['It is the other surface: --api-url and --ingest-url are swapped, or both name the same.']
      : ['Something else lives there: check the address, and proxies.'],
  };
}
