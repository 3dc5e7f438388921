import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Change, FieldType, ProjectKeyKind } from '@loguro/types';
import { createRecordEncoder, type RecordEncoder } from '../records/record-encoder.js';
import type { ChangeFeed } from './change-feed.js';
import type { Database } from './database.js';
import { type AnyCache, FreshCache } from './fresh-cache.js';
import { STATEMENTS } from './statements.js';

/** A project key that is neither revoked nor deleted. */
export interface ProjectKey {
  id: number;
  project: number;
  kind: ProjectKeyKind;
  /** Where a browser key may be used from; empty for server keys. */
  origins: ReadonlySet<string>;
  /** Milliseconds since the epoch; Infinity: never. */
  expiresAt: number;
}

/** A dataset as ingest sees it. */
export interface IngestDataset {
  id: number;
  project: number;
  /** null: no schema is registered yet. */
  encoder: RecordEncoder | null;
}

/** The public signing keys by `kid`. The same object as long as their content is the same. */
export type SigningKeys = ReadonlyMap<string, KeyObject>;

/** Options of {@link Directory}. */
export interface DirectoryOptions {
  database: Database;
  feed: ChangeFeed;
  /** Entries of each cache. */
  maxEntries?: number;
}

const ALL = 'all';

/** What the ingest API knows of the control plane: keys, datasets, origins; never older than a second. */
export class Directory {
  readonly signingKeys: FreshCache<typeof ALL, SigningKeys>;
  readonly projectKeys: FreshCache<number, ProjectKey | null>;
  readonly datasets: FreshCache<number, IngestDataset | null>;
  /** The id of a project's default dataset. */
  readonly defaults: FreshCache<number, { id: number | null }>;
  /** Origins of live browser keys of any project, each with the moment the last such key expires. */
  readonly origins: FreshCache<typeof ALL, ReadonlyMap<string, number>>;
  readonly #database: Database;
  #lastSigningKeys: { fingerprint: string; keys: SigningKeys } | undefined;

  constructor({ database, feed, maxEntries = 20_000 }: DirectoryOptions) {
    this.#database = database;
    const cache = <K extends string | number, V>(max: number, load: (key: K) => Promise<V>) =>
      new FreshCache<K, V>({ max, feed, load });
    this.signingKeys = cache(1, () => this.#loadSigningKeys());
    this.projectKeys = cache(maxEntries, (id) => this.#loadProjectKey(id));
    this.datasets = cache(maxEntries, (id) => this.#loadDataset(id));
    this.defaults = cache(maxEntries, (project) => this.#loadDefault(project));
    this.origins = cache(1, () => this.#loadOrigins());
    feed.listen({ changed: (change) => this.#changed(change), lost: () => this.#clear() });
  }

  /** All caches by name, for metrics. */
  get caches(): Readonly<Record<string, AnyCache>> {
    return {
      signing_keys: this.signingKeys,
      project_keys: this.projectKeys,
      datasets: this.datasets,
      default_datasets: this.defaults,
      origins: this.origins,
    };
  }

  #changed(change: Change): void {
    switch (change.kind) {
      case 'signing_key':
        this.signingKeys.drop(ALL);
        break;
      case 'project_key':
        this.projectKeys.drop(change.id);
        this.origins.drop(ALL);
        break;
      case 'dataset':
        this.datasets.drop(change.id);
        this.defaults.drop(change.project);
        break;
      case 'project':
        this.#clear();
    }
  }

  #clear(): void {
    for (const cache of Object.values(this.caches)) cache.clear();
  }

  async #loadSigningKeys(): Promise<SigningKeys> {
    const rows = await this.#database.query<{ kid: string; public_key: string }>(STATEMENTS.signingKeys);
    const fingerprint = JSON.stringify(rows);
    if (this.#lastSigningKeys?.fingerprint !== fingerprint) {
      const keys = new Map(rows.map((row) => [row.kid, createPublicKey(row.public_key)]));
      this.#lastSigningKeys = { fingerprint, keys };
    }
    return this.#lastSigningKeys.keys;
  }

  async #loadProjectKey(id: number): Promise<ProjectKey | null> {
    const [row] = await this.#database.query<{
      id: number;
      project_id: number;
      kind: ProjectKeyKind;
      allowed_origins: string[] | null;
      expires_at: Date | null;
    }>(STATEMENTS.projectKey, [id]);
    if (row === undefined) return null;
    const expiresAt = row.expires_at === null ? Number.POSITIVE_INFINITY : Number(row.expires_at);
    const { kind } = row;
    return { id: row.id, project: row.project_id, kind, origins: new Set(row.allowed_origins ?? []), expiresAt };
  }

  async #loadDataset(id: number): Promise<IngestDataset | null> {
    const [row] = await this.#database.query<{
      id: number;
      project_id: number;
      fields: [string, FieldType][] | null;
    }>(STATEMENTS.dataset, [id]);
    if (row === undefined) return null;
    const encoder = row.fields === null ? null : createRecordEncoder(row.fields);
    return { id: row.id, project: row.project_id, encoder };
  }

  async #loadDefault(project: number): Promise<{ id: number | null }> {
    const [row] = await this.#database.query<{ id: number }>(STATEMENTS.defaultDataset, [project]);
    return { id: row?.id ?? null };
  }

  async #loadOrigins(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.query<{ origin: string; until: Date | number }>(STATEMENTS.origins);
    return new Map(rows.map(({ origin, until }) => [origin, Number(until)]));
  }
}
