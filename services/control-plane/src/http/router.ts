import {
  ApiError,
  COMPONENTS,
  CONTROL_ROUTES,
  type ControlOperation,
  CREDENTIAL_HEADER,
  createValidators,
  faultSentence,
  type Method,
  type RouteContract,
  type Validator,
} from '@loguro/types';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type Authorized, authorize, requireProject } from '../authorization/authorize.js';
import { patFromHeader } from '../authorization/credential.js';
import type { LastUsed } from '../authorization/last-used.js';
import { requireDataset } from '../datasets/find-dataset.js';
import type { RateLimits } from '../limits/rate-limits.js';
import type { Services } from '../services.js';
import type { DatasetRequest, Endpoint } from './endpoint.js';
import { datasetChoiceOf, expressPath, pathIds, projectSlugOf } from './path.js';
import { parseQueryString } from './query-string.js';
import { type BodyLimits, readJsonBody } from './read-body.js';
import { spanOf } from './request-span.js';
import { sendAnswer } from './send-answer.js';
import { requireStorableText } from './storable-text.js';
import type { UnsentAnswers } from './unsent-answers.js';

/** What the router needs besides the endpoints. */
export interface RouterOptions {
  services: Services;
  lastUsed: LastUsed;
  bodyLimits: BodyLimits;
  rateLimits: RateLimits;
  unsent: UnsentAnswers;
}

type Contract = Omit<RouteContract, 'operationId' | 'surface'>;

/** An endpoint with its contract and the validators compiled from it. */
interface Route {
  endpoint: Endpoint;
  contract: Contract;
  checkBody: Validator | null;
  checkQuery: Validator | null;
}

/** … for one request that may be served. */
interface AuthorizedRoute extends Route {
  authorized: Authorized | null;
  /** Fires when the client goes away. */
  signal: AbortSignal;
}

/**
 * Serves endpoints as the contract says. For each request, in this order: credential (401), quota (429),
 * project (404), role (403), ids in the path (404), query string (400), body (415, 413, 408, 400),
 * dataset (404), and only then the handler.
 * A method that the contract does not have on a path is 405 with `Allow`, before any credential is looked at.
 *
 * @throws Error when an operation of the contract has no endpoint, or two
 */
export function createRouter(endpoints: readonly Endpoint[], options: RouterOptions): Router {
  const { compile } = createValidators(COMPONENTS);
  const router = Router();
  for (const [path, contracts] of contractsByPath()) {
    const route = router.route(expressPath(path));
    for (const [operation, contract] of contracts) {
      const serve = serveRoute(
        {
          endpoint: endpointOf(operation, endpoints),
          contract,
          checkBody: contract.body === undefined ? null : compile(contract.body),
          checkQuery: contract.query === undefined ? null : compile(contract.query),
        },
        options,
      );
      route[contract.method.toLowerCase() as Lowercase<Method>](serve);
    }
    route.all(refuseMethod(path, contracts, options.services));
  }
  return router;
}

/** In the contract's order, in which `/schema` comes before `/{datasetId}`: the first path that fits decides. */
function contractsByPath(): Map<string, [ControlOperation, Contract][]> {
  const paths = new Map<string, [ControlOperation, Contract][]>();
  for (const [operation, contract] of Object.entries(CONTROL_ROUTES) as [ControlOperation, Contract][]) {
    paths.set(contract.path, [...(paths.get(contract.path) ?? []), [operation, contract]]);
  }
  return paths;
}

function endpointOf(operation: ControlOperation, endpoints: readonly Endpoint[]): Endpoint {
  const found = endpoints.filter((endpoint) => endpoint.operation === operation);
  if (found.length !== 1) throw new Error(`The operation ${operation} has ${found.length} endpoints instead of one.`);
  return found[0] as Endpoint;
}

function serveRoute(route: Route, options: RouterOptions): RequestHandler {
  return async (req, res) => {
    res.locals.operation = route.endpoint.operation;
    // From the start: who leaves while the credential is looked up is not heard of again.
    const signal = goneSignal(res);
    const authorized = await authorizeRequest(req, res, route, options);
    const request = await readRequest(req, res, { ...route, authorized, signal }, options);
    if (authorized !== null) res.locals.accountId = authorized.caller.account.id;
    await sendAnswer(res, await route.endpoint.handle(request, options.services), options.unsent);
  };
}

