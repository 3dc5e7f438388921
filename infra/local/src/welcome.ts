import { EXAMPLE_FIELDS, PROJECT } from './provision.js';

/** What the welcome speaks of. */
export interface WelcomeOptions {
  apiUrl: string;
  ingestUrl: string;
  pat: string;
  projectKey: string;
  /** Of the dataset that the examples use. */
  datasetId: number;
  /** As a person would type it. */
  dataFolder: string;
  /** Whether the surroundings send curl through a proxy, which can't reach this machine's loopback. */
  proxied: boolean;
}

/** Three lines to paste into a shell, in this order: register a schema, ingest a record, query it. */
function exampleLines({ apiUrl, ingestUrl, pat, projectKey, datasetId, proxied }: WelcomeOptions): string[] {
  const curl = `curl -sS -w '\\n'${proxied ? " --noproxy '*'" : ''}`;
  const post = (url: string, token: string, data: string) =>
    `${curl} '${url}' -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d ${data}`;
  const dataset = `${apiUrl}/api/datasets/${PROJECT}/${datasetId}`;
  const now = `"$(date -u +%Y-%m-%dT%H:%M:%SZ)"`;
  const query = {
    select: [
      { field: 'country' },
      { aggregate: 'count', as: 'orders' },
      { aggregate: 'sum', field: 'amount', as: 'revenue' },
    ],
    groupBy: ['country'],
  };
  return [
    post(`${dataset}/schema`, pat, `'${JSON.stringify({ fields: EXAMPLE_FIELDS })}'`),
    post(
      `${ingestUrl}/datasets/${datasetId}?wait=stored`,
      projectKey,
      `'{"timestamp":"'${now}'","context":{"source":"curl"},"country":"RO","amount":42.5}'`,
    ),
    post(`${dataset}/query`, pat, `'${JSON.stringify(query)}'`),
  ];
}

/** The text that ends a successful start. */
export function welcome(options: WelcomeOptions): string {
  const { apiUrl, ingestUrl, pat, projectKey, dataFolder } = options;
  return `
Loguro is running.

  API            ${apiUrl}/api
  Ingest         ${ingestUrl}
  Project        ${PROJECT}
  PAT            ${pat}
  Project key    ${projectKey}

The same is in ${dataFolder}/local.json, for scripts. Try it, pasting one line after the other:
register a schema, ingest a record, query it.

${exampleLines(options).join('\n\n')}

Logs are in ${dataFolder}/logs. Load real data: npx pnpm demo. Command line: npx pnpm loguro --help.
Ctrl-C stops everything.
`;
}
