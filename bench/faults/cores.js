import { cpus } from 'node:os'

/** All cores: on two of them nobody gets one of his own, since four workers and the load generator are too much for the other. */
export const cores = `0-${cpus().length - 1}`
