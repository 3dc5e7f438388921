import { overloaded, unavailable } from './failures.js';
import type { Surface } from './hosts.js';
import type { Upstream } from './upstream.js';

/** The upstreams of one surface, taken in turn. */
export class UpstreamGroup {
  readonly surface: Surface;
  readonly upstreams: readonly Upstream[];
  #next = 0;

  constructor(surface: Surface, upstreams: readonly Upstream[]) {
    this.surface = surface;
    this.upstreams = upstreams;
  }

  /**
   * The next upstream that is up, has room and is not among those tried already; one that rests only when there is
   * no other.
   *
   * @returns undefined when there is none
   */
  pick(tried: readonly Upstream[]): Upstream | undefined {
    const count = this.upstreams.length;
    let resting: number | undefined;
    for (let i = 0; i < count; i += 1) {
      const index = (this.#next + i) % count;
      const upstream = this.upstreams[index] as Upstream;
      if (!upstream.up || upstream.saturated || tried.includes(upstream)) continue;
      if (!upstream.resting) return this.#take(index);
      resting ??= index;
    }
    return resting === undefined ? undefined : this.#take(resting);
  }

  #take(index: number): Upstream {
    this.#next = (index + 1) % this.upstreams.length;
    return this.upstreams[index] as Upstream;
  }

  /**
   * Asked before a body is read, so that nobody uploads in vain.
   *
   * @throws ApiError `unavailable` when no upstream is up, `overloaded` when those that are up are full
   */
  checkRoom(): void {
    let someUp = false;
    for (const upstream of this.upstreams) {
      if (upstream.up && !upstream.saturated) return;
      someUp ||= upstream.up;
    }
    throw someUp ? overloaded() : unavailable();
  }

  /** Whether a connection can be made to at least one of them right now. */
  async reachable(): Promise<boolean> {
    const results = await Promise.all(this.upstreams.map((upstream) => upstream.probe()));
    return results.includes(true);
  }
}
