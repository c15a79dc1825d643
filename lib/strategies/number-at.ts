/**
 * The number at an index that lies within the array, and NaN outside of it. Apart from `entryAt` because a function that meets arrays of
 * both kinds makes an object of every number it returns, which would take most of the time of a pick.
 */
export function numberAt (numbers: Float64Array, index: number): number {
  const number: number | undefined = numbers[index]
  return Number(number)
}
