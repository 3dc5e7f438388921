import type { CreateDataset, Dataset, Schema, UpdateDataset } from '../api-types.js';
import type { DatasetDefinition, Fields } from '../fields.js';
import { Connection, type ConnectionOptions } from '../http/connection.js';
import { type CallOptions, ControlApi } from '../http/control-api.js';
import { withRetries } from '../http/retry.js';
import { ensureDataset, ensureSchema } from './ensure.js';
import { QueryBuilder } from './query-builder.js';
import { QueryRunner, type RunOptions } from './run.js';
import { type TailOptions, tailRows } from './tail.js';
import type { Query, QueryExplanation, QueryResult, TailRequest, TailResult } from './wire.js';

/** A dataset's id, or `default` for the project's default dataset. */
export type DatasetId = number | 'default';

/** Options of {@link DatasetQueryClient}. */
export interface QueryClientOptions extends ConnectionOptions {
  /** Personal access token, `pat_…`: a secret that never belongs in a browser. Undefined is refused at once. */
  pat: string | undefined;
  /** Slug of the project. */
  project: string;
  /** Default `https://logu.ro`. */
  baseUrl?: string | undefined;
  /** Milliseconds within which a failed request may be repeated. Default 30,000; 0: never. */
  retryForMs?: number;
}

/**
 * Manages the datasets of one project and queries them.
 *
 * @example
 * const loguro = new DatasetQueryClient({ pat, project: 'local' });
 * const rows = await loguro.from(13, orders).select('country', count()).groupBy('country').rows();
 */
export class DatasetQueryClient {
  readonly datasets: Datasets;
  readonly schema: Schemas;
  readonly #connection: Connection;
  readonly #root: string;
  readonly #retryForMs: number;

