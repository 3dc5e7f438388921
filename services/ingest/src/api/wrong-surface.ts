import { ApiError } from '@loguro/types';
import { type RequestHandler, Router } from 'express';

/** Of a path that is quoted in a sentence. */
const QUOTED_CHARACTERS = 100;

/**
 * The control plane's paths on the ingest host: 404 with the URL that would have been right. Needs no
 * credential, and says nothing about what exists there.
 */
export function wrongSurface(apiUrl: string): Router {
  const router = Router({ caseSensitive: true });
  const misplaced =
    (what: string, path: (pathname: string) => string): RequestHandler =>
    (req) => {
      throw new ApiError(
        'wrong_api_surface',
        `${what} is on another host: ${apiUrl}${path(quoted(req.path))}, with a personal access token. This host only ingests records.`,
      );
    };
  router.all(
    ['/api', '/api/*rest'],
    misplaced('The API', (path) => path),
  );
  router.all(
    ['/datasets/schema', '/datasets/query'],
    misplaced("A dataset's schema and queries", (path) => path.replace('/datasets/', '/api/datasets/:projectSlug/')),
  );
  router.all(
    ['/datasets/:datasetId/schema', '/datasets/:datasetId/query'],
    misplaced("A dataset's schema and queries", (path) => path.replace('/datasets/', '/api/datasets/:projectSlug/')),
  );
  router.all(
    ['/datasets/:projectSlug/:datasetId/schema', '/datasets/:projectSlug/:datasetId/query'],
    misplaced("A dataset's schema and queries", (path) => `/api${path}`),
  );
  return router;
}

function quoted(path: string): string {
  return path.replaceAll(/[^\w\-./]/g, '').slice(0, QUOTED_CHARACTERS);
}
