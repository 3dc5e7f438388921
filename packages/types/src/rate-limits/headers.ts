import { ApiError } from '../errors.js';
import type { QuotaReport } from './rate-limiter.js';

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-11 has them: structured fields (RFC 9651),
 * one item per policy. `q` units may be used in `w` seconds; `r` are left, and in `t` seconds all are there again.
 *
 * @param reports at least one
 */
export function rateLimitHeaders(reports: readonly QuotaReport[]): Record<'RateLimit-Policy' | 'RateLimit', string> {
  const list = (item: (report: QuotaReport) => string) =>
    reports.map((report) => `"${report.policy.name}";${item(report)}`).join(', ');
  return {
    'RateLimit-Policy': list(({ policy }) => `q=${policy.quota};w=${policy.windowSeconds}`),
    RateLimit: list(({ remaining, resetSeconds }) => `r=${remaining};t=${resetSeconds}`),
  };
}

/**
 * The answer to somebody whose quota is used up.
 *
 * @param message a sentence that says which
 * @param reports none when the answer carries them anyway
 */
export function rateLimited(message: string, retryAfterSeconds: number, reports: readonly QuotaReport[]): ApiError {
  return new ApiError('rate_limited', `${message} Try again in ${retryAfterSeconds} s.`, {
    headers: { 'Retry-After': String(retryAfterSeconds), ...(reports.length > 0 && rateLimitHeaders(reports)) },
  });
}
