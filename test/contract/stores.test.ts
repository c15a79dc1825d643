import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { localStore } from '../../lib/stores/local.js'
import { ManualClock } from '../support/clock.js'
import { until } from '../support/process.js'
import { storeContract } from '../support/store-contract.js'
import type { Clock } from '../../types/clock.js'
import type { DrainOrder, GatewayPresence, Lease, RegistryStore, StoreChanges } from '../../types/store.js'

// A store as a user would write it: only what must be there.

interface Table {
  epoch: number
  version: number
  readonly leases: Map<string, { readonly lease: Lease, readonly version: number, readonly putAt: number }>
  readonly drains: Map<string, DrainOrder>
  readonly gateways: Map<string, { readonly gateway: GatewayPresence, readonly until: number }>
}

class TableStore implements RegistryStore {
  readonly #table: Table
  readonly #clock: Pick<Clock, 'now'>

  constructor (table: Table, clock: Pick<Clock, 'now'>) {
    this.#table = table
    this.#clock = clock
  }

  async put (lease: Lease): Promise<void> {
    const key = `${lease.info.service}/${lease.info.id}`
    const kept = this.#table.leases.get(key)?.lease
    if (kept === undefined || isNewer(lease, kept)) this.#table.leases.set(key, { lease, version: ++this.#table.version, putAt: this.#clock.now() })
  }

  async drain (order: DrainOrder): Promise<void> {
    const key = `${order.service}/${order.id}`
    if (order.revision > (this.#table.drains.get(key)?.revision ?? -1)) this.#table.drains.set(key, order)
  }

  async announce (gateway: GatewayPresence, ttlMs: number): Promise<void> {
    this.#table.gateways.set(gateway.id, { gateway, until: this.#clock.now() + ttlMs })
  }

  async changes (since: string | undefined): Promise<StoreChanges> {
    const { epoch, version, leases, drains, gateways } = this.#table
    const [, from, seen] = /^epoch (\d+), version (\d+)$/.exec(since ?? '') ?? []
    const complete = from !== String(epoch)
    const now = this.#clock.now()
    return {
      cursor: `epoch ${epoch}, version ${version}`,
      complete,
      leases: [...leases.values()].filter(each => complete || each.version > Number(seen)).map(({ lease, putAt }) => ({ ...lease, ageMs: now - putAt })),
      drains: [...drains.values()],
      gateways: [...gateways.values()].filter(({ until }) => now < until).map(({ gateway }) => gateway)
    }
  }
}

function isNewer (lease: Lease, kept: Lease): boolean {
  if (lease.incarnation === null || kept.incarnation === null) return true
  if (lease.incarnation !== kept.incarnation) return lease.incarnation > kept.incarnation
  if (kept.state === 'left') return false
  return lease.seq === null || kept.seq === null || lease.seq > kept.seq
}

storeContract(t, 'a store with nothing but what it must have', () => {
  const clock = new ManualClock()
  const table: Table = { epoch: 1, version: 0, leases: new Map(), drains: new Map(), gateways: new Map() }
  return {
    open: async () => new TableStore(table, clock),
    clear: async () => {
      table.epoch++
      for (const part of [table.leases, table.drains, table.gateways]) part.clear()
    },
    pass: async ms => clock.advance(ms)
  }
})

storeContract(t, 'localStore', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'fb-'))
  // The store keeps no process alive, so this one would end in the middle.
  const stay = setInterval(() => {}, 1000)
  const path = join(folder, 'hub.sock')
  let hub = localStore({ path })
  t.teardown(async () => {
    await hub.close()
    clearInterval(stay)
    rmSync(folder, { recursive: true })
  })
  await hub.changes(undefined)
  return {
    open: async () => localStore({ path }),
    clear: async () => {
      const next = localStore({ path })
      await hub.close()
      hub = next
      await until(() => next.changes(undefined).catch(() => undefined), 'there is a hub again')
    },
    pass: ms => sleep(ms)
  }
})
