import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** Helmet, less what only concerns pages: nothing here is ever shown in a browser window. */
export const securityHeaders = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  frameguard: { action: 'deny' },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  dnsPrefetchControl: false,
  ieNoOpen: false,
  permittedCrossDomainPolicies: false,
  xssFilter: false,
});

/**
 * The same headers as a flat list of names and values, made once: answers that don't pass through Express
 * carry them too, without calling ten functions each.
 */
export const SECURITY_HEADERS: readonly string[] = collect();

function collect(): string[] {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  securityHeaders(res.req, res, () => undefined);
  return Object.entries(res.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}
