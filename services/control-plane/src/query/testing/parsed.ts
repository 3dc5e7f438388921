import type { QueryResult, TailResult } from '@loguro/types';
import type { TailService } from '../../tail/tail-service.js';
import type { QueryService } from '../query-service.js';

/** The service with pages as a client reads them. */
export function parsedQueries(service: QueryService) {
  return {
    ...service,
    run: async (...args: Parameters<QueryService['run']>) => JSON.parse(await service.run(...args)) as QueryResult,
  };
}

/** The service with answers as a client reads them. */
export function parsedTails(service: TailService) {
  return {
    ...service,
    tail: async (...args: Parameters<TailService['tail']>) => JSON.parse(await service.tail(...args)) as TailResult,
  };
}
