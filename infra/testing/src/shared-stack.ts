import { testSetting } from './config.js';
import type { StackProject } from './run-stack.js';

/** What {@link sharedStack} can be asked for. */
export interface SharedStackOptions {
  /** The slug that the project must have, because a page names it. One file of a run may ask for each. */
  project?: string;
}

/**
 * An account with a project of its own on the stack that all test files of a run share: gateway, control plane,
 * ingest API and worker as built, with the run's PostgreSQL as the queue and without limits of requests. The first
 * call of a run starts it, and the runner ends it, so there is nothing to stop. A test that changes how the stack
 * runs starts one of its own.
 *
 * @throws Error with the words of the process that did not start
 */
export async function sharedStack(options: SharedStackOptions = {}): Promise<StackProject> {
  const answer = await fetch(testSetting('stackUrl'), { method: 'POST', body: JSON.stringify(options) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The shared stack can't be used: ${text}`);
  return JSON.parse(text) as StackProject;
}
