import { ApiError } from '@loguro/types';

/** Limits how many queries of one project run at the same time in this process. */
export interface ProjectSlots {
  /**
   * Takes a slot.
   *
   * @returns gives it back; further calls do nothing
   * @throws ApiError `too_many_queries` when all are taken
   */
  take(projectId: number): () => void;
}

/** @param max slots of one project */
export function createProjectSlots(max: number): ProjectSlots {
  const taken = new Map<number, number>();
  return {
    take(projectId) {
      const before = taken.get(projectId) ?? 0;
      if (before >= max) {
        throw new ApiError(
          'too_many_queries',
          `The project runs ${max} queries at once already; wait for one of them to end.`,
        );
      }
      taken.set(projectId, before + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const now = (taken.get(projectId) ?? 1) - 1;
        if (now === 0) taken.delete(projectId);
        else taken.set(projectId, now);
      };
    },
  };
}
