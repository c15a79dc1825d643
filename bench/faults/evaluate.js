import { quantile } from '../median.js'
import { faults } from './faults.js'

/** The figures of a run: what failed, what was executed twice, how long the requests took from when they were due. */
export function evaluate ({ fault, shots, faultAt, deaths, journals }) {
  const failures = shots.filter(({ status }) => status !== 200)
  const posts = failures.filter(isPost)
  const times = shots.map(({ dueAt, endedAt }) => endedAt - dueAt)
  const later = shots.filter(({ sentAt, worker }) => sentAt > faultAt && worker !== null)
  return {
    failedGets: failures.length - posts.length,
    failedPosts: posts.length,
    statuses: counts(failures.map(({ status }) => status === 0 ? 'no answer' : status)),
    inFlight: inFlightAtDeath({ deaths, journals }),
    excused: posts.filter(shot => isExcused(shot, { deaths, journals })).length,
    twice: executedTwice(journals),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    p999: quantile(times, 0.999),
    max: Math.max(...times),
    shareRatio: later.filter(({ worker }) => worker < faults[fault].nodes).length / later.length,
    lateMs: quantile(shots.map(({ dueAt, sentAt }) => sentAt - dueAt), 0.99)
  }
}

function isPost ({ id }) {
  return id.startsWith('POST')
}

/** POSTs that the killed processes had begun and not come to the end of. There are more on the way to them: sent, and not read. */
function inFlightAtDeath ({ deaths, journals }) {
  return deaths.map(({ pid }) => journals.get(pid)).reduce((sum, { begun, ended }) => sum + begun.filter(id => !ended.has(id)).length, 0)
}

/**
 * Whether a POST may fail: sent before a killed process was gone and without an answer then, and no other process has it. It was in flight to the
 * killed one, and nobody can know how far it had come.
 */
function isExcused ({ id, sentAt, endedAt }, { deaths, journals }) {
  const isOnAnother = [...journals].some(([pid, { begun }]) => !deaths.some(death => death.pid === pid) && begun.includes(id))
  return !isOnAnother && deaths.some(({ at, goneAt }) => sentAt <= goneAt && endedAt >= at)
}

function executedTwice (journals) {
  const begun = [...journals.values()].flatMap(journal => journal.begun)
  return begun.length - new Set(begun).size
}

function counts (values) {
  const found = {}
  for (const value of values) found[value] = (found[value] ?? 0) + 1
  return found
}
