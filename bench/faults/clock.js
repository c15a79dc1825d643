/** Milliseconds of the clock that all processes of this machine share; it is never set. */
export function now () {
  return Number(process.hrtime.bigint()) / 1e6
}
