import { balance } from './lib/gateway.js'

export { balance }
export default balance
export { closeOnSignals } from './lib/close-on-signals.js'
export { strategies } from './lib/strategies/index.js'
export * as errors from './lib/errors.js'
export type * from './types/index.js'
