import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { GroupCommit, type GroupCommitOptions } from './group-commit.js';

/** A store whose acknowledgements the test gives by hand. */
function manualStore() {
  const groups: { items: number[]; acknowledge: (results?: (number | Error)[]) => void; fail: (e: Error) => void }[] =
    [];
  const flush = (items: number[]) =>
    new Promise<(number | Error)[]>((resolve, reject) => {
      groups.push({ items, acknowledge: (results) => resolve(results ?? items), fail: reject });
    });
  return { groups, flush };
}

function groupCommit(options: Partial<GroupCommitOptions<number, number>>) {
  return new GroupCommit<number, number>({
    flush: async (items) => items,
    sizeOf: (item) => item,
    maxGroupBytes: 1000,
    maxGroupItems: 1000,
    maxWaitingBytes: 10_000,
    maxWaitingItems: 10_000,
    whenFull: () => new Error('full'),
    ...options,
  });
}

/** One turn of the event loop: what is planned has started. */
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a group commit', () => {
  test('sends a lone item at once', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush });
    const result = commit.add(7);
    await turn();
    expect(store.groups.map((group) => group.items)).toEqual([[7]]);
    store.groups[0]?.acknowledge();
    await expect(result).resolves.toBe(7);
  });

  test('gathers what arrives while a group is in flight into one next group', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush });
    const results = [commit.add(1)];
    await turn();
    results.push(commit.add(2), commit.add(3));
    await turn();
    results.push(commit.add(4));
    expect(store.groups).toHaveLength(1);
    store.groups[0]?.acknowledge();
    await turn();
    expect(store.groups[1]?.items).toEqual([2, 3, 4]);
    store.groups[1]?.acknowledge();
    await expect(Promise.all(results)).resolves.toEqual([1, 2, 3, 4]);
  });

  test('puts items of the same turn of the event loop into one group', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush });
    for (const item of [1, 2, 3]) void commit.add(item);
    await turn();
    expect(store.groups.map((group) => group.items)).toEqual([[1, 2, 3]]);
  });

  test('ends a group before it grows past its limits, and sends an oversized item alone', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush, maxGroupBytes: 10, maxGroupItems: 3 });
    for (const item of [4, 6, 1, 50, 1, 1, 1, 1]) void commit.add(item);
    for (let group = 0; group < 5; group += 1) {
      await turn();
      store.groups[group]?.acknowledge();
    }
    expect(store.groups.map((group) => group.items)).toEqual([[4, 6], [1], [50], [1, 1, 1], [1]]);
  });

  test('refuses what is past the waiting limits, and takes items again when there is room', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush, maxWaitingBytes: 10, maxWaitingItems: 2 });
    void commit.add(1);
    await turn();
    void commit.add(4);
    await expect(commit.add(7)).rejects.toThrow('full');
    void commit.add(6);
    await expect(commit.add(0)).rejects.toThrow('full');
    expect(commit.waitingBytes).toBe(10);
    store.groups[0]?.acknowledge();
    await turn();
    const late = commit.add(9);
    store.groups[1]?.acknowledge();
    await turn();
    store.groups[2]?.acknowledge();
    await expect(late).resolves.toBe(9);
  });

  test('rejects the whole group when a flush fails, and goes on with the next', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush });
    const first = commit.add(1);
    await turn();
    const second = commit.add(2);
    store.groups[0]?.fail(new Error('lost'));
    await expect(first).rejects.toThrow('lost');
    await turn();
    store.groups[1]?.acknowledge();
    await expect(second).resolves.toBe(2);
  });

  test('rejects one item alone when its result is an error', async () => {
    const commit = groupCommit({ flush: async () => [1, new Error('bad'), 3] });
    const results = await Promise.allSettled([1, 2, 3].map((item) => commit.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('opens a further lane only when enough waits', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush, lanes: 2, laneBytes: 10 });
    void commit.add(1);
    await turn();
    void commit.add(9);
    await turn();
    expect(store.groups).toHaveLength(1);
    void commit.add(1);
    await turn();
    expect(store.groups[1]?.items).toEqual([9, 1]);
    void commit.add(50);
    await turn();
    expect(commit.inFlight).toBe(2);
    expect(store.groups).toHaveLength(2);
  });

  test('keeps the minimum gap between the starts of two groups, and waits no longer than that', async () => {
    jest.useFakeTimers();
    try {
      const starts: number[] = [];
      const commit = groupCommit({
        minGapMs: 25,
        flush: async (items) => {
          starts.push(performance.now());
          return items;
        },
      });
      const before = performance.now();
      const all = (async () => {
        for (let item = 0; item < 4; item += 1) await commit.add(item);
      })();
      await jest.advanceTimersByTimeAsync(80);
      await all;
      expect(starts.map((start) => start - before)).toEqual([0, 25, 50, 75]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('does not wait for the gap when enough has gathered', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush, minGapMs: 60_000, gapItems: 3 });
    const all = [commit.add(1)];
    await turn();
    store.groups[0]?.acknowledge();
    await turn();
    all.push(commit.add(2), commit.add(3));
    await turn();
    expect(store.groups).toHaveLength(1);
    all.push(commit.add(4));
    await turn();
    expect(store.groups[1]?.items).toEqual([2, 3, 4]);
    store.groups[1]?.acknowledge();
    await expect(Promise.all(all)).resolves.toEqual([1, 2, 3, 4]);
    await commit.close();
  });

  test('rejects what waits on request, leaving the group in flight alone', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush });
    const flying = commit.add(1);
    await turn();
    const waiting = commit.add(2);
    commit.rejectWaiting(new Error('away'));
    await expect(waiting).rejects.toThrow('away');
    store.groups[0]?.acknowledge();
    await expect(flying).resolves.toBe(1);
    expect(commit.waitingBytes).toBe(0);
  });

  test('close settles everything that was added and refuses what comes later', async () => {
    const store = manualStore();
    const commit = groupCommit({ flush: store.flush });
    const settled: number[] = [];
    void commit.add(1).then((item) => settled.push(item));
    await turn();
    void commit.add(2).then((item) => settled.push(item));
    const closed = commit.close();
    await expect(commit.add(3)).rejects.toThrow('closed');
    store.groups[0]?.acknowledge();
    await turn();
    store.groups[1]?.acknowledge();
    await closed;
    expect(settled).toEqual([1, 2]);
  });

  test('settles every item exactly once, in order, within its limits, whatever the store does', async () => {
    const action = fc.record({ size: fc.nat(30), pause: fc.boolean(), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (actions, lanes) => {
        const flushed: number[] = [];
        let inFlight = 0;
        const commit = new GroupCommit<number, number>({
          lanes,
          laneBytes: 20,
          maxGroupBytes: 64,
          maxGroupItems: 8,
          maxWaitingBytes: 200,
          maxWaitingItems: 20,
          sizeOf: (item) => actions[item]?.size ?? 0,
          whenFull: () => new Error('full'),
          flush: async (items) => {
            inFlight += 1;
            expect(inFlight).toBeLessThanOrEqual(lanes);
            expect(items.length).toBeLessThanOrEqual(8);
            flushed.push(...items);
            await turn();
            inFlight -= 1;
            if (actions[items[0] as number]?.fails) throw new Error('lost');
            return items;
          },
        });
        let settled = 0;
        let refused = 0;
        for (const [item, { pause }] of actions.entries()) {
          commit.add(item).then(
            (result) => {
              expect(result).toBe(item);
              settled += 1;
            },
            (error: Error) => {
              if (error.message === 'full') refused += 1;
              else settled += 1;
            },
          );
          expect(commit.waitingItems).toBeLessThanOrEqual(20);
          if (pause) await turn();
        }
        await commit.close();
        await turn();
        expect(settled + refused).toBe(actions.length);
        expect(flushed).toHaveLength(settled);
        expect(flushed).toEqual([...flushed].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });
});
