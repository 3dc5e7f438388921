import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, claimsBrowserKey } from '@loguro/types';
import type { Authenticator } from '../cache/authenticator.js';
import type { Directory, IngestDataset, ProjectKey } from '../cache/directory.js';
import type { RecordEncoder } from '../records/record-encoder.js';
import type { KeyUses } from './key-uses.js';
import type { Reply } from './reply.js';

/** Who may write what: the outcome of all checks before the body. */
export interface Access {
  key: ProjectKey;
  dataset: number;
  encoder: RecordEncoder;
}

/** The checks that every ingest route makes, in one place. */
export class AccessControl {
  readonly #directory: Directory;
  readonly #authenticator: Authenticator;
  readonly #uses: Pick<KeyUses, 'touch'>;

  constructor(directory: Directory, authenticator: Authenticator, uses: Pick<KeyUses, 'touch'>) {
    this.#directory = directory;
    this.#authenticator = authenticator;
    this.#uses = uses;
  }

  /**
   * The key behind the request, after the check of its origin; at once when all is in memory. From here on the
   * reply carries CORS headers if the key is a browser's.
   *
   * @throws ApiError 401, `origin_not_allowed`, `unavailable`
   */
  key(headers: IncomingHttpHeaders, reply: Reply, now: number): ProjectKey | Promise<ProjectKey> {
    const key = this.#authenticator.authenticate(headers.authorization, now);
    if (key instanceof Promise) {
      return key.then(
        (loaded) => this.#admit(loaded, headers.origin, reply),
        (error: unknown) => {
          if (isUnavailable(error)) showToPage(headers, reply);
          throw error;
        },
      );
    }
    return this.#admit(key, headers.origin, reply);
  }

  /** A use from the wrong origin counts as one: the key is where it should not be, and its owner wants to know. */
  #admit(key: ProjectKey, origin: string | undefined, reply: Reply): ProjectKey {
    this.#uses.touch(key.id);
    return checkOrigin(key, origin, reply);
  }

  /**
   * Key and dataset together, for a request without an origin; at once when all is in memory. null: the key is a
   * browser's.
   *
   * @param authorization the header
   * @throws ApiError as the two others do
   */
  both(authorization: string, dataset: number, now: number): Access | null | Promise<Access | null> {
    const key = this.#authenticator.authenticate(authorization, now);
    if (key instanceof Promise) return key.then((loaded) => this.#ofServer(loaded, dataset, performance.now()));
    return this.#ofServer(key, dataset, now);
  }

  #ofServer(key: ProjectKey, dataset: number, now: number): Access | null | Promise<Access> {
    if (key.kind !== 'server') return null;
    this.#uses.touch(key.id);
    return this.dataset(key, dataset, now);
  }

  /**
   * The dataset that the key may write to; null selects the project's default one.
   *
   * @throws ApiError `dataset_not_found`, `schema_not_found`, `unavailable`
   */
  dataset(key: ProjectKey, id: number | null, now: number): Access | Promise<Access> {
    if (id === null) return this.#defaultDataset(key, now);
    const dataset = id === 0 ? null : this.#directory.datasets.get(id, now);
    if (dataset instanceof Promise) return dataset.then((loaded) => checkDataset(key, loaded));
    return checkDataset(key, dataset);
  }

  async #defaultDataset(key: ProjectKey, now: number): Promise<Access> {
    const { id } = await this.#directory.defaults.get(key.project, now);
    if (id === null) throw new ApiError('schema_not_found', 'Dataset schema not found');
    return this.dataset(key, id, performance.now());
  }
}

function checkOrigin(key: ProjectKey, origin: string | undefined, reply: Reply): ProjectKey {
  if (key.kind === 'server') return key;
  if (origin === undefined || !key.origins.has(origin)) {
    throw new ApiError('origin_not_allowed', 'This browser key may not be used from this origin.');
  }
  reply.origin = origin;
  return key;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'unavailable';
}

/**
 * Lets a page read that its key could not be looked up, and when to try again. As at the gateway, the token's own word
 * that it is a browser's is taken, and any origin: a forger learns that the database is away, and nothing else.
 */
function showToPage({ authorization, origin }: IncomingHttpHeaders, reply: Reply): void {
  if (origin !== undefined && claimsBrowserKey(authorization)) reply.origin = origin;
}

function checkDataset(key: ProjectKey, dataset: IngestDataset | null): Access {
  if (dataset === null || dataset.project !== key.project) {
    throw new ApiError('dataset_not_found', 'Dataset not found');
  }
  if (dataset.encoder === null) throw new ApiError('schema_not_found', 'Dataset schema not found');
  return { key, dataset: dataset.id, encoder: dataset.encoder };
}
