import { Connection, type ConnectionOptions } from '../http/connection.js';
import { type CallOptions, ControlApi } from '../http/control-api.js';
import type {
  Account,
  AuditEvent,
  AuditPage,
  CreateKey,
  CreateToken,
  Member,
  Project,
  ProjectKey,
  Role,
  Token,
  UpdateKey,
} from './account-types.js';

/** Options of {@link AccountClient}. */
export interface AccountClientOptions extends ConnectionOptions {
  /** Personal access token, `pat_…`. Undefined is refused at once. */
  pat: string | undefined;
  /** Default `https://logu.ro`. */
  baseUrl?: string | undefined;
  /** Milliseconds within which a failed request may be repeated. Default 30,000; 0: never. */
  retryForMs?: number;
}

/** A credential with its secret, which is shown this once. */
export type WithSecret<Credential> = Credential & { secret: string };

const TOKENS = '/api/tokens';
const PROJECTS = '/api/projects';
const projectPath = (slug: string) => `${PROJECTS}/${encodeURIComponent(slug)}`;

/** Manages what belongs to the account of a personal access token: its tokens, and the projects it is a member of. */
export class AccountClient {
  readonly tokens: Tokens;
  readonly projects: Projects;
  readonly #api: ControlApi;

  /** @throws TypeError when an option can't be used */
  constructor(options: AccountClientOptions) {
    const connection = new Connection(options.pat, 'pat', options, 'https://logu.ro');
    this.#api = new ControlApi(connection, options.retryForMs ?? 30_000);
    this.tokens = new Tokens(this.#api);
    this.projects = new Projects(this.#api);
  }

  /** The account, and the token this client uses. */
  me(options?: CallOptions): Promise<{ account: Account; token: Token }> {
    return this.#api.read('/api/me', options);
  }

  /** Members of a project. */
  members(project: string): Members {
    return new Members(this.#api, `${projectPath(project)}/members`);
  }

  /** API keys of a project. */
  keys(project: string): Keys {
    return new Keys(this.#api, `${projectPath(project)}/keys`);
  }

  /** One page of a project's audit log, newest first. */
  audit(project: string, page: { limit?: number; before?: number } = {}, options?: CallOptions): Promise<AuditPage> {
    const { limit, before } = page;
    return this.#api.read(`${projectPath(project)}/audit`, options, {
      limit: limit === undefined ? undefined : String(limit),
      before: before === undefined ? undefined : String(before),
    });
  }

  /** The whole audit log of a project, event after event, newest first. */
  async *auditEvents(project: string, options?: CallOptions): AsyncGenerator<AuditEvent, void, undefined> {
    for (let before: number | undefined; ; ) {
      const page = await this.audit(project, before === undefined ? {} : { before }, options);
      yield* page.events;
      if (page.nextBefore === null) return;
      before = page.nextBefore;
    }
  }
}

/** Personal access tokens of the account. */
export class Tokens {
  readonly #api: ControlApi;
  /** Made by {@link AccountClient}. */
  constructor(api: ControlApi) {
    this.#api = api;
  }

  async list(options?: CallOptions): Promise<Token[]> {
    return (await this.#api.read<{ tokens: Token[] }>(TOKENS, options)).tokens;
  }

  async create(token: CreateToken, options?: CallOptions): Promise<WithSecret<Token>> {
    const answer = await this.#api.change<{ token: Token; secret: string }>('POST', TOKENS, token, options);
    return { ...answer.token, secret: answer.secret };
  }

  /** Replaces a token; the old one works on for `overlapSeconds` (default 0). */
  async rotate(id: number, body: { overlapSeconds?: number } = {}, options?: CallOptions): Promise<WithSecret<Token>> {
    const path = `${TOKENS}/${id}/rotate`;
    const answer = await this.#api.change<{ token: Token; secret: string }>('POST', path, body, options);
    return { ...answer.token, secret: answer.secret };
  }

  async revoke(id: number, options?: CallOptions): Promise<void> {
    await this.#api.change('DELETE', `${TOKENS}/${id}`, undefined, options);
  }
}

/** Projects the account is a member of. */
export class Projects {
  readonly #api: ControlApi;
  /** Made by {@link AccountClient}. */
  constructor(api: ControlApi) {
    this.#api = api;
  }

  async list(options?: CallOptions): Promise<Project[]> {
    return (await this.#api.read<{ projects: Project[] }>(PROJECTS, options)).projects;
  }

  /** The account becomes its owner. */
  async create(project: { name: string }, options?: CallOptions): Promise<Project> {
    return (await this.#api.change<{ project: Project }>('POST', PROJECTS, project, options)).project;
  }

  async get(slug: string, options?: CallOptions): Promise<Project> {
    return (await this.#api.read<{ project: Project }>(projectPath(slug), options)).project;
  }

  async rename(slug: string, name: string, options?: CallOptions): Promise<Project> {
    return (await this.#api.change<{ project: Project }>('PATCH', projectPath(slug), { name }, options)).project;
  }

  /** Deletes a project **with all its datasets and their records**. */
  async delete(slug: string, options?: CallOptions): Promise<void> {
    await this.#api.change('DELETE', projectPath(slug), undefined, options);
  }
}

/** Members of one project. */
export class Members {
  readonly #api: ControlApi;
  readonly #root: string;
  /** Made by {@link AccountClient.members}. */
  constructor(api: ControlApi, root: string) {
    this.#api = api;
    this.#root = root;
  }

  async list(options?: CallOptions): Promise<Member[]> {
    return (await this.#api.read<{ members: Member[] }>(this.#root, options)).members;
  }

  /** Adds an account that exists. */
  async add(member: { email: string; role: Role }, options?: CallOptions): Promise<Member> {
    return (await this.#api.change<{ member: Member }>('POST', this.#root, member, options)).member;
  }

  async setRole(accountId: number, role: Role, options?: CallOptions): Promise<Member> {
    const path = `${this.#root}/${accountId}`;
    return (await this.#api.change<{ member: Member }>('PATCH', path, { role }, options)).member;
  }

  async remove(accountId: number, options?: CallOptions): Promise<void> {
    await this.#api.change('DELETE', `${this.#root}/${accountId}`, undefined, options);
  }
}

/** API keys of one project. */
export class Keys {
  readonly #api: ControlApi;
  readonly #root: string;
  /** Made by {@link AccountClient.keys}. */
  constructor(api: ControlApi, root: string) {
    this.#api = api;
    this.#root = root;
  }

  async list(options?: CallOptions): Promise<ProjectKey[]> {
    return (await this.#api.read<{ keys: ProjectKey[] }>(this.#root, options)).keys;
  }

  async create(key: CreateKey, options?: CallOptions): Promise<WithSecret<ProjectKey>> {
    const answer = await this.#api.change<{ key: ProjectKey; secret: string }>('POST', this.#root, key, options);
    return { ...answer.key, secret: answer.secret };
  }

  async edit(id: number, changes: UpdateKey, options?: CallOptions): Promise<ProjectKey> {
    return (await this.#api.change<{ key: ProjectKey }>('PATCH', `${this.#root}/${id}`, changes, options)).key;
  }

  /** Replaces a key; the old one works on for `overlapSeconds` (default 0). */
  async rotate(
    id: number,
    body: { overlapSeconds?: number } = {},
    options?: CallOptions,
  ): Promise<WithSecret<ProjectKey>> {
    const path = `${this.#root}/${id}/rotate`;
    const answer = await this.#api.change<{ key: ProjectKey; secret: string }>('POST', path, body, options);
    return { ...answer.key, secret: answer.secret };
  }

  async revoke(id: number, options?: CallOptions): Promise<void> {
    await this.#api.change('DELETE', `${this.#root}/${id}`, undefined, options);
  }
}
