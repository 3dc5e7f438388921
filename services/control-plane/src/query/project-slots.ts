import { ApiError } from '@loguro/types';

/** Limits how many queries of one project run at the same time in this process; others wait for their turn. */
export interface ProjectSlots {
  /**
   * Takes a slot, as soon as one is free: first come, first served.
   *
   * @param signal of whoever asks; when it fires they leave the line
   * @returns gives the slot back; further calls do nothing
   * @throws ApiError `too_many_queries` when the line is full, or the turn did not come in time; the signal's reason
   */
  take(projectId: number, signal: AbortSignal): Promise<() => void>;
}

/** Options of {@link createProjectSlots}. */
export interface ProjectSlotsOptions {
  /** Of one project. */
  slots: number;
  /** Queries of one project that may wait at the same time; 0: none. */
  line: number;
  /** How long a query waits, in milliseconds. */
  waitMs: number;
  /** Hears of each query that has to wait. What it returns is called when that is over, however it ended. */
  onWaiting?: () => () => void;
}

/** A project of which queries run. The line is empty unless all slots are taken, so that nobody is overtaken. */
interface Project {
  running: number;
  /** Each gives its query the slot of the one that ended. In order of arrival. */
  line: Set<() => void>;
}

/** Remembers a project only while queries of it run. */
export function createProjectSlots(options: ProjectSlotsOptions): ProjectSlots {
  const { slots, line, waitMs, onWaiting = () => () => undefined } = options;
  const projects = new Map<number, Project>();

  function wait(project: Project, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = onWaiting();
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', goAway);
        project.line.delete(start);
        over();
      };
      const start = () => {
        leave();
        resolve();
      };
      const goAway = () => {
        leave();
        reject(signal.reason);
      };
      const giveUp = () => {
        leave();
        reject(tooMany(slots, `this one waited ${waitMs / 1000} s for its turn`));
      };
      const timer = setTimeout(giveUp, waitMs);
      signal.addEventListener('abort', goAway, { once: true });
      project.line.add(start);
    });
  }

  function giveBack(projectId: number, project: Project): void {
    const [next] = project.line;
    if (next === undefined) project.running -= 1;
    else next();
    if (project.running === 0) projects.delete(projectId);
  }

  return {
    async take(projectId, signal) {
      signal.throwIfAborted();
      const project = projects.get(projectId) ?? { running: 0, line: new Set() };
      if (project.running < slots) {
        project.running += 1;
        projects.set(projectId, project);
      } else {
        if (project.line.size >= line) throw tooMany(slots, `${line} more wait for their turn`);
        await wait(project, signal);
      }
      let held = true;
      return () => {
        if (held) giveBack(projectId, project);
        held = false;
      };
    },
  };
}

function tooMany(slots: number, circumstance: string): ApiError {
  return new ApiError(
    'too_many_queries',
    `The project runs ${slots} queries at once already, and ${circumstance}; wait for some of them to end.`,
  );
}
