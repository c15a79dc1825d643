/** Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds, or a date); undefined: it is missing or makes no sense. `wallNow`: unix milliseconds. */
export function retryAfterMsOf (header: string | string[] | undefined, wallNow: number): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallNow)
}
