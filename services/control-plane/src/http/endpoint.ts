import type { Span } from '@loguro/telemetry';
import type {
  AddMemberBody,
  AuditQuery,
  ControlOperation,
  CreateDatasetBody,
  CreateKeyBody,
  CreateProjectBody,
  CreateTokenBody,
  Query,
  RotateBody,
  TailRequest,
  UpdateDatasetBody,
  UpdateKeyBody,
  UpdateMemberBody,
  UpdateProjectBody,
} from '@loguro/types';
import type { Actor } from '../audit/record-audit.js';
import type { Caller, ProjectAccess } from '../authorization/authorize.js';
import type { Dataset } from '../generated/prisma/client.js';
import type { Services } from '../services.js';

/** The validated body of each operation that reads one. */
interface Bodies {
  createDataset: CreateDatasetBody;
  updateDataset: UpdateDatasetBody;
  registerSchema: Record<string, unknown>;
  registerDefaultSchema: Record<string, unknown>;
  queryDataset: Query;
  queryDefaultDataset: Query;
  tailDataset: TailRequest;
  tailDefaultDataset: TailRequest;
  createToken: CreateTokenBody;
  rotateToken: RotateBody;
  createProject: CreateProjectBody;
  updateProject: UpdateProjectBody;
  addMember: AddMemberBody;
  updateMember: UpdateMemberBody;
  createKey: CreateKeyBody;
  updateKey: UpdateKeyBody;
  rotateKey: RotateBody;
}

/** The validated query string of each operation that reads one. */
interface QueryStrings {
  listAudit: AuditQuery;
}

/** Parameters of paths that are ids: integers from 1 to 2³¹−1. Only those in the operation's path are there. */
export type PathIds = Readonly<Record<'datasetId' | 'tokenId' | 'keyId' | 'accountId', number>>;

/** What every handler is given, besides what its kind of endpoint adds. */
export interface EndpointRequest<Op extends ControlOperation = ControlOperation> {
  requestId: string;
  /** The request's span; null unless traces are on. */
  span: Span | null;
  /** The client's address, as far as the proxies in between are trusted. */
  address: string | null;
  /** Fires when the client goes away before it was answered. */
  signal: AbortSignal;
  params: PathIds;
  body: Op extends keyof Bodies ? Bodies[Op] : undefined;
  query: Op extends keyof QueryStrings ? QueryStrings[Op] : undefined;
  /** The first of these media types that the client prefers; null when it accepts none of them. */
  accepts: (types: readonly string[]) => string | null;
}

/** A request with a good personal access token. */
export interface AccountRequest<Op extends ControlOperation = ControlOperation> extends EndpointRequest<Op> {
  caller: Caller;
  /** The caller, as the audit log wants it. */
  actor: Actor;
}

/** … whose account has the needed role in the project of the path. */
export interface ProjectRequest<Op extends ControlOperation = ControlOperation> extends AccountRequest<Op> {
  project: ProjectAccess;
}

/** … about a dataset of the project: the one whose id is in the path, else the default dataset. */
export interface DatasetRequest<Op extends ControlOperation = ControlOperation> extends ProjectRequest<Op> {
  /** As it was when the request came. */
  dataset: Dataset;
}

/** What a handler answers: a body in one of three forms, or nothing but a status. */
export interface Answer {
  /** One of the contract's success statuses. */
  status: number;
  /** Sent as JSON. */
  body?: unknown;
  /** JSON text, sent as it is. */
  json?: string;
  /** Sent as it comes, at the client's pace; set `Content-Type` in `headers`. */
  stream?: AsyncIterable<string | Uint8Array>;
  headers?: Record<string, string>;
}

/** One operation of the contract and the function that carries it out. */
export interface Endpoint {
  operation: ControlOperation;
  /** Whether it is about one dataset, which is then looked up together with the credential. */
  ofDataset: boolean;
  handle: (request: DatasetRequest, services: Services) => Promise<Answer>;
}

type Handler<Request> = (request: Request, services: Services) => Promise<Answer>;

/** An operation that needs no credential. */
export function publicEndpoint<Op extends ControlOperation>(
  operation: Op,
  handle: Handler<EndpointRequest<Op>>,
): Endpoint {
  return endpoint(operation, handle);
}

/** An operation of the calling account. */
export function accountEndpoint<Op extends ControlOperation>(
  operation: Op,
  handle: Handler<AccountRequest<Op>>,
): Endpoint {
  return endpoint(operation, handle);
}

/** An operation in a project: membership and role were checked before the handler runs. */
export function projectEndpoint<Op extends ControlOperation>(
  operation: Op,
  handle: Handler<ProjectRequest<Op>>,
): Endpoint {
  return endpoint(operation, handle);
}

/** An operation on a dataset that is there: it costs no statement beyond that which every request costs. */
export function datasetEndpoint<Op extends ControlOperation>(
  operation: Op,
  handle: Handler<DatasetRequest<Op>>,
): Endpoint {
  return { ...endpoint(operation, handle), ofDataset: true };
}

/** The router has validated what it passes against the contract of this very operation. */
function endpoint<Op extends ControlOperation>(operation: Op, handle: Handler<DatasetRequest<Op>>): Endpoint {
  return { operation, ofDataset: false, handle: handle as Endpoint['handle'] };
}
