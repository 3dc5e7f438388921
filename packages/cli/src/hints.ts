import type { LoguroError } from '@loguro/datasets';

type Code = LoguroError['code'];

const LOGIN = 'Log in with another token: loguro login';
const LIST_DATASETS = 'List the datasets: loguro datasets list';
const DOCTOR = 'Find out what is wrong: loguro doctor';
const LATER = 'Nothing was changed by the request that failed; try again in a moment.';

/** What to do next about a code, where there is one thing to say that fits every command. */
const HINTS: Partial<Record<Code, readonly string[]>> = {
  missing_credential: [LOGIN],
  invalid_credential: [LOGIN, DOCTOR],
  expired_credential: [LOGIN, 'A token that has not expired yet can be replaced: loguro tokens rotate'],
  revoked_credential: [LOGIN],
  wrong_credential: [
    'Commands that manage and query take a personal access token (pat_…), `ingest` takes a project API key.',
    DOCTOR,
  ],
  forbidden: ['See who may do what: loguro members list', 'An owner of the project can change your role.'],
  project_not_found: ['List your projects: loguro projects list', 'Choose one with --project or LOGURO_PROJECT.'],
  dataset_not_found: [LIST_DATASETS, 'Choose the project with --project.'],
  schema_not_found: [
    'Register one: loguro schema register DATASET schema.json',
    'Propose one from a file: loguro schema infer FILE',
  ],
  schema_conflict: [
    'Compare: loguro schema check DATASET schema.json',
    'A schema never changes; create another dataset for other fields.',
  ],
  key_not_found: ['List the keys: loguro keys list'],
  token_not_found: ['List the tokens: loguro tokens list'],
  member_not_found: ['List the members: loguro members list'],
  account_not_found: ['The person needs an account on this service first.'],
  wrong_api_surface: ['Check --api-url and --ingest-url: they may be swapped.', DOCTOR],
  unknown_host: ['Check --api-url and --ingest-url.', DOCTOR],
  idempotency_key_reused: ['The file or its options changed since an earlier run. See: loguro ingest --help'],
  payload_too_large: ['Send less at once: loguro ingest --batch-size 500'],
  rate_limited: [LATER],
  too_many_queries: ['The project runs as many queries as it may; try again in a moment.'],
  overloaded: [LATER],
  unavailable: [LATER],
  cursor_expired: ['Start again; --since shows what came in between: loguro tail DATASET --since 1d'],
  query_timeout: ['Ask for a shorter range: --from 1d', 'Look at the plan: loguro query DATASET --explain'],
  internal: ['Quote the request id when you report it.'],
  network_error: [DOCTOR, 'Check --api-url and --ingest-url, and that the service is running.'],
  timeout: [DOCTOR],
  invalid_response: ['Something else than Loguro answered: check --api-url and --ingest-url, and proxies.', DOCTOR],
};

/** Sentences and commands that help with an error of the service. */
export function hintsFor(error: LoguroError): readonly string[] {
  return HINTS[error.code] ?? [];
}
