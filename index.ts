import { balance } from './lib/gateway.js'

export { balance }
export default balance
export { strategies } from './lib/strategies/index.js'
export * as errors from './lib/errors.js'
export type * from './types/index.js'
