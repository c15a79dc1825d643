import { createHash, createHmac } from 'node:crypto'

/** The headers that carry a heartbeat's signature, in the form in which Node gives header names. */
export const signatureHeaders: Readonly<Record<'key' | 'time' | 'nonce' | 'signature', string>> = Object.freeze({
  key: 'x-heartbeat-key',
  time: 'x-heartbeat-time',
  nonce: 'x-heartbeat-nonce',
  signature: 'x-heartbeat-signature'
})

/** The key id of a sender that names none. */
export const defaultKeyId = 'default'

/** What a heartbeat's signature covers. */
export interface SignedHeartbeat {
  readonly secret: string
  readonly method: string
  /** The request target as it stands in the request line: path and query. */
  readonly target: string
  /** Unix seconds. */
  readonly time: number
  /** 16 to 64 url-safe characters, never used twice. */
  readonly nonce: string
  /** The bytes as they are on the wire. */
  readonly body: string | Uint8Array
}

/** The value of `x-heartbeat-signature`, for the sender to send and the gateway to compare with: `v1=<hex>`. */
export function signatureOf ({ secret, method, target, time, nonce, body }: SignedHeartbeat): string {
  const digest = createHash('sha256').update(body).digest('hex')
  const text = ['v1', method, target, time, nonce, digest].join('\n')
  return `v1=${createHmac('sha256', secret).update(text).digest('hex')}`
}