  /** @throws TypeError when an option can't be used */
  constructor(options: QueryClientOptions) {
    const { pat, project, retryForMs = 30_000 } = options;
    if (typeof project !== 'string' || project === '')
      throw new TypeError('project is empty: it is the slug of a project');
    this.#connection = new Connection(pat, 'pat', options, 'https://logu.ro');
    this.#root = `/api/datasets/${encodeURIComponent(project)}`;
    this.#retryForMs = retryForMs;
    const api = new ControlApi(this.#connection, retryForMs);
    this.schema = new Schemas(api, this.#root);
    this.datasets = new Datasets(api, this.#root, this.schema);
  }

  /**
   * Starts a query. With a definition, names and rows are typed by it; without, any name goes.
   *
   * @param dataset its id, or `default`
   */
  from<F extends Fields = Fields>(dataset: DatasetId, _definition?: DatasetDefinition<F>): QueryBuilder<F> {
    return new QueryBuilder(this.#runner(dataset));
  }

  /** Sends a query as it is, such as {@link QueryBuilder.toJSON} makes it; one page of rows. */
  query<Row = Record<string, unknown>>(
    dataset: DatasetId,
    query: Query,
    options?: RunOptions,
  ): Promise<QueryResult<Row>> {
    return this.#runner(dataset).run(query, options);
  }

  /** The SQL and the planner's estimate for a query as it is, instead of an answer. */
  explain(dataset: DatasetId, query: Query, options?: RunOptions): Promise<QueryExplanation> {
    return this.#runner(dataset).explain(query, options);
  }

  /** All rows of a query as it is, as the database produces them. A fault in the middle is thrown by the iteration. */
  stream<Row = Record<string, unknown>>(
    dataset: DatasetId,
    query: Query,
    options?: RunOptions,
  ): AsyncGenerator<Row, void, undefined> {
    return this.#runner(dataset).stream(query, options);
  }

  /** All rows of a query as it is, as CSV with a header; bytes as they arrive. */
  csv(dataset: DatasetId, query: Query, options?: RunOptions): Promise<ReadableStream<Uint8Array>> {
    return this.#runner(dataset).open(query, 'text/csv', options);
  }

  /**
   * Records as they arrive, whatever their timestamps, until the signal fires or the loop is left. With a definition:
   * `from(dataset, definition).tail()`.
   */
  tail<Row = Record<string, unknown>>(
    dataset: DatasetId,
    request: TailRequest = {},
    options: TailOptions = {},
  ): AsyncGenerator<Row, void, undefined> {
    return tailRows(this.#runner(dataset), request, options);
  }

  /** One answer of a tail: what arrived after a cursor, or without one where to start. */
  tailPage<Row = Record<string, unknown>>(
    dataset: DatasetId,
    request: TailRequest = {},
    options: RunOptions = {},
  ): Promise<TailResult<Row>> {
    const runner = this.#runner(dataset);
    const { signal } = options;
    return withRetries(() => runner.tailOnce<Row>(request, options), { retryForMs: this.#retryForMs, signal });
  }

  #runner(dataset: DatasetId): QueryRunner {
    return new QueryRunner(this.#connection, pathOf(this.#root, dataset), this.#retryForMs);
  }
}

/** The datasets of a project. */
export class Datasets {
  readonly #api: ControlApi;
  readonly #root: string;
  readonly #schemas: Schemas;

  /** Made by {@link DatasetQueryClient}. */
  constructor(api: ControlApi, root: string, schemas: Schemas) {
    this.#api = api;
    this.#root = root;
    this.#schemas = schemas;
  }

  /** All of them, oldest first. */
  async list(options?: CallOptions): Promise<Dataset[]> {
    return (await this.#api.read<{ datasets: Dataset[] }>(this.#root, options)).datasets;
  }

  async get(id: number, options?: CallOptions): Promise<Dataset> {
    return (await this.#api.read<{ dataset: Dataset }>(pathOf(this.#root, id), options)).dataset;
  }

  /** Creates the metadata; records can be sent once a schema is registered. */
  async create(dataset: CreateDataset, options?: CallOptions): Promise<Dataset> {
    return (await this.#api.change<{ dataset: Dataset }>('POST', this.#root, dataset, options)).dataset;
  }

  /** Changes name, description or how long records are kept. The slug stays. */
  async edit(id: number, changes: UpdateDataset, options?: CallOptions): Promise<Dataset> {
    return (await this.#api.change<{ dataset: Dataset }>('PATCH', pathOf(this.#root, id), changes, options)).dataset;
  }

  /** Deletes a dataset **with all its records**. */
  async delete(id: number, options?: CallOptions): Promise<void> {
    await this.#api.change('DELETE', pathOf(this.#root, id), undefined, options);
  }

  /**
   * The dataset with this name (or slug) and this definition, created when the project has none: call it at each start or
   * deploy.
   *
   * @throws LoguroError `schema_conflict` when it exists with other fields; `details` has the differences
   */
  ensure(dataset: string | CreateDataset, definition: DatasetDefinition, options?: CallOptions): Promise<Dataset> {
    return ensureDataset(
      this,
      this.#schemas,
      typeof dataset === 'string' ? { name: dataset } : dataset,
      definition,
      options,
    );
  }
}

/** The schemas of a project's datasets. */
export class Schemas {
  readonly #api: ControlApi;
  readonly #root: string;

  /** Made by {@link DatasetQueryClient}. */
  constructor(api: ControlApi, root: string) {
    this.#api = api;
    this.#root = root;
  }

  /**
   * Registers a schema, once: it is immutable. Registering the same fields again changes nothing. For `default`, creates
   * the project's default dataset when it has none.
   *
   * @throws LoguroError `schema_conflict` when other fields are registered
   */
  register(
    dataset: DatasetId,
    { fields }: DatasetDefinition,
    options?: CallOptions,
  ): Promise<{ dataset: Dataset; schema: Schema }> {
    // Safe to repeat, unlike other changes: the second time is answered like the first.
    return this.#api.change(
      'POST',
      `${pathOf(this.#root, dataset)}/schema`,
      { fields },
      { ...options, repeatable: true },
    );
  }

  /** @throws LoguroError `schema_not_found` when none is registered yet */
  async get(dataset: DatasetId, options?: CallOptions): Promise<Schema> {
    return (await this.#api.read<{ schema: Schema }>(`${pathOf(this.#root, dataset)}/schema`, options)).schema;
  }

  /**
   * Registers the definition, or makes sure that exactly it is registered.
   *
   * @throws LoguroError `schema_conflict`; `details` has the differences, field by field
   */
  ensure(dataset: DatasetId, definition: DatasetDefinition, options?: CallOptions): Promise<Schema> {
    return ensureSchema(this, dataset, definition, options);
  }
}

/** Path of a dataset; the default one has no id. */
function pathOf(root: string, dataset: DatasetId): string {
  return dataset === 'default' ? root : `${root}/${encodeURIComponent(dataset)}`;
}
