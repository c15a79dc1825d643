/** What a store shows, each part checked alone: one that cannot be used hides no other. */
export function checked<T extends object> (shown: readonly T[], check: (value: unknown) => T, refused: (value: object, error: Error) => void): readonly T[] {
  return shown.flatMap(value => {
    try {
      return [check(value)]
    } catch (error) {
      refused(value, error as Error)
      return []
    }
  })
}
