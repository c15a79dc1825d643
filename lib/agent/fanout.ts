import { createHash } from 'node:crypto'

/** What is known of the link to a gateway. */
export interface LinkState {
  /** Its last beat was accepted. */
  readonly isAnswering: boolean
  /** What the gateway said then, and whose word still counts; null: nothing. */
  readonly directives: { readonly fanout: 'one' | 'all' } | null
}

/** What the links of an agent are to do. */
export interface Duties<L> {
  /** Those that beat; the others are idle. */
  readonly beating: readonly L[]
  /** Those whose directives count. */
  readonly heeded: readonly L[]
}

/**
 * Gateways in the order in which a node prefers them: rendezvous hashing (Thaler and Ravishankar, 1998). Nodes spread evenly, and a gateway that
 * goes moves its own nodes alone.
 */
export function ranked<L extends { readonly url: string }> (links: readonly L[], id: string): L[] {
  const scores = new Map(links.map(({ url }) => [url, createHash('sha256').update(`${url}\n${id}`).digest()]))
  const scoreOf = ({ url }: L): Buffer => scores.get(url) ?? Buffer.alloc(0)
  return [...links].sort((one, other) => Buffer.compare(scoreOf(other), scoreOf(one)))
}

/**
 * Who beats, of links in the order of preference. All do until one answers, and while one that answers says `all`. Else the first that answers
 * is enough, for what it hears the other gateways hear of it; those before it try on, so that the node comes back to them.
 */
export function dutiesOf<L extends LinkState> (links: readonly L[]): Duties<L> {
  const answering = links.filter(({ isAnswering }) => isAnswering)
  const [first] = answering
  if (first === undefined || answering.some(({ directives }) => directives?.fanout !== 'one')) return { beating: links, heeded: links }
  return { beating: links.slice(0, links.indexOf(first) + 1), heeded: [first] }
}
