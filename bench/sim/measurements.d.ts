/** The parts of lib that gateways of the model are made of, and the defaults of a service. */
export interface Library {
  readonly expiredNodes: unknown
  readonly NodeRegistry: unknown
  readonly RunningAttempt: unknown
  readonly Service: unknown
  readonly defaults: unknown
}

export declare class Measurements {
  constructor (library: Library, size: { readonly seed: number, readonly requests: number })
}
