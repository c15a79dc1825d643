import type { Measurements } from './measurements.js'

interface Gate {
  readonly name: string
  readonly claim: string
  readonly scenarios: readonly string[]
  check (measurements: Measurements): { readonly found: string, readonly holds: boolean }
}

export declare const gates: readonly Gate[]
