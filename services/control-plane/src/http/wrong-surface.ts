import { ApiError } from '@loguro/types';
import { Router } from 'express';
import type { Services } from '../services.js';
import { recordsBelongToIngest } from './router.js';

/** Ingest's paths on the API's host, and records sent to the API: 404 with the URL that would have been right. */
export function wrongSurface({ apiUrl, ingestUrl }: Pick<Services, 'apiUrl' | 'ingestUrl'>): Router {
  const router = Router();
  router.all(['/datasets', '/datasets/*rest'], (req) => {
    // What is echoed is a path that Node accepted, cut to a length that fits a sentence.
    const path = req.path.replaceAll(/[^\w\-./]/g, '').slice(0, 100);
    throw new ApiError(
      'wrong_api_surface',
      `Records are ingested on another host: POST them to ${ingestUrl}${path} with a project API key. This host serves ${apiUrl}/api.`,
    );
  });
  router.all(
    ['/api/datasets/:projectSlug/:datasetId/batch', '/api/datasets/:projectSlug/:datasetId/receipts{/*rest}'],
    (req) => {
      throw recordsBelongToIngest(ingestUrl, String(req.params.datasetId));
    },
  );
  return router;
}
