import { createHash } from 'node:crypto';
import { addressKey, type QuotaReport, RateLimiter, rateLimited, rateLimitHeaders } from '@loguro/types/rate-limits';
import type { RequestHandler, Response } from 'express';

/** How many requests are taken in a minute; 0: any number. */
export interface RequestLimits {
  perToken: number;
  perAddress: number;
}

/** Limits requests by address before anything is looked up, and by token once it has proved good. */
export interface RateLimits {
  /** Counts each request against its address. */
  readonly byAddress: RequestHandler;
  /**
   * To be called with a token before it is looked up: one whose quota is used up costs no query.
   *
   * @throws ApiError `rate_limited`
   */
  admitToken(pat: string): void;
  /**
   * Counts a request against a token that was found good. Only those are counted and remembered: nobody can use up
   * a token's quota without having it, and made-up tokens take no room.
   *
   * @throws ApiError `rate_limited`
   */
  countToken(pat: string, res: Response): void;
}

const MINUTE = 60;

/** Counters of this process alone: with N processes behind the gateway, a caller has up to N times the quota. */
export function createRateLimits({ perToken, perAddress }: RequestLimits): RateLimits {
  const policy = (name: string, quota: number) => ({ name, quota, windowSeconds: MINUTE });
  const tokens = perToken === 0 ? null : new RateLimiter(policy('pat', perToken));
  const addresses = perAddress === 0 ? null : new RateLimiter(policy('address', perAddress));

  const refuseToken = (limiter: RateLimiter, key: string) =>
    rateLimited('Too many requests with this token.', limiter.retryAfterSeconds(key), [limiter.report(key)]);

  return {
    byAddress(req, res, next) {
      if (addresses === null) return next();
      const key = addressKey(req.ip ?? '');
      const good = addresses.take(key);
      announce(res, addresses.report(key));
      if (good) return next();
      throw rateLimited('Too many requests from this address.', addresses.retryAfterSeconds(key), [
        addresses.report(key),
      ]);
    },
    admitToken(pat) {
      if (tokens === null) return;
      const key = keyOf(pat);
      if (!tokens.hasLeft(key)) throw refuseToken(tokens, key);
    },
    countToken(pat, res) {
      if (tokens === null) return;
      const key = keyOf(pat);
      if (!tokens.take(key)) throw refuseToken(tokens, key);
      announce(res, tokens.report(key));
    },
  };
}

/** Adds a report to those that the answer tells of. */
function announce(res: Response, report: QuotaReport): void {
  const { quotas = [] } = res.locals as { quotas?: QuotaReport[] };
  res.locals.quotas = [report, ...quotas];
  res.set(rateLimitHeaders(res.locals.quotas));
}

/** Tokens are not kept in memory as they are. */
function keyOf(pat: string): string {
  return createHash('sha256').update(pat).digest('base64');
}
