import { COMPONENTS, createValidators, ERRORS, errorCodesOf, ROUTES, type RouteContract } from '@loguro/types';

/** An answer to check against the published contract. */
export interface SeenResponse {
  /** The operation's id, such as `listDatasets`. */
  operation?: string;
  /** With `path`, instead of `operation`: the request's method… */
  method?: string;
  /** …and its path as sent, such as `/api/datasets/local?x=1`, or the route's template. */
  path?: string;
  /** Default: whichever surface has such a path. */
  surface?: RouteContract['surface'];
  status: number;
  /** Parsed JSON; undefined or `{}` when the answer has no body. */
  body: unknown;
}

/** Checks answers against the schemas and error codes that the contract publishes. */
export interface ContractChecker {
  /** @throws Error that says how the answer breaks the contract */
  check(response: SeenResponse): void;
  /** Operations checked so far, each with its statuses: `listDatasets 200`. For coverage assertions. */
  readonly seen: ReadonlySet<string>;
}

/** A checker with its schemas compiled. */
export function createContractChecker(): ContractChecker {
  const validators = createValidators(COMPONENTS);
  const isError = validators.compile({ $ref: 'Error' });
  const compiled = new Map<object, ReturnType<typeof validators.compile>>();
  const seen = new Set<string>();
  const faultsOf = (schema: object, body: unknown) => {
    const validate = compiled.get(schema) ?? validators.compile(schema);
    compiled.set(schema, validate);
    return validate(body).map(({ path, message }) => `${path || 'the body'} ${message}`);
  };

  function faults(response: SeenResponse, route: RouteContract | undefined): string[] {
    const { status, body } = response;
    if (status >= 400) {
      const wrong = isError(body).map(({ path, message }) => `${path || 'the body'} ${message}`);
      return wrong.length > 0 ? wrong : codeFaults(route, status, (body as { code: keyof typeof ERRORS }).code);
    }
    if (route === undefined) return ['no route of the contract has this method and path, yet it succeeded'];
    const success = route.success[status];
    if (success === undefined) return [`the contract knows no status ${status} for ${route.operationId}`];
    if (success.schema !== undefined) return faultsOf(success.schema, body);
    return isEmpty(body) ? [] : ['the contract says this answer has no body'];
  }

  return {
    seen,
    check(response) {
      const route = findRoute(response);
      const wrong = faults(response, route);
      if (wrong.length > 0) {
        const what = route?.operationId ?? `${response.method} ${response.path}`;
        throw new Error(
          `The answer of ${what} (${response.status}) breaks the contract:\n  ${wrong.join('\n  ')}\n${JSON.stringify(response.body)?.slice(0, 2000)}`,
        );
      }
      if (route !== undefined) seen.add(`${route.operationId} ${response.status}`);
    },
  };
}

/** Faults that the router finds before it knows the operation. */
const ROUTER_CODES = [
  'route_not_found',
  'wrong_api_surface',
  'method_not_allowed',
  'unknown_host',
  'invalid_request',
  'request_timeout',
];

function codeFaults(route: RouteContract | undefined, status: number, code: keyof typeof ERRORS): string[] {
  const faults: string[] = [];
  if (ERRORS[code].status !== status) faults.push(`${code} belongs to status ${ERRORS[code].status}`);
  const known = route === undefined ? ROUTER_CODES : [...errorCodesOf(route), ...ROUTER_CODES];
  if (route !== undefined && !(known as string[]).includes(code)) {
    faults.push(`${code} is not among the errors published for ${route.operationId}`);
  }
  return faults;
}

function findRoute(response: SeenResponse): RouteContract | undefined {
  const { operation, method, path, surface } = response;
  if (operation !== undefined) {
    const route = ROUTES.find((candidate) => candidate.operationId === operation);
    if (route === undefined) throw new Error(`The contract has no operation ${operation}`);
    return route;
  }
  const bare = path?.split('?')[0] ?? '';
  const candidates = ROUTES.filter(
    (route) =>
      route.method === method?.toUpperCase() &&
      (surface === undefined || route.surface === surface) &&
      (route.path === bare || pattern(route.path).test(bare)),
  );
  // "/datasets/batch" fits "/datasets/{datasetId}" too: the fewest parameters win.
  const parameters = (route: RouteContract) => route.path.split('{').length;
  return candidates.sort((a, b) => parameters(a) - parameters(b))[0];
}

function pattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`);
}

function isEmpty(body: unknown): boolean {
  return (
    body === undefined || body === '' || body === null || (typeof body === 'object' && Object.keys(body).length === 0)
  );
}
