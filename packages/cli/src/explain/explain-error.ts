import { ERRORS, type ErrorCode } from '@loguro/types';
import { ERROR_PAGES } from './error-pages.js';

/** What is known about an error code. */
export interface ErrorExplanation {
  code: ErrorCode;
  /** HTTP status it comes with. */
  status: number;
  summary: string;
  /** The documentation's page, Markdown. */
  text: string;
}

/** The catalogue's entry and the documentation's page. */
export function explainError(code: ErrorCode): ErrorExplanation {
  return { code, ...ERRORS[code], text: ERROR_PAGES[code] };
}
