import { describeFailure } from '../failure.js';
import type { Context } from '../program.js';

/** What a check found. */
export interface Finding {
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  message: string;
  hints?: readonly string[];
}

/** A finding with its place in the report. */
export interface CheckResult extends Finding {
  name: string;
  ms: number;
}

/** What the checks learn from each other. */
export interface Findings {
  /** How far this machine's clock is ahead of the server's, in milliseconds. */
  skewMs?: number;
  /** The account's role in the project. */
  role?: string;
  /** Both surfaces answered as themselves. */
  controlPlane?: boolean;
  ingest?: boolean;
  token?: boolean;
  projectKey?: boolean;
}

/** One thing to look at. Checks run in order; one that builds on another that failed is skipped. */
export interface Check {
  name: string;
  /** Why it can't be done now; undefined when it can. */
  skip?(findings: Findings): string | undefined;
  run(context: Context, findings: Findings): Promise<Finding>;
}

/** Runs one check; whatever it throws is a finding. */
export async function runCheck(check: Check, context: Context, findings: Findings): Promise<CheckResult> {
  const startedAt = context.host.now();
  const reason = check.skip?.(findings);
  const finding: Finding =
    reason !== undefined
      ? { status: 'skipped', message: reason }
      : await check.run(context, findings).catch((error: unknown) => {
          const { message, hints } = describeFailure(error);
          // "Run doctor" is no help to someone who does.
          return { status: 'failed', message, hints: hints.filter((hint) => !hint.includes('loguro doctor')) };
        });
  return { name: check.name, ...finding, ms: context.host.now() - startedAt };
}
