const host = 'host: gateway.test\r\nuser-agent: bench\r\naccept: */*\r\n'

/** A JSON document of exactly so many bytes. */
export function json (bytes) {
  const empty = JSON.stringify({ id: 1, name: 'bench', text: '' })
  return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`)
}

/** What the gateways are asked: title, bytes of one request, and how many requests make a slice of a round. */
export const workloads = {
  get: {
    title: 'GET, response 200 B',
    bytes: Buffer.from(`GET /small HTTP/1.1\r\n${host}\r\n`),
    requests: 400
  },
  post: {
    title: 'POST 1 KiB JSON, response 200 B',
    bytes: Buffer.from(`POST /small HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 1024\r\n\r\n${json(1024)}`),
    requests: 300
  },
  large: {
    title: 'GET, response 100 KiB',
    bytes: Buffer.from(`GET /large HTTP/1.1\r\n${host}\r\n`),
    requests: 200
  }
}
