import { performance } from 'node:perf_hooks'
import { nodesOf } from './process-status.js'
import type { Test } from 'tap'
import type { ChaosGroup } from './chaos-group.js'
import type { ChangeReason, NodeState } from '../../types/index.js'

/** What may explain a state. */
const reasons: Readonly<Record<NodeState, ReadonlyArray<ChangeReason | null>>> = {
  up: [null],
  warming: ['registered', 'restarted', 'renewed', 'drain-revoked', 'ejection-over'],
  ejected: ['ejected'],
  draining: ['drain-announced'],
  expired: ['lease-over']
}

/** Asks a gateway for its nodes again and again, until it is asked; gives those that were in a state that their reason does not explain. */
export function watchStates (t: Test, gateway: string): () => readonly string[] {
  const odd = new Set<string>()
  let isAsking = false
  const ask = async (): Promise<void> => {
    if (isAsking) return
    isAsking = true
    const nodes = await nodesOf(gateway, 'load').catch(error => { odd.add(`no status: ${error}`) })
    isAsking = false
    for (const { state, reason } of nodes ?? []) {
      if (!reasons[state].includes(reason)) odd.add(`${state} because of ${reason}`)
    }
  }
  const timer = setInterval(ask, 250)
  t.teardown(() => clearInterval(timer))
  return () => {
    clearInterval(timer)
    return [...odd]
  }
}

/** What happened to a worker may speak against its node for so long: as far as ejection looks back, and a slow machine. */
const aftermathMs = 12_000

/** The nodes that were ejected or had expired although nothing was wrong with their worker. */
export function unprovoked ({ gateway, troubles, ids }: ChaosGroup): string[] {
  const changes = gateway.output.filter(line => /"to":"(ejected|expired)"/.test(line)).map(line => JSON.parse(line))
  return changes.filter(({ node, to, time }) => {
    const at = time - performance.timeOrigin
    const seen = troubles.filter(({ since, until }) => since <= at && at <= until + aftermathMs)
    // after a pause heartbeats wait until the gateway has caught up
    return !seen.some(({ worker }) => worker === null ? to === 'expired' : ids[worker] === node)
  }).map(change => JSON.stringify(change))
}
