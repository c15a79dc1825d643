import { balanceGateway } from './balance.js'
import { installed } from './external.js'
import { fastifyHttpProxyGateway } from './fastify-http-proxy.js'
import { fromGateway, fromManyGateway } from './from.js'
import { haproxyGateway } from './haproxy.js'
import { httpProxyGateway } from './http-proxy.js'
import { nginxGateway } from './nginx.js'
import { undiciGateway } from './undici.js'

/**
 * The gateways by the names that `--gateways` takes: what runs, over how many nodes. `from` is the yardstick; `from-again` is the same
 * in a second process, so its distance from 1.00 is what the measurement itself is worth.
 */
export const gateways = {
  from: { title: 'reply.from()', nodes: 1, start: fromGateway },
  'from-again': { title: 'reply.from(), a second process', nodes: 1, start: fromGateway },
  'from-quiet': { title: 'reply.from(), disableRequestLogging', nodes: 1, start: origins => fromGateway(origins, { disableRequestLogging: true }) },
  'from-1000': { title: 'reply.from(), 1,000 origins in turn', nodes: 1000, start: fromManyGateway },
  'balance-1': { title: 'reply.balance(), 1 node', nodes: 1, start: balanceGateway },
  'balance-4': { title: 'reply.balance(), 4 nodes', nodes: 4, start: balanceGateway },
  'balance-100': { title: 'reply.balance(), 100 nodes', nodes: 100, start: balanceGateway },
  'balance-1000': { title: 'reply.balance(), 1,000 nodes', nodes: 1000, start: balanceGateway },
  'fastify-http-proxy': { title: '@fastify/http-proxy', nodes: 1, start: fastifyHttpProxyGateway },
  'http-proxy': { title: 'http-proxy', nodes: 1, start: httpProxyGateway },
  undici: { title: 'bare undici dispatch', nodes: 1, start: undiciGateway },
  nginx: { title: 'NGINX, 4 nodes', nodes: 4, start: nginxGateway, program: 'nginx' },
  haproxy: { title: 'HAProxy, 4 nodes', nodes: 4, start: haproxyGateway, program: 'haproxy' }
}

/** Whether what a gateway needs is on this machine. */
export function isAvailable (name) {
  const { program } = gateways[name]
  return program === undefined || installed(program) !== undefined
}
