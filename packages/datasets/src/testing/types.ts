/** True only when two types are the same, `any`, optional keys and `readonly` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when the type of the value is exactly `Expected`: `hasType<string>()(row.country, true)`. */
export function hasType<Expected>(): <Actual>(value: Actual, same: Same<Actual, Expected>) => void {
  return () => undefined;
}

/** Compiles only when both types are the same: `sameType<A, B>(true)`. */
export function sameType<A, B>(_same: Same<A, B>): void {}
