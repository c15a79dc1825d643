/** Whether two types are the same, also in `readonly`, optional and `any`. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** States at compile time that a type is `true`. */
export function is<T extends true> (): T | undefined {
  return undefined
}
