import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createProjectSlots, type ProjectSlots } from './project-slots.js';

const PROJECT = 7;
const never = new AbortController().signal;
const refused = { code: 'too_many_queries', status: 429, headers: { 'Retry-After': '1' } };

let waiting = 0;
let slots: ProjectSlots;
beforeEach(() => {
  jest.useFakeTimers();
  waiting = 0;
  slots = createProjectSlots({
    slots: 2,
    line: 3,
    waitMs: 1000,
    onWaiting() {
      waiting += 1;
      return () => {
        waiting -= 1;
      };
    },
  });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Asks for a slot; tells the name when it is there. */
function ask(name: string, turns: string[], signal = never): Promise<() => void> {
  const taken = slots.take(PROJECT, signal);
  taken.then(
    () => turns.push(name),
    () => undefined,
  );
  return taken;
}

/** Lets everything that is settled be heard of. */
const settle = () => jest.advanceTimersByTimeAsync(0);

test('queries run at once while there are slots, then one after the other in the order in which they came', async () => {
  const turns: string[] = [];
  const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map((name) => ask(name, turns));
  await settle();
  expect({ turns, waiting }).toEqual({ turns: ['a', 'b'], waiting: 2 });
  (await second)?.();
  await settle();
  expect({ turns, waiting }).toEqual({ turns: ['a', 'b', 'c'], waiting: 1 });
  (await first)?.();
  (await third)?.();
  await settle();
  expect({ turns, waiting }).toEqual({ turns: ['a', 'b', 'c', 'd'], waiting: 0 });
  (await fourth)?.();
  expect(jest.getTimerCount()).toBe(0);
});

test('a query that is not let in in time is refused, and its place in line is free again', async () => {
  await Promise.all([ask('a', []), ask('b', [])]);
  const late = expect(slots.take(PROJECT, never)).rejects.toMatchObject(refused);
  await jest.advanceTimersByTimeAsync(999);
  expect(waiting).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  await late;
  expect(waiting).toBe(0);
});

test('when the line is full, the next one is refused at once', async () => {
  for (let i = 0; i < 5; i += 1) ask(`${i}`, []).catch(() => undefined);
  await expect(slots.take(PROJECT, never)).rejects.toMatchObject(refused);
  expect(waiting).toBe(3);
});

test('without a line, queries beyond the slots are refused at once', async () => {
  slots = createProjectSlots({ slots: 1, line: 0, waitMs: 1000 });
  const giveBack = await slots.take(PROJECT, never);
  await expect(slots.take(PROJECT, never)).rejects.toMatchObject(refused);
  giveBack();
  await slots.take(PROJECT, never);
});

describe('whoever goes away', () => {
  test('leaves the line, and the next one has its turn', async () => {
    const turns: string[] = [];
    const gone = new AbortController();
    const [a] = [ask('a', turns), ask('b', turns)];
    const left = expect(ask('c', turns, gone.signal)).rejects.toThrow('gone');
    ask('d', turns);
    gone.abort(new Error('gone'));
    await left;
    expect(waiting).toBe(1);
    (await a)();
    await settle();
    expect(turns).toEqual(['a', 'b', 'd']);
  });

  test('before asking gets no place', async () => {
    await expect(slots.take(PROJECT, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});

test('a slot given back twice is one slot, and projects do not wait for each other', async () => {
  const first = await slots.take(PROJECT, never);
  const second = await slots.take(PROJECT, never);
  await slots.take(PROJECT + 1, never);
  first();
  first();
  await slots.take(PROJECT, never);
  const turns: string[] = [];
  ask('next', turns);
  await settle();
  expect(turns).toEqual([]);
  second();
  await settle();
  expect(turns).toEqual(['next']);
});
