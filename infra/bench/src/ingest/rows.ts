/** The dataset every ingest figure is measured with: five typed fields beside timestamp and context. */
export const FIELDS = {
  country: 'string',
  plan: 'string',
  amount: 'number',
  active: 'boolean',
  signup_at: 'timestamp',
} as const;

/** The columns that COPY fills, in order. */
export const COLUMNS = ['timestamp', 'context', '__traceId', ...Object.keys(FIELDS)];

const COUNTRIES = ['RO', 'DE', 'FR', 'US', 'GB', 'IN', 'BR', 'JP', 'ES', 'IT'];
const PLANS = ['free', 'pro', 'team'];

/** One of a sequence of records, about 240 bytes as JSON. */
export function record(index: number) {
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    timestamp: `2026-06-10T${two(index % 24)}:${two(index % 60)}:${two((index * 7) % 60)}.${String(index % 1000).padStart(3, '0')}Z`,
    context: { source: 'billing', region: 'eu-central-1', version: '2.14.0', host: `app-${index % 32}` },
    country: COUNTRIES[index % COUNTRIES.length] as string,
    plan: PLANS[index % PLANS.length] as string,
    amount: (index % 10_000) / 100,
    active: index % 3 === 0,
    signup_at: '2026-06-01T08:00:00Z',
  };
}

/** The COPY text of the same records, as the API encodes them. */
export function copyLines(from: number, count: number): string {
  let text = '';
  for (let index = from; index < from + count; index += 1) {
    const { timestamp, context, country, plan, amount, active, signup_at } = record(index);
    const trace = `01975b3a-0000-7000-8000-${String(index).padStart(12, '0')}`;
    text += `${timestamp}\t${JSON.stringify(context)}\t${trace}\t${country}\t${plan}\t${amount}\t${active ? 't' : 'f'}\t${signup_at}\n`;
  }
  return text;
}

/** A whole HTTP request that posts a body. */
export function httpRequest(path: string, key: string, body: string): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: ingest.localhost',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
