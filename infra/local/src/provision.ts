import { type AdminCommand, runAdmin } from './admin-command.js';
import { type Answer, call } from './http-client.js';

/** The demo project's slug. */
export const PROJECT = 'local';
const EMAIL = 'demo@localhost';

/** What a person needs to use the stack. */
export interface Credentials {
  pat: string;
  projectKey: string;
}

/** What {@link ensureCredentials} needs to know. */
export interface ProvisionOptions {
  apiUrl: string;
  ingestUrl: string;
  /** On the services' database. */
  admin: AdminCommand;
  /** From an earlier start. */
  known: Partial<Credentials>;
}

/**
 * The demo account's token and the demo project's key. Those of an earlier start are kept as long as they
 * work; what was lost or revoked is made anew.
 */
export async function ensureCredentials(options: ProvisionOptions): Promise<Credentials> {
  const { apiUrl, ingestUrl, admin, known } = options;
  const works = known.pat !== undefined && (await get(apiUrl, '/api/me', known.pat)).status === 200;
  const pat = works ? (known.pat as string) : await newToken(admin);
  await ensureProject(apiUrl, pat);
  const keyWorks = known.projectKey !== undefined && (await isGoodKey(ingestUrl, known.projectKey));
  return { pat, projectKey: keyWorks ? (known.projectKey as string) : await newKey(apiUrl, pat) };
}

/** The demo account's first token, or another one when there is the account already. */
async function newToken(admin: AdminCommand): Promise<string> {
  const person = ['--email', EMAIL, '--name', 'Demo'];
  try {
    return secretOf(await runAdmin(admin, 'create-account', ...person, '--project', PROJECT));
  } catch (error) {
    if (!/exists already/.test(String(error))) throw error;
    return secretOf(await runAdmin(admin, 'create-token', '--email', EMAIL, '--name', 'npx pnpm start'));
  }
}

async function ensureProject(apiUrl: string, pat: string): Promise<void> {
  const { body } = expectStatus(await get(apiUrl, '/api/projects', pat), 200);
  const { projects } = body as { projects: { slug: string }[] };
  if (projects.some((project) => project.slug === PROJECT)) return;
  expectStatus(await post(apiUrl, '/api/projects', pat, { name: PROJECT }), 201);
}

async function newKey(apiUrl: string, pat: string): Promise<string> {
  const path = `/api/projects/${PROJECT}/keys`;
  return secretOf(expectStatus(await post(apiUrl, path, pat, { name: 'npx pnpm start', kind: 'server' }), 201).body);
}

/** A good key for an empty batch: anything but a 401. */
async function isGoodKey(ingestUrl: string, key: string): Promise<boolean> {
  return (await post(ingestUrl, '/datasets/batch?dry_run=true', key, [])).status !== 401;
}

/** Fields of the dataset that the printed examples use. */
export const EXAMPLE_FIELDS = { country: 'string', amount: 'number' };

/** The id of the examples' dataset; its schema is left for the first example to register. */
export async function ensureExampleDataset(apiUrl: string, pat: string): Promise<number> {
  const path = `/api/datasets/${PROJECT}`;
  const { body } = expectStatus(await get(apiUrl, path, pat), 200);
  const { datasets } = body as { datasets: { id: number; name: string; schema: { fields: object } | null }[] };
  const fields = JSON.stringify(EXAMPLE_FIELDS);
  const usable = datasets.find(
    ({ name, schema }) => name === 'Orders' && (schema === null || JSON.stringify(schema.fields) === fields),
  );
  if (usable !== undefined) return usable.id;
  const created = expectStatus(await post(apiUrl, path, pat, { name: 'Orders' }), 201);
  return (created.body as { dataset: { id: number } }).dataset.id;
}

function get(baseUrl: string, path: string, token: string): Promise<Answer> {
  return call({ baseUrl, method: 'GET', path, token });
}

function post(baseUrl: string, path: string, token: string, body: unknown): Promise<Answer> {
  return call({ baseUrl, method: 'POST', path, token, body });
}

function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`The API answered ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
}

function secretOf(created: unknown): string {
  return (created as { secret: string }).secret;
}
