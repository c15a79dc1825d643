/** The entry at an index that lies within the list. Throws a RangeError for any other index, for that is a defect of the caller. */
export function entryAt<T> (list: readonly T[], index: number): T {
  const entry = list[index]
  if (entry === undefined) throw new RangeError(`index ${index} is outside a list of ${list.length}`)
  return entry
}
