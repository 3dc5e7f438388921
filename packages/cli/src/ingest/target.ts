import { DatasetIngestClient, defineDataset } from '@loguro/datasets';
import type { Fields } from '@loguro/types';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import type { Context } from '../program.js';
import { readDefinition } from '../schema/definition.js';

/** Where the records go. */
export interface Target {
  datasetId: number;
  /** Undefined when nobody could say: then only the server checks. */
  fields: Fields | undefined;
  ingestUrl: string;
}

/** Longer than a restart of the service takes. */
const RETRY_FOR_MS = 5 * 60_000;

/**
 * Finds the dataset and its schema. Without a personal access token — a machine that may only send — the dataset
 * has to be an id, and the schema may be given as a file.
 */
export async function findTarget(
  { session, host, flags }: Context<{ schema?: string }>,
  reference: string,
): Promise<Target> {
  const { token, ingestUrl } = await session.settings();
  const given = flags.schema === undefined ? undefined : await readDefinition(host, flags.schema);
  if (token === undefined) {
    if (!/^[1-9]\d*$/.test(reference)) {
      throw new CliError(`Without being logged in, the dataset "${reference}" can't be looked up by name.`, {
        exitCode: EXIT.credential,
        hints: ['Give its id, and its definition with --schema FILE.', 'Or log in: loguro login'],
      });
    }
    return { datasetId: Number(reference), fields: given, ingestUrl: ingestUrl.value };
  }
  const dataset = await session.dataset(reference);
  const fields = given ?? dataset.schema?.fields;
  if (fields === undefined) {
    throw new CliError(`The dataset ${dataset.slug} has no schema yet.`, {
      exitCode: EXIT.notFound,
      hints: [
        `Propose one: loguro schema infer FILE --out schema.json`,
        `Register it: loguro schema register ${dataset.slug} schema.json`,
      ],
    });
  }
  return { datasetId: dataset.id, fields, ingestUrl: ingestUrl.value };
}

/** @throws CliError when no project API key was given anywhere */
export async function ingestClient({ session, host }: Context, datasetId: number): Promise<DatasetIngestClient> {
  const { projectKey, ingestUrl, project } = await session.settings();
  if (projectKey === undefined) {
    throw new CliError(`There is no project API key${project ? ` for the project ${project.value}` : ''} here.`, {
      exitCode: EXIT.credential,
      hints: [
        'Create one and keep it: loguro keys create "this machine" --save',
        'Keep one that you have: loguro keys use < key.txt',
        'Or set LOGURO_PROJECT_KEY.',
      ],
    });
  }
  return new DatasetIngestClient({
    projectKey: projectKey.value,
    dataset: datasetId,
    baseUrl: ingestUrl.value,
    fetch: host.fetch,
    retryForMs: RETRY_FOR_MS,
  });
}

/** The reasons why a record does not fit the fields, in the server's words; none when it does. */
export function recordCheck(fields: Fields | undefined): (record: unknown) => string[] {
  const definition = fields && defineDataset(fields as Parameters<typeof defineDataset>[0]);
  // Nothing is sent with it: the SDK's check is a method of its client.
  const checker = new DatasetIngestClient({
    projectKey: 'none',
    dataset: 'default',
    ...(definition && { definition }),
  });
  return (record) =>
    checker.validate(record).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
}
