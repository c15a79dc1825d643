/** That nobody could be heard: for `creditMs` at least, since `awakeAt`. */
export interface Pause {
  readonly creditMs: number
  readonly awakeAt: number
  readonly now: number
}

/** When a lease ends that is lengthened by a pause. One that ran when it began still runs. */
export function lengthened (leaseUntil: number, { creditMs, awakeAt, now }: Pause): number {
  const leftMs = leaseUntil - awakeAt
  const until = leaseUntil + creditMs
  return leftMs > 0 && until <= now ? now + leftMs : until
}