/** null for operations that need no credential. */
async function authorizeRequest(
  req: Request,
  res: Response,
  { endpoint, contract }: Route,
  { services, lastUsed, rateLimits }: RouterOptions,
): Promise<Authorized | null> {
  if (contract.credential === 'none') return null;
  const pat = patFromHeader(req.headers.authorization);
  rateLimits.admitToken(pat);
  const authorized = await authorize(services.database.pool, {
    pat,
    projectSlug: projectSlugOf(req.params),
    dataset: endpoint.ofDataset ? datasetChoiceOf(req.params) : null,
  });
  // For the gateway, which lets a credential that it knows to be good pass where it holds back guesses.
  res.set(CREDENTIAL_HEADER, 'good');
  rateLimits.countToken(pat, res);
  if (authorized.touch) lastUsed.touch(authorized.caller.token.id);
  if (contract.role !== undefined) requireProject(authorized.project, contract.role);
  return authorized;
}

async function readRequest(
  req: Request,
  res: Response,
  { endpoint, contract, checkBody, checkQuery, authorized, signal }: AuthorizedRoute,
  { bodyLimits }: RouterOptions,
): Promise<DatasetRequest> {
  const params = pathIds(req.params);
  const query = contract.query && checkQuery ? readQuery(req, contract.query, checkQuery) : undefined;
  const body = checkBody ? await readBody(req, checkBody, bodyLimits) : undefined;
  const requestId: string = res.locals.requestId;
  const address = req.ip?.replace(/^::ffff:/, '') ?? null;
  const request = {
    requestId,
    span: spanOf(res),
    address,
    signal,
    params,
    query,
    body,
    accepts: (types: readonly string[]) => req.accepts([...types]) || null,
    ...(authorized && {
      caller: authorized.caller,
      project: authorized.project,
      ...(endpoint.ofDataset && { dataset: requireDataset(authorized.dataset, datasetChoiceOf(req.params)) }),
      actor: {
        accountId: authorized.caller.account.id,
        email: authorized.caller.account.email,
        tokenId: authorized.caller.token.id,
        requestId,
        address,
      },
    }),
  };
  // The contract was enforced above, so the endpoint's kind decides which of these are there.
  return request as DatasetRequest;
}

function readQuery(req: Request, schema: NonNullable<Contract['query']>, check: Validator): unknown {
  const query = parseQueryString(req.url, schema);
  const details = check(query);
  if (details.length > 0) {
    throw new ApiError('invalid_request', faultSentence('The query string is not acceptable', details), { details });
  }
  return query;
}

async function readBody(req: Request, check: Validator, limits: BodyLimits): Promise<unknown> {
  const body = await readJsonBody(req, limits);
  requireStorableText(body);
  const details = check(body);
  if (details.length > 0) {
    throw new ApiError('invalid_request', faultSentence('The body is not acceptable', details), { details });
  }
  return body;
}

function goneSignal(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Where records are posted by mistake, the answer says where they belong. */
function refuseMethod(
  path: string,
  contracts: readonly [ControlOperation, Contract][],
  { ingestUrl }: Services,
): RequestHandler {
  const allow = contracts.flatMap(([, { method }]) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  const recordsMistake = path === CONTROL_ROUTES.readDataset.path;
  return (req) => {
    if (recordsMistake && req.method === 'POST') throw recordsBelongToIngest(ingestUrl, String(req.params.datasetId));
    throw new ApiError('method_not_allowed', `This path allows ${allow}.`, { headers: { Allow: allow } });
  };
}

/** The answer to records that were sent to the API. */
export function recordsBelongToIngest(ingestUrl: string, datasetId: string): ApiError {
  const id = /^\d{1,10}$/.test(datasetId) ? datasetId : ':datasetId';
  return new ApiError(
    'wrong_api_surface',
    `Records are not sent to the API: POST them to ${ingestUrl}/datasets/${id} with a project API key.`,
  );
}
