/** So many reasons are told. */
const mostReasons = 100

/** Tells of something that cannot be used once for each reason, and not of endlessly many: it is shown again with every answer. */
export function oncePerReason (refused: (what: object, error: Error) => void): (what: object, error: Error) => void {
  const reasons = new Set<string>()
  return (what, error) => {
    if (reasons.has(error.message) || reasons.size >= mostReasons) return
    reasons.add(error.message)
    refused(what, error)
  }
}
