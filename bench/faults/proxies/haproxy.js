import { externalGateway } from '../../gateways/external.js'

const configuration = origins => ({ port }) => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 3s
  timeout queue 3s
  timeout check 1s
  timeout http-keep-alive 600s
  option forwardfor
  http-reuse always
frontend gateway
  bind 127.0.0.1:${port} backlog 4096
  default_backend nodes
backend nodes
  balance leastconn
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response response-timeout 502 503 504
  http-request disable-l7-retry if METH_POST
  option httpchk GET /health
  default-server check inter 1s observe layer4 error-limit 3 on-error mark-down
${origins.map((origin, index) => `  server node-${index} ${new URL(origin).host}`).join('\n')}
`

/**
 * HAProxy in one thread, with active checks, redispatch and retries, and kept-alive connections to the nodes. Refused connections mark a node
 * down as well: with the checks alone `leastconn` prefers the dead nodes, and with two of them all retries of a request go there.
 */
export async function haproxyProxy (origins) {
  return await externalGateway({
    program: 'haproxy',
    configuration: configuration(origins),
    args: file => ['-db', '-q', '-f', file]
  })
}
