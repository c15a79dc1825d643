import { Server } from 'node:net'

/**
 * The servers of an app beside `app.server`: `localhost` is one for each of its addresses, and what is done to the first alone leaves the
 * others as they are. Fastify keeps them to itself, so they are found by the name of its symbol. None before the app listens.
 */
export function furtherServersOf (app: object): readonly Server[] {
  for (let holder: object | null = app; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const bindings = Object.getOwnPropertySymbols(holder).find(({ description }) => description === 'fastify.serverBindings')
    if (bindings !== undefined) return serversIn(Reflect.get(holder, bindings))
  }
  return []
}

function serversIn (found: unknown): readonly Server[] {
  return Array.isArray(found) ? found.filter(each => each instanceof Server) : []
}
