import { createHash, createHmac } from 'node:crypto'

/** Gives the bytes of one heartbeat after the other, of `nodes` nodes in turn; signed when there is a secret. */
export function heartbeats ({ nodes, secret }) {
  const incarnation = Date.now()
  const key = Math.random().toString(36).slice(2).padEnd(8, '0')
  let count = 0
  return () => {
    const index = count % nodes
    const body = JSON.stringify({
      service: 's',
      id: `node-${index}`,
      port: 20000 + index,
      incarnation,
      seq: Math.floor(count / nodes),
      load: { eventLoopUtilization: 0.3, eventLoopDelayMs: 10.5, heapUsedBytes: 2e7, rssBytes: 6e7, inFlight: 3, underPressure: false }
    })
    const signature = secret === undefined ? '' : signed({ body, secret, nonce: `${key}-${String(count).padStart(10, '0')}` })
    count++
    return `POST /heartbeat HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${signature}\r\n${body}`
  }
}

function signed ({ body, secret, nonce }) {
  const time = Math.floor(Date.now() / 1000)
  const digest = createHash('sha256').update(body).digest('hex')
  const hmac = createHmac('sha256', secret).update(`v1\nPOST\n/heartbeat\n${time}\n${nonce}\n${digest}`).digest('hex')
  return `x-heartbeat-time: ${time}\r\nx-heartbeat-nonce: ${nonce}\r\nx-heartbeat-signature: v1=${hmac}\r\n`
}
