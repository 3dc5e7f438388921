import { publicEndpoint } from '../http/endpoint.js';

/** The OpenAPI document of both surfaces, with the URLs of this installation. */
export const readOpenApi = publicEndpoint('readOpenApi', async (_request, { openApi }) => ({
  status: 200,
  body: openApi,
}));
