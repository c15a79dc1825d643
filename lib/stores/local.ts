import { systemClock, systemRandom } from '../clock.js'
import { LocalStore } from './local/local-store.js'
import { placeOf, resolvePlace } from './local/place.js'
import type { LocalStoreOptions } from './local/place.js'
import type { RegistryStore } from '../../types/store.js'

export type { LocalStoreOptions } from './local/place.js'

/**
 * Lets the gateways of one machine share what they know without a server of its own: the workers of node:cluster, the instances of pm2, separate processes.
 * They meet at a Unix socket (on Windows, at a named pipe), and whoever comes first is the hub. Processes of the same user with the same working directory share;
 * where the directory changes with every release, give them a `namespace`. Throws `FST_BALANCE_OPTION`.
 */
export function localStore (options: LocalStoreOptions = {}): Required<RegistryStore> {
  const resolved = resolvePlace(options)
  placeOf(resolved)
  return new LocalStore({ place: () => placeOf(resolved), clock: systemClock, random: systemRandom })
}
