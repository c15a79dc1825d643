/** Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds, or a date); undefined: it is missing or makes no sense. `wallNow`: unix milliseconds. */
export function retryAfterMsOf (header: string | string[] | undefined, wallNow: number): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  // Date.parse alone makes a date of almost any text that has a number in it
  const at = httpDate.test(header) ? Date.parse(header) : NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallNow)
}

/** RFC 9110 §5.6.7, but for the form without a time zone, which nobody sends. */
const httpDate = /^[A-Z][a-z]{2,8}, .+ GMT$/
