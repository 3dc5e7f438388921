import { ApiError, type RouteContract } from '@loguro/types';

interface ObjectSchema {
  properties: Record<string, { type?: string }>;
}

const INTEGER = /^-?\d{1,15}$/;

/**
 * The query string as an object for the contract's validator: parameters that the schema calls integers are
 * turned into numbers when they look like one.
 *
 * @throws ApiError when a parameter is given twice
 */
export function parseQueryString(url: string, schema: NonNullable<RouteContract['query']>): Record<string, unknown> {
  const { properties } = schema as unknown as ObjectSchema;
  const start = url.indexOf('?');
  const values = new Map<string, unknown>();
  for (const [name, text] of new URLSearchParams(start < 0 ? '' : url.slice(start))) {
    if (values.has(name)) {
      throw new ApiError('invalid_request', 'The query string is not acceptable.', {
        details: [{ path: name, message: 'is given more than once' }],
      });
    }
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
    values.set(name, type === 'integer' && INTEGER.test(text) ? Number(text) : text);
  }
  return Object.fromEntries(values);
}
