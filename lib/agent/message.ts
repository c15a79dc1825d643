import { randomBytes } from 'node:crypto'
import type { HeartbeatBody } from '../../types/heartbeat.js'
import type { LoadReport } from '../../types/node.js'
import type { AgentSettings } from './settings.js'
import type { Message } from './connection.js'
import type { Place } from './place.js'
import { signatureHeaders, signatureOf } from '../heartbeat/signature.js'

/** What differs from beat to beat. */
export interface Moment {
  readonly place: Place
  readonly order: Pick<HeartbeatBody, 'id' | 'incarnation' | 'seq'>
  readonly state: 'up' | 'draining' | 'left'
  readonly load: LoadReport
}

/** A complete heartbeat: each says everything, so a gateway that lost its memory knows the node again with the next one. */
export function bodyOf ({ service, weight, zone, version, tags }: AgentSettings, { place, order, state, load }: Moment): HeartbeatBody {
  return {
    service,
    ...order,
    ...place,
    state,
    weight,
    ...zone === null ? {} : { zone },
    ...version === null ? {} : { version },
    ...tags === null ? {} : { tags },
    load
  }
}

/** A heartbeat as it is posted to `url`, signed when there is a secret. `time`: unix seconds, by the gateway's clock. */
export function messageOf (heartbeat: HeartbeatBody, url: string, { secret, secretId }: AgentSettings, time: number): Message {
  const body = JSON.stringify(heartbeat)
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'fastify-balance-agent' }
  if (secret === null) return { headers, body }
  const nonce = randomBytes(18).toString('base64url')
  return {
    headers: {
      ...headers,
      [signatureHeaders.key]: secretId,
      [signatureHeaders.time]: String(time),
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: signatureOf({ secret, method: 'POST', target: new URL(url).pathname, time, nonce, body })
    },
    body
  }
}
