import { installed } from '../../gateways/external.js'
import { balanceProxy } from './balance.js'
import { haproxyProxy } from './haproxy.js'
import { nginxProxy } from './nginx.js'

/**
 * What is compared. `hasAgents`: the workers find the proxy, so it is started before them. `only`: the faults that it is asked for.
 * `isOptional`: it may be that this version refuses its options.
 */
export const proxies = {
  ours: { title: 'fastify-balance', hasAgents: true, start: () => balanceProxy({}) },
  'ours-hedge': { title: 'with `hedge`', hasAgents: true, only: ['freeze'], isOptional: true, start: () => balanceProxy({ hedge: {} }) },
  nginx: { title: 'NGINX', program: 'nginx', start: nginxProxy },
  haproxy: { title: 'HAProxy', program: 'haproxy', start: haproxyProxy }
}

/** Whether what a proxy needs is on this machine. */
export function isAvailable (name) {
  const { program } = proxies[name]
  return program === undefined || installed(program) !== undefined
}
