import { externalGateway } from './external.js'

const configuration = origins => ({ port }) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  option forwardfor
  http-reuse always
frontend gateway
  bind 127.0.0.1:${port}
  default_backend nodes
backend nodes
  balance leastconn
${origins.map((origin, index) => `  server node-${index} ${new URL(origin).host} pool-purge-delay 600s`).join('\n')}
`

/** HAProxy in one thread, with kept-alive connections to the nodes. */
export async function haproxyGateway (origins) {
  return await externalGateway({
    program: 'haproxy',
    configuration: configuration(origins),
    args: file => ['-db', '-q', '-f', file]
  })
}
